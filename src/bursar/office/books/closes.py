"""The close of a month: its figures frozen with a digest, corrections afterwards in the next one, re-opening with a trace.

Months are closed in order, one after the other, and only the last one that is closed can be opened again. A row of a
close is never deleted: opening again marks it, and closing again adds another. What is frozen is taken on one snapshot of the
journal, and is refused if the three ways of counting the month do not agree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select, update

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.ledger import sweep
from bursar.ledger.journal import Anchor
from bursar.ledger.session import Session
from bursar.ledger.stretch import Movement, Progress
from bursar.office.books.chart import drawn_up_with
from bursar.office.books.classes import plan_kinds
from bursar.office.books.closing import (
    Figures,
    MovementLine,
    Place,
    UsageLine,
    added,
    digest,
    movement_lines,
    usage_lines,
)
from bursar.office.books.month_reading import Closed, first_month, moved_in, present_in, refuse_untied
from bursar.office.database import reading, transaction
from bursar.office.months import checked, following, micros_of, month_of, months_between, title
from bursar.office.standing import Taken, taken
from bursar.office.tables import ORGANISATION, period_close, period_movement, period_usage, person
from bursar.office.works.work import Outcome

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KIND = "close"
MAX_NOTE_CHARS = 500
MAX_MONTHS = 600
"""Months that a list of the books may have."""
ROWS_AT_ONCE = 500


def kind_of(period: str) -> str:
    """What the work of closing a month is called: of each month there is one at a time."""
    return f"{KIND} {period}"


@dataclass(frozen=True, slots=True)
class Close:
    """A month that was closed; instants in microseconds UTC."""

    period: str
    number: int
    """Counts how often the month was closed."""
    closed: int
    actor: str
    note: str
    seq: int
    """The journal's newest entry then."""
    head: str
    """And its seal."""
    previous: str
    """Digest of the close before."""
    digest: str
    reopened: int
    reopened_by: str
    reopen_reason: str
    books: str
    """What its journal is drawn up with, as JSON: the chart of accounts then, and which plans accumulate."""

    @property
    def in_force(self) -> bool:
        return not self.reopened


@dataclass(frozen=True, slots=True)
class Period:
    """A month in the list of the books."""

    period: str
    close: Close | None
    """In force; None for a month that is open."""
    over: bool
    next: bool
    """Can be closed now."""
    corrections: int
    """Booked in this close for earlier months, nano-USD at list price."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A close with its lines."""

    close: Close
    usage: tuple[UsageLine, ...]
    movement: tuple[MovementLine, ...]

    @property
    def whole(self) -> bool:
        """The lines are what was frozen."""
        one = self.close
        found = digest(one.period, one.number, one.seq, one.head, one.previous, self.usage, self.movement, one.books)
        return found == one.digest


def closes_of(connection: Connection, period: str = "") -> list[Close]:
    """Every close, of all months or one, the oldest first; those that were opened again too."""
    row = period_close.c
    query = select(period_close).where(row.organisation == ORGANISATION).order_by(row.period, row.number)
    if period:
        query = query.where(row.period == period)
    return [_close(one) for one in connection.execute(query)]


def periods(desk: Desk) -> list[Period]:
    """The months of the books, the newest first: from the first one with anything in it to this one."""
    with reading(desk.engine) as connection:
        found = {one.period: one for one in closes_of(connection) if one.in_force}
        usage = period_usage.c
        booked = {
            (row.period, row.number): int(row.amount or 0)
            for row in connection.execute(
                select(usage.period, usage.number, func.sum(usage.amount).label("amount"))
                .where(usage.organisation == ORGANISATION, usage.concerns != usage.period, usage.unit == "USD")
                .group_by(usage.period, usage.number)
            )
        }
    now = month_of(desk.now())
    first = min([first_month(desk) or now, *found])
    wanted = _next(list(found.values()))
    names = months_between(first, now)[-MAX_MONTHS:]
    return [
        Period(
            name,
            found.get(name),
            name < now,
            name < now and name not in found and (wanted is None or name == wanted),
            0 if name not in found else booked.get((name, found[name].number), 0),
        )
        for name in reversed(names)
    ]


def frozen(connection: Connection, period: str, number: int = 0) -> Frozen:
    """A close with its lines: the one in force, or one by its number. Raises NotFound."""
    every = closes_of(connection, checked(period))
    chosen = [one for one in every if one.number == number] if number else [one for one in every if one.in_force]
    if not chosen:
        raise NotFound(f"{title(period)} is not closed", "its figures move until it is")
    one = chosen[-1]
    return Frozen(one, tuple(_usage_of(connection, one)), tuple(_movement_of(connection, one)))


def booked_later(connection: Connection, period: str) -> list[tuple[str, UsageLine]]:
    """Corrections that concern a month, with the month in whose close each stands."""
    usage, row = period_usage.c, period_close.c
    query = (
        select(period_usage)
        .join(
            period_close,
            (row.organisation == usage.organisation) & (row.period == usage.period) & (row.number == usage.number),
        )
        .where(usage.organisation == ORGANISATION, usage.concerns == period, usage.period != period, row.reopened == 0)
        .order_by(usage.period, usage.person, usage.provider, usage.unit)
    )
    return [(one.period, _usage_line(one)) for one in connection.execute(query)]


def pending(desk: Desk) -> Taken[list[UsageLine]]:
    """What came to be known of closed months since the last close: it will be corrections of the next one."""
    return taken(desk, "closes.pending", _pending)


def _pending(desk: Desk) -> list[UsageLine]:
    with reading(desk.engine) as connection:
        closed, kinds = closed_until(connection), plan_kinds(connection)
    if closed is None:
        return []
    present = desk.store.read(lambda session: present_in(session, "", closed, session.head().seq, kinds))
    return booked_lines(desk, present)


def close(desk: Desk, period: str, note: str, progress: Progress) -> dict[str, Any]:
    """Freeze a month's figures; a plain document with the digest.

    Raises InvalidInput for no month, Conflict if it is not over, not next in line, or does not tie out.
    """
    checked_note(note)
    start, _ = micros_of(checked(period))
    refuse_early(desk, period)
    with reading(desk.engine) as connection:
        last = _last(closes_of(connection))
        before = None if last is None else frozen(connection, last.period)
        number = len(closes_of(connection, period)) + 1
        closed, kinds = closed_until(connection), plan_kinds(connection)
        books = drawn_up_with(connection, kinds)
    # Whatever fell due in the month is recorded before it is counted.
    desk.run_calendar()
    sweep(desk.store, desk.now())

    def read(session: Session) -> tuple[Anchor, dict[str, dict[Place, Figures]], dict[tuple[str, str, str], Movement]]:
        head = session.head()
        moved = moved_in(session, period, start, 0 if last is None else last.seq, head.seq, progress)
        present = present_in(session, period, closed, head.seq, kinds, counted=True)
        refuse_untied(session, period, start, head.seq, moved, present)
        return head, present, moved

    head, present, moved = desk.store.read(read)
    usage = booked_lines(desk, present)
    closings = {} if before is None else {(one.plan, one.unit): one.closing for one in own_lines(before)}
    movement = movement_lines(period, moved, closings, first=last is None)
    previous = "" if last is None else last.digest
    found = digest(period, number, head.seq, head.hash, previous, usage, movement, books)
    row = {
        "organisation": ORGANISATION,
        "period": period,
        "number": number,
        "closed": desk.now(),
        "actor": desk.actor,
        "note": note,
        "seq": head.seq,
        "head": head.hash,
        "previous": previous,
        "digest": found,
        "books": books,
    }
    # The last moment for whoever does not want it any more.
    progress(1, 1)
    with transaction(desk.engine) as connection:
        # Somebody else may have been faster: the place in line is looked at again where nobody can step in between.
        detail = {"digest": found, "seq": head.seq, "number": number, "note": note}
        desk.note(connection, "books.close", period, detail)
        if _last(closes_of(connection)) != last:
            raise Conflict("another month was closed or opened meanwhile", "look at the list, and close it again")
        connection.execute(insert(period_close).values(**row))
        _store(connection, row, usage, movement)
    return {"period": period, "number": number, "digest": found, "seq": head.seq}


def work(desk: Desk, asked: dict[str, Any], progress: Progress) -> Outcome:
    """Close a month as long work is done; asked with `period` and `note`."""
    return Outcome(json.dumps(close(desk, asked["period"], asked["note"], progress)).encode(), name="close.json")


def refuse_early(desk: Desk, period: str) -> None:
    """Raise Conflict where a month cannot be closed now: it is not over, closed already, or not next in line."""
    _, end = micros_of(checked(period))
    if desk.now() < end:
        raise Conflict(f"{title(period)} is not over", "it can be closed when it is")
    with reading(desk.engine) as connection:
        _refuse_out_of_line(period, _last(closes_of(connection)))


def reopen(desk: Desk, period: str, reason: str) -> Close:
    """Open the last closed month again; its figures move from now on, and what was frozen stays to be looked at."""
    checked_note(reason, "reason", needed=True)
    checked(period)
    with transaction(desk.engine) as connection:
        desk.note(connection, "books.reopen", period, {"reason": reason})
        last = _last(closes_of(connection))
        if last is None or last.period != period:
            hint = f"only the last closed month can be opened: {title(last.period)}" if last else "no month is closed"
            raise Conflict(f"{title(period)} cannot be opened again", hint)
        here = (period_close.c.organisation == ORGANISATION) & (period_close.c.period == period)
        connection.execute(
            update(period_close)
            .where(here, period_close.c.number == last.number)
            .values(reopened=desk.now(), reopened_by=desk.actor, reopen_reason=reason)
        )
        return closes_of(connection, period)[-1]


def checked_note(text: str, field: str = "note", *, needed: bool = False) -> None:
    """Raises InvalidInput for what is no sentence."""
    if needed and not text.strip():
        raise InvalidInput(field, "nothing", "a sentence for whoever asks later why")
    if len(text) > MAX_NOTE_CHARS or not all(one.isprintable() or one in "\r\n" for one in text):
        raise InvalidInput(field, f"{len(text)} characters", f"printable text of at most {MAX_NOTE_CHARS}")


# The books' own rows.


def booked_lines(desk: Desk, present: Mapping[str, Mapping[Place, Figures]]) -> list[UsageLine]:
    """What is to be booked for these months: the present less what is booked already."""
    with reading(desk.engine) as connection:
        booked, then = _booked(connection, list(present))
        return usage_lines(present, booked, _teams(connection), then)


def closed_until(connection: Connection) -> Closed | None:
    """How far the books are closed; None if nothing is."""
    every = [one for one in closes_of(connection) if one.in_force]
    if not every:
        return None
    first, last = min(one.period for one in every), max(every, key=lambda one: one.period)
    usage = period_usage.c
    early = [
        row.concerns
        for row in connection.execute(
            select(usage.concerns).where(usage.organisation == ORGANISATION, usage.concerns < first).distinct()
        )
    ]
    booked = _booked(connection, early)[0] if early else {}
    return Closed(first, last.period, last.seq, booked)


def _last(every: list[Close]) -> Close | None:
    return max((one for one in every if one.in_force), key=lambda one: one.period, default=None)


def _next(in_force: list[Close]) -> str | None:
    last = _last(in_force)
    return None if last is None else following(last.period)


def _refuse_out_of_line(period: str, last: Close | None) -> None:
    if last is None or period == following(last.period):
        return
    if period <= last.period:
        raise Conflict(f"{title(period)} is closed already", "open the last closed month first, if it has to be")
    raise Conflict(f"{title(following(last.period))} is not closed yet", "months are closed in order")


def _teams(connection: Connection) -> dict[str, str]:
    return {row.id: row.team for row in connection.execute(select(person.c.id, person.c.team))}


def _in_force_usage() -> Any:
    usage, row = period_usage.c, period_close.c
    return (
        select(period_usage)
        .join(
            period_close,
            (row.organisation == usage.organisation) & (row.period == usage.period) & (row.number == usage.number),
        )
        .where(usage.organisation == ORGANISATION, row.reopened == 0)
    )


def _booked(
    connection: Connection, months: list[str]
) -> tuple[dict[str, dict[Place, Figures]], dict[tuple[str, str], str]]:
    """What all closes in force have booked for some months, and the teams that people were in when they were frozen."""
    found: dict[str, dict[Place, Figures]] = {}
    teams: dict[tuple[str, str], str] = {}
    for row in connection.execute(_in_force_usage().where(period_usage.c.concerns.in_(months))):
        line = _usage_line(row)
        sums = found.setdefault(line.concerns, {})
        place = (line.person, line.provider, line.unit, line.purpose, line.plan_class)
        sums[place] = added(sums.get(place, (0, 0, 0, 0, 0)), line.figures)
        if row.period == line.concerns:
            teams[(line.concerns, line.person)] = line.team
    return found, teams


def own_lines(found: Frozen) -> list[MovementLine]:
    """The roll-forward of the month itself, without corrections of earlier ones."""
    return [one for one in found.movement if one.concerns == found.close.period]


def _store(
    connection: Connection, row: Mapping[str, Any], usage: list[UsageLine], movement: list[MovementLine]
) -> None:
    of = {name: row[name] for name in ("period", "number")}
    lines = [{**of, **{name: getattr(one, name) for name in UsageLine.__slots__}} for one in usage]
    moves = [{**of, **{name: getattr(one, name) for name in MovementLine.__slots__}} for one in movement]
    for table, rows in ((period_usage, lines), (period_movement, moves)):
        for start in range(0, len(rows), ROWS_AT_ONCE):
            connection.execute(insert(table), rows[start : start + ROWS_AT_ONCE])


def _usage_of(connection: Connection, one: Close) -> list[UsageLine]:
    usage = period_usage.c
    here = (usage.organisation == ORGANISATION) & (usage.period == one.period) & (usage.number == one.number)
    return sorted(_usage_line(row) for row in connection.execute(select(period_usage).where(here)))


def _usage_line(row: Any) -> UsageLine:
    return UsageLine(**{name: getattr(row, name) for name in UsageLine.__slots__})


def _movement_of(connection: Connection, one: Close) -> list[MovementLine]:
    moved = period_movement.c
    here = (moved.organisation == ORGANISATION) & (moved.period == one.period) & (moved.number == one.number)
    rows = connection.execute(select(period_movement).where(here))
    return sorted(MovementLine(**{name: getattr(row, name) for name in MovementLine.__slots__}) for row in rows)


def _close(row: Any) -> Close:
    return Close(**{name: getattr(row, name) for name in Close.__slots__})
