"""Books: exposure of the house, the ledger's proof, the audit log, the traffic, the installation's health."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from bursar import __version__
from bursar.api import pages
from bursar.api.calls import Called
from bursar.api.limits import MAX_TEXT_CHARS
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.resources.jobs import JobDocument, begin
from bursar.api.resources.wallet import InUnit
from bursar.api.routes import Resource
from bursar.api.shapes import Amount, Document, Instant, Page, amount_of, instant, instant_or_none, said
from bursar.errors import InvalidInput
from bursar.money import Unit
from bursar.office import audit
from bursar.office.database import reading
from bursar.office.figures import reports, usage_sums
from bursar.office.metering import nodes
from bursar.office.oversight import audit_pages, verification

BOOKS = Resource("Books", "Exposure of the house, the ledger's proof, the audit log, traffic and health.")


class Exposure(Document):
    """Where everything is that was ever promised in a unit. What rolled over is promised once."""

    unit: str = said("The unit.", "USD")
    at: Instant = said("When this was read.", "2026-11-20T09:00:00Z")
    promised: Amount = Field(description="available + held + spent + expired + revoked.")
    available: Amount = Field(description="What people can still use.")
    held: Amount = Field(description="Held by requests in flight.")
    spent: Amount = Field(description="What was used.")
    expired: Amount = Field(description="What expired.")
    revoked: Amount = Field(description="What was taken back.")
    rolled: Amount = Field(description="What rolled over from one lot to the next.")
    overage: Amount = Field(description="What was used and no lot covered.")


class Head(Document):
    """The newest seal: kept elsewhere, it proves that everything before it is still there, unchanged."""

    batch: int = said("Number of the seal, 0 before the first entry.", 812)
    seq: int = said("The last entry that it covers.", 4711)
    recorded: Instant | None = said("When it was made.", "2026-11-20T09:00:00Z")
    hash: str = said("SHA-256, hex.", "9f2c")


class AuditLine(Document):
    """Somebody changed something."""

    seq: int = said("Place in the chain.", 42)
    at: Instant = said("When.", "2026-11-20T09:00:00Z")
    actor: str = said("Who, and how they came in.", "acc_5f0e6a1c2b3d by session:ses_5f0e6a1c2b3d")
    action: str = said("What.", "grant.give")
    subject: str = said("To what.", "grt_5f0e6a1c2b3d")
    detail: dict[str, Any] = Field(description="With which values.", examples=[{"amount_nanos": 500}])
    hash: str = said("SHA-256 over this line and the one before.", "9f2c")


class InFlight(Document):
    """A request in flight."""

    person: str = said("Handle.", "ada")
    model: str = said("The model.", "claude-sonnet-4-5")
    held: Amount = Field(description="What it may still cost.")
    since: Instant = said("Since when.", "2026-11-20T09:00:00Z")


class Burning(Document):
    """What goes through the gateway for one person."""

    person: str = said("Handle.", "ada")
    in_flight: int = said("Requests in flight.", 2)
    requests_minute: int = said("Requests of the last minute.", 12)
    spent_minute: Amount = Field(description="Spent in the last minute.")
    today: Amount = Field(description="Spent today, UTC.")
    held: Amount = Field(description="Held.")


class Traffic(Document):
    """What goes on at the gateway right now."""

    at: Instant = said("The instant.", "2026-11-20T09:00:00Z")
    in_flight: list[InFlight] = Field(description="Requests in flight.")
    people: list[Burning] = Field(description="Whoever has something open.")


class NodeDocument(Document):
    """A gateway process."""

    name: str = said("Its name.", "local")
    version: str = said("Of Bursar.", "0.1")
    state: str = said("running, stopped, or silent where it has not reported for a while.", "running")
    started: Instant = said("Since when.", "2026-11-20T09:00:00Z")
    reported: Instant = said("Its last report.", "2026-11-20T09:00:00Z")
    in_flight: int = said("Requests in flight.", 2)
    requests: int = said("Requests since it started.", 4200)


class Refused(Document):
    """How often something was turned away, or went wrong."""

    kind: str = said("refusal or error.", "refusal")
    reason: str = said("Why.", "allotment_exhausted")
    provider: str = said("The provider; may be empty.", "anthropic")
    number: int = said("How often.", 12)
    last: Instant = said("The last hour in which it happened.", "2026-11-20T09:00:00Z")


class Check(Document):
    """One of the doctor's checks."""

    check: str = said("What is checked.", "master key")
    good: bool = said("Whether it is as it should be.", True)
    detail: str = said("What was found.", "from the environment; keep a copy apart from the database")
    hint: str = said("What to do.", "")


class Checks(Document):
    """The installation, checked."""

    good: bool = said("Whether everything is as it should be.", True)
    items: list[Check] = Field(description="Every check.")


class Health(Document):
    """Whether this process answers and reaches its database."""

    ok: bool = said("It does.", True)
    version: str = said("Of Bursar.", __version__)


@BOOKS.get("/exposure", "getExposure", "What the house has promised", action="exposure.read", whose="house")
def get_exposure(call: Called, unit: InUnit = reports.UNIT) -> Exposure:
    """Totals without people, as recorded: what is due and not swept yet is still available."""
    Unit(unit)
    with call.desk() as desk:
        found = desk.store.read(lambda session: usage_sums.exposure(session, unit))
    names = ("promised", "available", "held", "spent", "expired", "revoked", "rolled", "overage")
    amounts = {name: amount_of(getattr(found, name), unit) for name in names}
    return Exposure(unit=unit, at=instant(call.now), **amounts)


@BOOKS.get("/ledger/head", "getLedgerHead", "The newest seal", action="ledger.verify", whose="house")
def get_ledger_head(call: Called) -> Head:
    """To be kept outside."""
    with call.desk() as desk:
        found = desk.store.read(lambda session: session.head())
    return Head(batch=found.batch, seq=found.seq, recorded=instant_or_none(found.recorded), hash=found.hash)


@BOOKS.post(
    "/ledger/verifications",
    "verifyLedger",
    "Check the whole ledger",
    action="ledger.verify",
    whose="house",
    status=202,
    located=True,
)
def verify_ledger(call: Called) -> JobDocument:
    """The chain of seals, the journal and every projection of it, and the audit log. A job: its result is JSON with `clean`,
    counts, the head and a sentence for everything that is wrong."""
    return begin(call, verification.KIND, "Verification of the ledger", {"anchor": ""}, shared=True)


@BOOKS.get("/audit", "listAudit", "Who changed what", action="audit.read", whose="house")
def list_audit(
    call: Called,
    action: Annotated[str, Query(description="Only this action.", max_length=MAX_TEXT_CHARS)] = "",
    subject: Annotated[str, Query(description="Only about this.", max_length=MAX_TEXT_CHARS)] = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Page[AuditLine]:
    """The newest first."""
    before = pages.read(after)[0] if after else 0
    if not isinstance(before, int):
        raise InvalidInput("after", "a cursor that is none", "`next` of the page before")
    with reading(call.desks.engine) as connection:
        found = audit.lines(connection, before=before, limit=limit + 1, action=_plain(action), subject=_plain(subject))
    page = found[:limit]
    following = pages.written(page[-1]["seq"]) if len(found) > limit else None
    return Page[AuditLine](items=[_line(one) for one in page], next=following)


@BOOKS.post(
    "/audit/exports",
    "exportAudit",
    "Export the audit log",
    action="audit.read",
    whose="house",
    status=202,
    located=True,
)
def export_audit(call: Called) -> JobDocument:
    """Every line, oldest first, as JSON lines with their hashes. A job."""
    return begin(call, audit_pages.KIND, "The audit log", {})


@BOOKS.get("/traffic", "getTraffic", "What goes on at the gateway", action="traffic.read", whose="house")
def get_traffic(call: Called) -> Traffic:
    """Requests in flight, holds and the last minute, by person: to find what floods it. No prompts, no grants."""
    with reading(call.desks.engine) as connection:
        ours = set(call.colleagues(connection).values())
    with call.desk() as desk:
        found = reports.snapshot(desk)
    return Traffic(
        at=found["at"],
        in_flight=[
            InFlight(
                person=one["person"],
                model=one["model"],
                held=amount_of(one["held_nanos"]),
                since=instant(one["since_micros"]),
            )
            for one in found["in_flight"]
            if one["person"] in ours
        ],
        people=[
            Burning(
                person=one["person"],
                in_flight=one["in_flight"],
                requests_minute=one["requests_minute"],
                spent_minute=amount_of(one["spent_minute_nanos"]),
                today=amount_of(one["today_nanos"]),
                held=amount_of(one["held_nanos"]),
            )
            for one in found["people"]
            if one["person"] in ours
        ],
    )


@BOOKS.get("/nodes", "listNodes", "Gateways", action="node.read", whose="house")
def list_nodes(call: Called) -> Page[NodeDocument]:
    """Every gateway that ever reported, the latest report first."""
    with reading(call.desks.engine) as connection:
        found = nodes.listed(connection)
    return Page[NodeDocument](
        items=[
            NodeDocument(
                name=one.name,
                version=one.version,
                state=one.state(call.now),
                started=instant(one.started),
                reported=instant(one.beat),
                in_flight=one.in_flight,
                requests=one.requests,
            )
            for one in found
        ]
    )


@BOOKS.get("/refusals", "listRefusals", "What was turned away or went wrong", action="node.read", whose="house")
def list_refusals(
    call: Called, hours: Annotated[int, Query(description="Of how many hours.", ge=1, le=nodes.KEEP_HOURS)] = 24
) -> Page[Refused]:
    """By reason and provider, most often first."""
    with reading(call.desks.engine) as connection:
        found = nodes.counted(connection, call.now - hours * nodes.MICROS_PER_HOUR)
    return Page[Refused](
        items=[
            Refused(
                kind=one.kind,
                reason=one.reason,
                provider=one.provider,
                number=one.number,
                last=instant(one.last_hour * nodes.MICROS_PER_HOUR),
            )
            for one in found
        ]
    )


@BOOKS.get("/installation", "checkInstallation", "The installation, checked", action="node.read", whose="house")
def check_installation(call: Called) -> Checks:
    """What a platform engineer checks first, each with what to do about it."""
    with call.desk() as desk:
        found = reports.doctor(desk)
    return Checks(good=all(one["good"] for one in found), items=[Check(**one) for one in found])


@BOOKS.get("/health", "getHealth", "Whether this process answers", whose="anybody")
def get_health(call: Called) -> Health:
    """And reaches its database: for whoever watches it, without signing in."""
    with reading(call.desks.engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    return Health(ok=True, version=__version__)


def _plain(text: str) -> str:
    """A filter that a database can be asked for; one that cannot be in the log finds nothing."""
    return text if text.isprintable() else "?"


def _line(found: dict[str, Any]) -> AuditLine:
    names = ("seq", "actor", "action", "subject", "detail", "hash")
    return AuditLine(**{name: found[name] for name in names}, at=instant(found["at"]))
