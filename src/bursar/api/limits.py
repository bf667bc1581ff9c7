"""Every limit of the API that is not the office's own, by name."""

from __future__ import annotations

MAX_JSON_BYTES = 256 * 1024
"""Body of a request that is no file."""
MAX_EVENTS_BYTES = 8 * 1024 * 1024
"""Body of a batch of usage events."""
MAX_DOCUMENT_CHARS = 200_000
"""A plan or an offer in YAML."""
MAX_NAME_CHARS = 254
"""What somebody or something is called in a path: a handle, an e-mail address (RFC 5321), an id."""
MAX_TEXT_CHARS = 200
"""A label, a project, a team."""
MAX_PROSE_CHARS = 2_000
"""A reason, a note."""
MAX_AMOUNT_CHARS = 160
MAX_DATE_CHARS = 40
MAX_LIST_ITEMS = 100
"""Patterns, scopes, kinds in one request."""
PAGE_ITEMS = 50
MAX_PAGE_ITEMS = 500
MAX_OFFERS = 8
"""Side by side."""
MAX_WORLDS = 20_000
"""Worlds that an offer is lived through in one request."""
OFFERS_AT_ONCE = 2
"""Evaluations that are worked on at the same time, of everybody together: each takes a core."""
OFFER_WAIT_SECONDS = 5.0
MAX_SCENARIOS = 2_000
"""Of a simulation that is started over the API."""
IN_PROGRESS_RETRY_SECONDS = 1
