"""The watch: looks at who used something since the last look, and posts what they should know of.

A look is cheap: it reads the charges that are new, adds them to the spending by the hour that forecasts are made from,
and takes the balance of those people alone. How far it has read is a row that only one node can move on, in the same
transaction as the notices, so nothing is counted or told twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Text, cast, delete, exists, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.calendar import micros, parse_zone
from bursar.exchange.notify.words import Value
from bursar.ledger import NEVER, LotTerms
from bursar.ledger import reading as ledger
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.office.database import key_of, reading, transaction
from bursar.office.figures.forecast import DAY_HOURS, HISTORY_HOURS, MICROS_PER_HOUR, run_out
from bursar.office.granting import grants
from bursar.office.granting.grants import Grant
from bursar.office.tables import grant_terms, notice, notice_watch, person, plan_grant, usage_hour
from bursar.office.telling import notices
from bursar.plans.schedule import periods_of
from bursar.plans.terms import PARTS

if TYPE_CHECKING:
    from bursar.office.desk import Desk

__all__ = ["Outlook", "outlook", "outlooks", "run_out", "runs_out_at", "watch"]

UNIT = "USD"
"""What outlooks are in: the gateway charges nothing else."""
DEFAULT_WARNINGS = (750_000, 950_000)
"""Shares used, parts per million, where no plan says others."""
EXHAUSTED_PPM = 995_000
"""From here on an allotment counts as used up: the crumbs that are left admit no request."""
FORECAST_MICROS = 3 * 86_400_000_000
"""A run-out is told of when it is nearer than this."""
QUIET_HOURS = 72
"""Two weeks that begin with a long weekend are two weeks still."""
EXPIRING_DAYS = {3: 7, 14: 60, 30: 120}
"""How many days ahead a lot's end is told of, and how many days it has to live for that: a daily allotment would be a daily
letter, and a month's would be told of on its first day."""
EXPIRING_TENTH = 10
"""A lot's end is told of where more than one part in so many is unused."""
EXPIRY_LOOK_MICROS = 3_600_000_000
"""How often lots are looked through for those that end soon."""
ANNOUNCE_MICROS = 7 * 86_400_000_000
"""Terms that were amended longer ago are not told of as if they were new."""
TERMS_AT_ONCE = 1_000
PEOPLE_AT_ONCE = 10_000
ROWS_AT_ONCE = 500
ENTRIES_AT_ONCE = 20_000
"""Journal entries in one look."""
MAX_LOOKS = 1_000
_MAX_HOUR = 2**62
"""What an hour's sum is cut to."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is watched."""

    id: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Purse:
    """A person's open lots of one unit together, nano-units."""

    unit: str
    spent: int
    held: int
    available: int
    opened: int
    """When the newest of them opened."""
    expires: int
    """When the last of them ends."""

    @property
    def whole(self) -> int:
        return self.spent + self.held + self.available

    @property
    def share_ppm(self) -> int:
        return self.spent * PARTS // self.whole if self.whole > 0 else 0


@dataclass(frozen=True, slots=True)
class Terms:
    """By what a person is warned in a unit: of their plan, or the usual where nothing is planned."""

    subject: str
    """Whom or what a notice's key names: the grant, else the person and the unit."""
    period: int
    resets: int
    """When the next allotment comes, 0 for never."""
    warnings: tuple[int, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Post:
    """A notice to be posted."""

    key: str
    kind: str
    person: str
    fields: dict[str, Value]


def watch(desk: Desk, now: int) -> int:
    """Look once; returns how many notices were posted. Another node that looks at the same time posts the others."""
    posted = 0
    for _ in range(MAX_LOOKS):
        found = _look(desk, now)
        if found is None:
            break
        posted += found
    return posted + _announce_terms(desk, now) + _announce_expiries(desk, now)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a person's purse in USD ahead of now; instants in microseconds UTC."""

    purse: Purse
    hourly: tuple[int, ...]
    """What each hour cost, oldest first, the present one last; empty without any use in two weeks."""
    begins: int
    """When the present period began."""
    resets: int
    """When the next allotment comes, 0 for never."""
    runs_out_at: int | None
    """None: not before it resets or ends."""


def outlook(desk: Desk, person_id: str, zone: ZoneInfo, lots: Iterable[ledger.LotBalance], now: int) -> Outlook | None:
    """When a person's open lots in USD come again and run out; None without any."""
    purse = next((one for one in purses(lots) if one.unit == UNIT), None)
    if purse is None:
        return None
    with reading(desk.engine) as connection:
        hours = _hours(connection, [person_id], now).get((person_id, UNIT), {})
        found = _grants(connection, [person_id], now).get(person_id, [])
    return _outlook(Holder(person_id, zone), purse, hours, found, now)


def outlooks(desk: Desk, people: Sequence[Holder], now: int) -> dict[str, Outlook]:
    """The same of some people, by id, in a few queries however many they are."""
    ids = [one.id for one in people]
    lots = desk.store.read(lambda session: ledger.balances(session, ids, now))
    with reading(desk.engine) as connection:
        hours, by_person = _hours(connection, ids, now), _grants(connection, ids, now)
    found = {}
    for holder in people:
        purse = next((one for one in purses(lots.get(holder.id, ())) if one.unit == UNIT), None)
        if purse is not None:
            used, running = hours.get((holder.id, UNIT), {}), by_person.get(holder.id, [])
            found[holder.id] = _outlook(holder, purse, used, running, now)
    return found


def _outlook(holder: Holder, purse: Purse, hours: dict[int, int], running: list[Grant], now: int) -> Outlook:
    terms = _terms(running, holder.id, purse, now)
    end = _run_out(hours, purse, terms, now, holder.zone) if purse.available else now
    return Outlook(purse, tuple(_series(hours, now)), terms.period, terms.resets, end)


def runs_out_at(desk: Desk, person_id: str, zone: ZoneInfo, lots: Iterable[ledger.LotBalance], now: int) -> int | None:
    """When a person's open lots in USD run out at the present rate; None if they end or are filled up before that."""
    found = outlook(desk, person_id, zone, lots, now)
    return found.runs_out_at if found is not None and found.purse.available else None


def purses(lots: Iterable[ledger.LotBalance]) -> list[Purse]:
    """Open lots by their unit, whatever they may be spent on."""
    by_unit: dict[str, list[ledger.LotBalance]] = {}
    for lot in lots:
        if lot.open:
            by_unit.setdefault(lot.terms.unit, []).append(lot)
    return [_purse(unit, together) for unit, together in sorted(by_unit.items())]


def _purse(unit: str, lots: list[ledger.LotBalance]) -> Purse:
    return Purse(
        unit,
        sum(lot.spent for lot in lots),
        sum(lot.held for lot in lots),
        sum(lot.available for lot in lots),
        max(lot.terms.effective for lot in lots),
        max(lot.terms.expires for lot in lots),
    )


# Who used something.


def _look(desk: Desk, now: int) -> int | None:
    """Read the next stretch of the journal and post what follows from it; None if there was nothing to read."""
    with reading(desk.engine) as connection:
        after = connection.execute(select(notice_watch.c.seq)).scalar_one()
    oldest = (now // MICROS_PER_HOUR - HISTORY_HOURS) * MICROS_PER_HOUR

    def read(session: Session) -> tuple[int, list[tuple[str, str, int, int]]]:
        until = min(session.head().seq, after + ENTRIES_AT_ONCE)
        rows = session.rows(
            f"SELECT person, unit, at / {MICROS_PER_HOUR}, {wide_sum('amount')} FROM charge "
            f"WHERE seq > ? AND seq <= ? GROUP BY person, unit, at / {MICROS_PER_HOUR} ORDER BY 1, 2, 3",
            after,
            until,
        )
        return until, [(row[0], row[1], int(row[2]), wide(row[3], row[4])) for row in rows]

    until, sums = desk.store.read(read)
    if until <= after:
        return None
    people = sorted({row[0] for row in sums})
    recent = [row for row in sums if row[2] * MICROS_PER_HOUR >= oldest]
    with reading(desk.engine) as connection:
        holders = _holders(connection, people)
        by_person = _grants(connection, people, now)
        hours = _hours(connection, people, now)
    for who, unit, hour, amount in recent:
        known = hours.setdefault((who, unit), {})
        known[hour] = known.get(hour, 0) + amount
    found: list[Post] = []
    for holder in holders:
        for purse in purses(_lots(desk, holder.id, now)):
            terms = _terms(by_person.get(holder.id, []), holder.id, purse, now)
            end = _run_out(hours.get((holder.id, purse.unit), {}), purse, terms, now, holder.zone)
            post = _told(holder.id, purse, terms, end, now, desk.settings.ask_at)
            if post is not None:
                found.append(post)
    with transaction(desk.engine) as connection:
        if not _move(connection, "seq", after, until):
            return 0
        _add_hours(connection, recent, oldest)
        return _post(connection, found, now)


def _told(person_id: str, purse: Purse, terms: Terms, end: int | None, now: int, ask: str) -> Post | None:
    """The one thing that a person should know of a purse now: the worst."""
    about: dict[str, Value] = {"unit": purse.unit, "label": terms.label, "resets_at": terms.resets}
    share = purse.share_ppm
    if share >= EXHAUSTED_PPM:
        fields = {**about, "amount_nanos": purse.whole, "ask": ask}
        return Post(f"exhausted:{terms.subject}:{terms.period}", "exhausted", person_id, fields)
    crossed = max((one for one in terms.warnings if share >= one), default=None)
    if crossed is not None:
        fields = {
            **about,
            "share_ppm": crossed,
            "used_nanos": purse.spent,
            "amount_nanos": purse.whole,
            "available_nanos": purse.available,
            "runs_out_at": end or 0,
        }
        return Post(f"warn:{terms.subject}:{terms.period}:{crossed}", "warning", person_id, fields)
    if end is not None and end - now <= FORECAST_MICROS:
        fields = {**about, "available_nanos": purse.available, "runs_out_at": end}
        return Post(f"forecast:{terms.subject}:{terms.period}", "forecast", person_id, fields)
    return None


def _terms(found: list[Grant], person_id: str, purse: Purse, now: int) -> Terms:
    """The plan that a purse is warned by: the person's oldest running grant in that unit."""
    for grant in found:
        segment = grant.history.segment_at(now)
        if segment.plan.unit != purse.unit:
            continue
        period = next(periods_of(grant.history, segment, now, now + 1), None)
        if period is None:
            continue
        once = segment.plan.allotment.every is None
        begins, resets = (grant.history.starts, 0) if once else (micros(period.start), micros(period.end))
        if grant.history.ends is not None and resets >= grant.history.ends:
            resets = 0
        return Terms(grant.id, begins, resets, segment.plan.warnings, segment.plan.title)
    return Terms(f"{person_id}:{purse.unit}", purse.opened, 0, DEFAULT_WARNINGS, "")


def _run_out(hours: dict[int, int], purse: Purse, terms: Terms, now: int, zone: ZoneInfo) -> int | None:
    """When a purse runs out, unless it ends or is filled up before."""
    if not hours:
        return None
    end = run_out(_series(hours, now), purse.available, now, zone)
    before = min(purse.expires, terms.resets or NEVER)
    return None if end is None or end >= before else end


def _series(hours: dict[int, int], now: int) -> list[int]:
    """What each hour cost up to the present one; nothing without any use."""
    if not hours:
        return []
    present = now // MICROS_PER_HOUR
    first = present - HISTORY_HOURS
    if min(hours) > first + QUIET_HOURS:
        # Somebody who began a week ago has no two weeks to average over: only what there is counts.
        first = min(hours)
    return [hours.get(hour, 0) for hour in range(first, present + 1)]


# Terms that change, lots that end.


def _announce_terms(desk: Desk, now: int) -> int:
    """Tell of amendments that were announced lately and that nobody was told of."""
    terms = grant_terms.c
    key = literal("terms:") + terms.grant_id + ":" + cast(terms.number, Text)
    query = (
        select(terms.grant_id, terms.number)
        .join(plan_grant, plan_grant.c.id == terms.grant_id)
        .join(person, person.c.id == plan_grant.c.person)
        .where(terms.number > 0, terms.announced > now - ANNOUNCE_MICROS, person.c.status == "active")
        .where(~exists().where(notice.c.id == key))
        .order_by(terms.announced, terms.grant_id, terms.number)
        .limit(TERMS_AT_ONCE)
    )
    with reading(desk.engine) as connection:
        rows = connection.execute(query).all()
        by_id = {one.id: one for one in grants.listed(connection, ids={row.grant_id for row in rows})} if rows else {}
    found = []
    for row in rows:
        grant = by_id[row.grant_id]
        before, then = grant.history.segments[row.number - 1 : row.number + 1]
        fields: dict[str, Value] = {
            "plan": then.plan.title,
            "before": grants.in_words(before.amount, before.plan),
            "after": grants.in_words(then.amount, then.plan),
            "starts_at": then.start,
            "why": grant.changes[row.number]["reason"],
            "grant": grant.id,
        }
        found.append(Post(f"terms:{grant.id}:{row.number}", "terms_changed", grant.person, fields))
    if not found:
        return 0
    with transaction(desk.engine) as connection:
        return _post(connection, found, now)


def _announce_expiries(desk: Desk, now: int) -> int:
    """Tell of lots that end soon with much of them unused, whether or not anything was used lately."""
    with reading(desk.engine) as connection:
        after = connection.execute(select(notice_watch.c.expiries_seen)).scalar_one()
    if now < after + EXPIRY_LOOK_MICROS:
        return 0
    near = " OR ".join(["(expires <= ? AND expires - effective >= ?)"] * len(EXPIRING_DAYS))
    bounds = [
        bound
        for ahead, life in EXPIRING_DAYS.items()
        for bound in (now + ahead * MICROS_PER_DAY, life * MICROS_PER_DAY)
    ]
    rows = desk.store.read(
        lambda session: session.rows(
            "SELECT DISTINCT person FROM lot WHERE live = 1 AND revoked_at = 0 AND effective <= ? AND expires > ? "
            f"AND ({near}) ORDER BY person",
            now,
            now,
            *bounds,
        )
    )
    with reading(desk.engine) as connection:
        holders = _holders(connection, [row[0] for row in rows])
    found = [post for holder in holders for post in _expiring(holder.id, _lots(desk, holder.id, now), now)]
    with transaction(desk.engine) as connection:
        return _post(connection, found, now) if _move(connection, "expiries_seen", after, now) else 0


def _expiring(person_id: str, lots: list[ledger.LotBalance], now: int) -> list[Post]:
    """One notice for all lots of a unit that end at the same instant, at each of the times before it; what rolls over is not
    lost and not counted."""
    ending: dict[tuple[str, int, int], list[tuple[int, str]]] = {}
    for lot in lots:
        terms = lot.terms
        ahead = _days_ahead(terms, now) if lot.open else 0
        lost = lot.available - _lives_on(terms, lot.available)
        if ahead and lost * EXPIRING_TENTH > terms.amount:
            ending.setdefault((terms.unit, terms.expires, ahead), []).append((lost, terms.label))
    last = min(EXPIRING_DAYS)
    return [
        Post(
            f"expiring:{person_id}:{unit}:{expires}" + ("" if ahead == last else f":{ahead}"),
            "expiring_soon",
            person_id,
            {
                "unit": unit,
                "amount_nanos": sum(lost for lost, _ in parts),
                "expires_at": expires,
                "label": ", ".join(dict.fromkeys(label for _, label in parts if label)),
            },
        )
        for (unit, expires, ahead), parts in sorted(ending.items())
    ]


def _days_ahead(terms: LotTerms, now: int) -> int:
    """Which of the times before its end a lot has reached; 0 for none."""
    left, life = terms.expires - now, terms.expires - terms.effective
    reached = (
        ahead
        for ahead, least in sorted(EXPIRING_DAYS.items())
        if 0 < left <= ahead * MICROS_PER_DAY and life >= least * MICROS_PER_DAY
    )
    return next(reached, 0)


def _lives_on(terms: LotTerms, rest: int) -> int:
    """What of a rest rolls over at a lot's end."""
    return 0 if terms.roll is None else min(rest, terms.roll.amount(rest))


# What the looks share.


def _lots(desk: Desk, person_id: str, now: int) -> list[ledger.LotBalance]:
    def read(session: Session) -> list[ledger.LotBalance]:
        # Asked for an instant before the newest entry, the ledger would replay the person's whole journal.
        newest = session.rows("SELECT effective FROM entry WHERE person = ? ORDER BY seq DESC LIMIT 1", person_id)
        return ledger.balance(session, person_id, max(now, newest[0][0] if newest else now))

    return desk.store.read(read)


def _holders(connection: Connection, ids: list[str]) -> list[Holder]:
    """Those of them who are at work."""
    found = []
    for start in range(0, len(ids), PEOPLE_AT_ONCE):
        some = person.c.id.in_(ids[start : start + PEOPLE_AT_ONCE])
        query = select(person.c.id, person.c.zone).where(some, person.c.status == "active")
        found += [Holder(row.id, parse_zone(row.zone)) for row in connection.execute(query.order_by(person.c.id))]
    return found


def _grants(connection: Connection, people: list[str], now: int) -> dict[str, list[Grant]]:
    """Running grants under plans by person, the oldest first."""
    running = (plan_grant.c.starts <= now) & ((plan_grant.c.ends == 0) | (plan_grant.c.ends > now))
    ids = connection.execute(select(plan_grant.c.id).where(plan_grant.c.person.in_(people), running)).scalars().all()
    found: dict[str, list[Grant]] = {}
    for grant in grants.listed(connection, ids=ids) if ids else ():
        found.setdefault(grant.person, []).append(grant)
    return found


def _hours(connection: Connection, people: list[str], now: int) -> dict[tuple[str, str], dict[int, int]]:
    """What people spent by the hour, as far back as forecasts look."""
    first = now // MICROS_PER_HOUR - HISTORY_HOURS
    query = select(usage_hour).where(usage_hour.c.person.in_(people), usage_hour.c.hour >= first)
    found: dict[tuple[str, str], dict[int, int]] = {}
    for row in connection.execute(query):
        found.setdefault((row.person, row.unit), {})[row.hour] = row.amount_nanos
    return found


def _add_hours(connection: Connection, sums: list[tuple[str, str, int, int]], oldest: int) -> None:
    """Add to the spending by the hour, and forget what no forecast looks at any more."""
    rows = [
        {"person": who, "unit": unit, "hour": hour, "amount_nanos": max(-_MAX_HOUR, min(_MAX_HOUR, amount))}
        for who, unit, hour, amount in sums
    ]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        statement = _insert(connection)(usage_hour).values(rows[start : start + ROWS_AT_ONCE])
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=key_of(connection, "person", "unit", "hour"),
                set_={"amount_nanos": usage_hour.c.amount_nanos + statement.excluded.amount_nanos},
            )
        )
    people = sorted({row[0] for row in sums})
    for start in range(0, len(people), PEOPLE_AT_ONCE):
        old = usage_hour.c.hour < oldest // MICROS_PER_HOUR - DAY_HOURS
        some = usage_hour.c.person.in_(people[start : start + PEOPLE_AT_ONCE])
        connection.execute(delete(usage_hour).where(some, old))


def _move(connection: Connection, name: str, before: int, after: int) -> bool:
    """Move a mark of the watch on, unless another node did."""
    mark = notice_watch.c[name]
    moved = connection.execute(update(notice_watch).where(mark == before).values({name: after}))
    return moved.rowcount == 1


def _post(connection: Connection, found: list[Post], now: int) -> int:
    return sum(notices.post(connection, one.key, one.kind, one.person, one.fields, now) for one in found)


def _insert(connection: Connection) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
