"""A whole offer in an address: nothing has to be stored for somebody else to see the same page.

The document as JSON, packed with zlib against a dictionary of the words that offers are made of, in base64 for addresses.
The first character is the version: a link that was sent stays readable, so a dictionary never changes once it was used.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bursar.errors import InvalidInput

MAX_LINK_CHARS = 3_000
"""Of one offer: addresses beyond 4,096 characters are cut off or refused on their way."""
MAX_CARRIED_CHARS = 64 * 1024
"""Of one that a form carries, where no address is in the way."""
MAX_UNPACKED_BYTES = 256 * 1024
"""What a link may unfold to, so that a small one cannot fill the memory."""
_VERSION = "1"
_WORDS = (
    b'"quotes":{"every":"" } "models":[""],"providers":["anthropic","openai","google"] "rates":{"EUR":"1.08"} "currency":"EUR"'
    b'"start":"2027-01-01" "horizon":"4 years" "2 years" "benefits":"$ "expected":" "seen_by":" "rate_limits":" "wholesale":" '
    b'"own_most_a_month":"$5,000","growth_noise":"0.5","growth_years":"2","discount":"5%","leaving":"15%","aversion":"2",'
    b'"wealth":"$200,000","burn":"together","raises":"4%","returns":"5%","match":"0%","additionality":"0%","elasticity":"1",'
    b'"noise":"0.5","prices":"falling" "collapsing" "rising" "flat" "halving","growth":"none" "3",'
    b'"vesting":{"over":"4 years","every":"month","cliff":"1 year"} "unlimited":true "unit_price":"$6","unit":"100M tokens" "GPU-h"'
    b'"rollover":{"share":"50%","periods":2} "periods":"unlimited"} "expires":"never" "90 days" "1 year"'
    b'"limit":{"then":[{"request":{"reason":"required"}},"stop"]} "limit":{"then":["stop"]},'
    b'"approval":{"chance":"100%","reason":"none"},"approval":{"chance":"50%","reason":"required"},"own_money":"100%",'
    b'"notice":"30 days","changes":"contract" "notice" "at_will","leaving":{"unspent":"keep","tail":"90 days"},'
    b'"leaving":{"pay_out":"50%"},"leaving":{"unspent":"forfeit"},"taxed":"nothing" "face" "personal_use","grossed_up":"yes",'
    b'"needed":"yes","would_buy":"no","portable":"no","fit":"80%","use":"open" "work" "personal",'
    b'"every":"quarter" "once" "year" "month","expires":"period","rollover":"none",'
    b'"me":{"usage":"$400","personal":"30%","own_spend_a_month":"$200","tax":"35%","usage":"moderate" "heavy"}}'
    b'"pay":{"salary":"$190,000","bonus":"$20,000","equity":"$100,000","signing":"$30,000"},'
    b'{"bursar":"offer/1","name":"offer","title":"An offer","tokens":{"amount":"$10,000","every":"year","tokens":[{"name":"tokens",'
)
"""Words of version 1, the most frequent last, where they cost least."""

Document = dict[str, Any]


def packed(document: Mapping[str, Any], most: int = MAX_LINK_CHARS) -> str:
    """A document for an address. Raises `InvalidInput` if it is too large for one."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, default=str)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=_WORDS)
    found = _VERSION + _letters(squeezer.compress(text.encode()) + squeezer.flush())
    if len(found) > most or len(text.encode()) > MAX_UNPACKED_BYTES:
        hint = "download the offer as a file and send that"
        raise InvalidInput("link", f"{len(found):,} characters", f"at most {most:,}", hint)
    return found


def unpacked(text: str, most: int = MAX_LINK_CHARS) -> Document:
    """The document in an address. Raises `InvalidInput` for what no `packed` made."""
    try:
        if not text.isascii() or not 1 < len(text) <= most or text[0] != _VERSION:
            raise ValueError
        squeezed = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True)
        opener = zlib.decompressobj(-15, zdict=_WORDS)
        raw = opener.decompress(squeezed, MAX_UNPACKED_BYTES + 1)
        if len(raw) > MAX_UNPACKED_BYTES or not opener.eof or opener.unused_data:
            raise ValueError
        found = json.loads(raw.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError, binascii.Error, zlib.error):
        found = None
    if not isinstance(found, dict):
        raise InvalidInput("link", "an address that holds no offer", "a link as this page gives it, whole")
    return found


def link_in(text: str) -> str:
    """What holds the offer in an address that somebody pastes, or the text as it is."""
    try:
        found = parse_qs(urlsplit(text).query).get("o", [])
    except ValueError:
        return text
    return found[0] if found else text


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
