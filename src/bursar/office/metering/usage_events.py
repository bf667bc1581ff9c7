"""Usage that no gateway sees: GPU hours, a bill, tokens of another house; recorded once, charged to a person's lots.

An event is named by its source and its id. The same event again changes nothing and says so; the same name with other
content is a conflict. A file is recorded whole or not at all.

Usage of the past, up to `GRACE_DAYS` ago, happens at its own time and draws on the lots that were open then. Where its
period is closed meanwhile it falls into the present and is marked late (`ledger.lateness`); what is older is refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bursar.calendar import from_micros
from bursar.errors import Conflict, InvalidInput
from bursar.ledger import Applied, Charge, Rejected, Request, Usage
from bursar.ledger.lateness import Charged, Dated, charge_in_the_past
from bursar.ledger.session import Session
from bursar.money import format_amount
from bursar.office.database import reading, transaction
from bursar.office.metering.usage_reading import MAX_REPORTED, UsageEvent, checked_event, read_events
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk

PROVIDER = "recorded"
"""The provider of every charge that was recorded and not relayed."""
GRACE_DAYS = 35
"""How long ago the usage of an event may be."""
MAX_AHEAD_SECONDS = 300
"""How far ahead of ours the clock of a source may be; such an event happens now."""
MAX_FILE_BYTES = 16 * 1024 * 1024
LINE_SOURCE = "bursar:cli"
"""The source of events that do not name one: lines of CSV, and what is typed."""
_DAY = 86_400_000_000
_SECOND = 1_000_000


def record_file(desk: Desk, file: Path, *, source: str = LINE_SOURCE, dry_run: bool = False) -> dict[str, Any]:
    """Record every event of a file (CloudEvents or CSV), or none. Raises InvalidInput with the line of each fault."""
    expected = f"a file in UTF-8 of at most {MAX_FILE_BYTES // 1024 // 1024} MiB"
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidInput("events", str(error), expected) from error
    return record_text(desk, raw, source=source, dry_run=dry_run)


def record_text(desk: Desk, raw: bytes, *, source: str = LINE_SOURCE, dry_run: bool = False) -> dict[str, Any]:
    """The same for the content of a file, or of a request: `source` is of lines of CSV, which name none."""
    expected = f"text in UTF-8 of at most {MAX_FILE_BYTES // 1024 // 1024} MiB"
    if len(raw) > MAX_FILE_BYTES:
        raise InvalidInput("events", "more", expected)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput("events", str(error), expected) from error
    with reading(desk.engine) as connection:
        known = people.listed(connection)
    return _record(desk, read_events(text, known, csv_source=source), known, dry_run)


def record_one(
    desk: Desk,
    person: str,
    amount: str,
    *,
    time: str = "",
    model: str = "",
    purpose: str = "",
    project: str = "",
    event_id: str = "",
    source: str = LINE_SOURCE,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Record one event. With an id of its own it needs its time too: who tries again has to say the same."""
    if event_id and not time:
        raise InvalidInput("time", "nothing", "the time of the usage, since the event has an id of its own")
    with reading(desk.engine) as connection:
        known = people.listed(connection)
        people.named(connection, person)
    fields = {
        "id": event_id or desk.new_id("use"),
        "person": person,
        "amount": amount,
        "time": time or from_micros(desk.now()).isoformat().replace("+00:00", "Z"),
        "model": model,
        "purpose": purpose,
        "project": project,
    }
    return _record(desk, [checked_event(fields, source, known)], known, dry_run)


def command_id(event: UsageEvent) -> str:
    """The ledger's id of an event: its source and its id, whatever characters they have."""
    name = json.dumps([event.source, event.id], ensure_ascii=False, separators=(",", ":"))
    return f"usage:{blake2b(name.encode(), digest_size=16).hexdigest()}"


class _DryRun(Exception):
    """Undoes the transaction that a dry run has tried."""

    def __init__(self, answers: list[Charged]) -> None:
        super().__init__()
        self.answers = answers


def _record(desk: Desk, events: list[UsageEvent], known: list[dict[str, Any]], dry_run: bool) -> dict[str, Any]:
    now = desk.now()
    _check_times(events, now)
    dated = [_dated(event) for event in events]
    if not dry_run:
        _run_calendar(desk)

    def work(session: Session) -> list[Charged]:
        answers = charge_in_the_past(session, dated, now)
        _refuse(events, answers)
        if dry_run:
            raise _DryRun(answers)
        return answers

    try:
        answers = desk.store.transact(work)
    except _DryRun as tried:
        answers = tried.answers
    handles = {one["id"]: one["handle"] for one in known}
    rows = [_row(event, answer, handles) for event, answer in zip(events, answers, strict=True)]
    fresh = [row for row in rows if not row["repeated"]]
    if fresh and not dry_run:
        with transaction(desk.engine) as connection:
            sources = sorted({row["source"] for row in fresh})
            desk.note(connection, "usage.record", sources[0], {"events": len(fresh), "sources": sources[:20]})
    return {"recorded": len(fresh), "repeated": len(rows) - len(fresh), "dry_run": dry_run, "events": rows}


def _run_calendar(desk: Desk) -> None:
    """What fell due before the usage comes first: the allotment of today pays the usage of today."""
    from bursar.office.granting import promises

    promises.run_calendar(desk)


def _check_times(events: Sequence[UsageEvent], now: int) -> None:
    faults = []
    for event in events:
        where = f"line {event.line}: time" if event.line else "time"
        shown = from_micros(event.at).isoformat().replace("+00:00", "Z")
        if event.at > now + MAX_AHEAD_SECONDS * _SECOND:
            faults.append(
                InvalidInput(where, shown, f"an instant that has come ({MAX_AHEAD_SECONDS} seconds of grace)")
            )
        elif event.at < now - GRACE_DAYS * _DAY:
            faults.append(InvalidInput(where, shown, f"usage of the last {GRACE_DAYS} days: older is not recorded"))
    if faults:
        more = "; ".join(fault.sentence for fault in faults[1:MAX_REPORTED])
        rest = f"; and {len(faults) - MAX_REPORTED} more" if len(faults) > MAX_REPORTED else ""
        raise InvalidInput(faults[0].field, faults[0].found, faults[0].expected, more + rest)


def _dated(event: UsageEvent) -> Dated:
    """The two forms of an event; both follow from it alone, so that it is known again whichever it became."""
    unit = str(event.amount.unit)
    value = event.amount.nanos if unit == "USD" else 0
    usage = Usage(
        request_id=event.id,
        provider=PROVIDER,
        model=event.model,
        purpose=event.purpose,
        project=event.project,
        list_nanos=value,
        cost_nanos=value,
    )
    used = from_micros(event.at).isoformat().replace("+00:00", "Z")
    request = Request(PROVIDER, event.model, event.purpose)

    def form(note: str) -> Charge:
        return Charge(command_id(event), event.person, unit, event.amount.nanos, request, usage, note)

    return Dated(event.at, form(f"used {used}, by {event.source}"), form(f"late: used {used}, by {event.source}"))


def _refuse(events: Sequence[UsageEvent], answers: Sequence[Charged]) -> None:
    """Raise, and undo everything, if the ledger refuses one of them."""
    for event, (answer, _) in zip(events, answers, strict=True):
        if isinstance(answer, Applied):
            continue
        where = f"line {event.line}: " if event.line else ""
        if isinstance(answer, Rejected) and answer.reason == "conflict":
            raise Conflict(
                f"{where}{event.name} was recorded already with other content",
                "an id never means anything else: give what is new an id of its own",
            )
        raise Conflict(f"{where}{event.name}: {answer.sentence if isinstance(answer, Rejected) else answer.reason}")


def _row(event: UsageEvent, charged: Charged, handles: dict[str, str]) -> dict[str, Any]:
    answer = charged.answer
    assert isinstance(answer, Applied)
    return {
        "source": event.source,
        "id": event.id,
        "person": handles[event.person],
        "at": from_micros(event.at).isoformat().replace("+00:00", "Z"),
        "at_micros": event.at,
        "model": event.model,
        "purpose": event.purpose,
        "project": event.project,
        "amount_nanos": event.amount.nanos,
        "unit": str(event.amount.unit),
        "amount": format_amount(event.amount),
        "overage_nanos": answer.overage,
        "late": charged.late,
        "repeated": answer.replayed,
    }
