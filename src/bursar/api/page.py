"""The reference of the API as a page, written from the routes. A test compares it with `docs/reference/api.md`."""

from __future__ import annotations

from bursar.api import limits
from bursar.api.document import ABOUT
from bursar.api.problems import KINDS, PREFIX
from bursar.api.resources import RESOURCES, ROUTES
from bursar.api.routes import PREFIX as AT
from bursar.api.routes import Route
from bursar.office.works import kept_answers, work, working
from bursar.web import edge

_HEAD = f"""# REST API

Written from the routes by `tools/write_client.py`; a test compares them. The document itself is at `{AT}/openapi.json`
(OpenAPI 3.1), with every parameter, shape and example. [How to use it](../how-to/use-the-api.md) has runnable examples.

"""
_LIMITS = (
    ("request", edge.MAX_BODY_BYTES, "bytes of any body; a body has to arrive within 30 seconds"),
    ("JSON body", limits.MAX_JSON_BYTES, "bytes, where an operation names no other"),
    ("usage events", limits.MAX_EVENTS_BYTES, "bytes of a batch"),
    ("document", limits.MAX_DOCUMENT_CHARS, "characters of a plan or an offer"),
    ("reason, note", limits.MAX_PROSE_CHARS, "characters"),
    ("label, project, team", limits.MAX_TEXT_CHARS, "characters"),
    ("page", limits.MAX_PAGE_ITEMS, f"items; {limits.PAGE_ITEMS} without `limit`"),
    ("idempotency key", kept_answers.MAX_KEY_CHARS, "characters; kept for 24 hours"),
    ("kept answer", kept_answers.MAX_KEPT_BYTES, "bytes"),
    ("jobs", working.MAX_AT_ONCE, "at once in a process; others wait"),
    ("jobs", work.MAX_UNFINISHED, "of one account that are not over"),
    ("job's result", work.MAX_RESULT_BYTES, "bytes; kept for a week"),
    ("simulation", limits.MAX_SCENARIOS, "scenarios"),
    ("offers", limits.MAX_OFFERS, "side by side"),
    ("offers", limits.OFFERS_AT_ONCE, "evaluations at once, of everybody together; 429 beyond"),
)


def page() -> str:
    """The whole reference in Markdown."""
    return f"{_HEAD}{ABOUT}\n{_problems()}{_limits()}\n## Operations\n{''.join(map(_resource, RESOURCES))}"


def _problems() -> str:
    rows = "".join(f"| `{PREFIX}{kind}` | {status} | {title} |\n" for kind, (status, title) in KINDS.items())
    return f"## Problems\n\n| type | status | title |\n|---|---|---|\n{rows}\n"


def _limits() -> str:
    rows = "".join(f"| {name} | {most:,} {what} |\n" for name, most, what in _LIMITS)
    return f"## Limits\n\n| of | at most |\n|---|---|\n{rows}"


def _resource(resource: object) -> str:
    name, about = getattr(resource, "name", ""), getattr(resource, "description", "")
    rows = "".join(_row(one) for one in ROUTES if one.tag == name)
    return f"\n### {name}\n\n{about}\n\n| | | operation | action | |\n|---|---|---|---|---|\n{rows}"


def _row(route: Route) -> str:
    action = "anybody" if route.gate.action is None else f"`{route.gate.action.name}`"
    marks = [
        name
        for name, holds in (
            ("Idempotency-Key", route.changes),
            ("If-Match", route.current is not None),
            ("a job", route.status == 202),
            ("events", route.gives == "text/event-stream"),
        )
        if holds
    ]
    return f"| {route.method} | `{route.path}` | `{route.name}`: {route.summary} | {action} | {', '.join(marks)} |\n"
