"""What people ask the ledger: balance, statement, usage, grants, prices, live requests, health."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bursar.calendar import parse_zone
from bursar.errors import BursarError, InvalidInput
from bursar.exchange.notify import forecast_sentence
from bursar.ledger import NEVER, LotTerms, StoreUnavailable, months, reading
from bursar.ledger.session import MICROS_PER_DAY, Session
from bursar.office.catalogue import pricing
from bursar.office.database import check_schema
from bursar.office.database import reading as looking
from bursar.office.figures import usage_sums
from bursar.office.telling import watch

if TYPE_CHECKING:
    from bursar.office.desk import Desk

UNIT = "USD"
"""What the figures of a report are in where they do not name a unit; other units are told beside it, never added."""
RECENT = 20


def _iso(micros: int) -> str:
    return datetime.fromtimestamp(micros // 1_000_000, UTC).isoformat().replace("+00:00", "Z")


def balance(desk: Desk, person: str, at: str = "") -> dict[str, Any]:
    """What a person has, lot by lot, now or at an instant of the past."""
    holder = desk.person(person)
    when = desk.instant(at, holder["zone"], "at") if at else desk.now()
    lots = _balance(desk, holder["id"], when)
    # A forecast is made from what is known now, so there is none of the past.
    runs_out_at = None if at else watch.runs_out_at(desk, holder["id"], parse_zone(holder["zone"]), lots, when)
    return balance_of(desk, holder, lots, when, runs_out_at)


def balance_of(
    desk: Desk, holder: dict[str, Any], lots: list[reading.LotBalance], when: int, runs_out_at: int | None
) -> dict[str, Any]:
    """The same of lots that were read already, with the forecast that was made of them."""
    spent_by_day = _daily(desk, holder["id"], when, 30)
    usable = [lot for lot in lots if lot.open and lot.terms.unit == UNIT]
    available = sum(lot.available for lot in usable)
    week = sum(spent_by_day[-7:])
    others = sorted({lot.terms.unit for lot in lots if lot.open} - {UNIT})
    return {
        "person": holder["handle"],
        "name": holder["name"],
        "at": _iso(when),
        "available_nanos": available,
        "held_nanos": sum(lot.held for lot in usable),
        "spent_nanos": sum(lot.spent for lot in usable),
        "amount_nanos": sum(lot.terms.amount for lot in usable),
        "next_expiry": min((_iso(lot.terms.expires) for lot in usable if lot.terms.expires < NEVER), default=None),
        "days_left": None if not week else available * 7 // week,
        "runs_out_at": None if runs_out_at is None else _iso(runs_out_at),
        "forecast": "" if runs_out_at is None else forecast_sentence(runs_out_at, parse_zone(holder["zone"]), when),
        "spent_by_day_nanos": spent_by_day,
        "unit": UNIT,
        "other_units": [_totals(unit, [lot for lot in lots if lot.open and lot.terms.unit == unit]) for unit in others],
        "lots": [_lot(lot) for lot in lots if lot.open or lot.held or lot.terms.effective > when],
    }


def _totals(unit: str, lots: list[reading.LotBalance]) -> dict[str, Any]:
    return {
        "unit": unit,
        "available_nanos": sum(lot.available for lot in lots),
        "held_nanos": sum(lot.held for lot in lots),
        "spent_nanos": sum(lot.spent for lot in lots),
        "amount_nanos": sum(lot.terms.amount for lot in lots),
    }


def _balance(desk: Desk, person_id: str, when: int) -> list[reading.LotBalance]:
    return desk.store.read(lambda session: reading.balance(session, person_id, when))


def _lot(lot: reading.LotBalance) -> dict[str, Any]:
    terms = lot.terms
    return {
        "lot": terms.id,
        "grant": terms.grant,
        "label": terms.label,
        "unit": terms.unit,
        "amount_nanos": terms.amount,
        "available_nanos": lot.available,
        "held_nanos": lot.held,
        "spent_nanos": lot.spent,
        "expired_nanos": lot.expired,
        "revoked_nanos": lot.revoked,
        "effective_micros": terms.effective,
        "expires_micros": terms.expires,
        "expires": None if terms.expires >= NEVER else _iso(terms.expires),
        "priority": terms.priority,
        "scope": scope_words(terms),
        "open": lot.open,
    }


def _purpose_words(purpose: str) -> str:
    kind, slash, project = purpose.partition("/")
    return f"{kind} use" if not slash else f"project {project}" if not kind else f"{kind} use of project {project}"


def scope_words(terms: LotTerms) -> str:
    parts = [*terms.scope.providers, *terms.scope.models, *(_purpose_words(one) for one in terms.scope.purposes)]
    return ", ".join(parts)


def _daily(desk: Desk, person_id: str, at: int, days: int) -> list[int]:
    last = at // MICROS_PER_DAY
    sums = desk.store.read(lambda session: usage_sums.usage_by(session, "day", last - days + 1, last + 1, person_id))
    by_day = {int(one.key): one.amount for one in sums}
    return [by_day.get(day, 0) for day in range(last - days + 1, last + 1)]


def statement(desk: Desk, person: str, start: str = "", end: str = "") -> dict[str, Any]:
    """Everything that changed a person's account; without dates, since the first of the month."""
    holder = desk.person(person)
    now = desk.now()
    first = datetime.fromtimestamp(now // 1_000_000, UTC).replace(day=1, hour=0, minute=0, second=0)
    begins = desk.instant(start, holder["zone"], "from") if start else int(first.timestamp()) * 1_000_000
    ends = desk.instant(end, holder["zone"], "until") if end else now + 1
    if ends <= begins:
        raise InvalidInput("until", end or "now", f"an instant after {start or 'the first of the month'}")
    units = desk.store.read(lambda session: reading.units_of(session, holder["id"]))
    by_unit = {
        unit: desk.store.read(lambda session, unit=unit: reading.statement(session, holder["id"], begins, ends, unit))  # type: ignore[misc]
        for unit in sorted({UNIT, *units})
    }
    others = [unit for unit, one in by_unit.items() if unit != UNIT and (one.lines or one.opening)]
    return {
        "person": holder["handle"],
        "from": _iso(begins),
        "until": _iso(ends),
        **_statement(UNIT, by_unit[UNIT]),
        "other_units": [_statement(unit, by_unit[unit]) for unit in others],
    }


def _statement(unit: str, found: reading.Statement) -> dict[str, Any]:
    return {
        "unit": unit,
        "opening_nanos": found.opening,
        "closing_nanos": found.closing,
        "lines": [
            {
                "seq": line.seq,
                "at": _iso(line.at),
                "at_micros": line.at,
                "kind": line.kind,
                "what": line.label if line.usage is None else line.usage.model,
                "change_nanos": line.change,
                "spent_nanos": line.spent,
                "balance_nanos": line.balance,
                "list_nanos": line.usage.list_nanos if line.usage else None,
                "cost_nanos": line.usage.cost_nanos if line.usage else None,
                "status": line.usage.status if line.usage else None,
                "request_id": line.usage.request_id if line.usage else None,
                "tokens": dict(line.usage.tokens) if line.usage else None,
                "note": line.note,
            }
            for line in found.lines
        ],
    }


def usage(desk: Desk, by: str, *, person: str = "", start: str = "", end: str = "") -> dict[str, Any]:
    """Totals by person, model, provider, project, purpose or day."""
    if by not in reading.GROUPS:
        raise InvalidInput("by", repr(by), f"one of {', '.join(reading.GROUPS)}")
    holder = desk.person(person) if person else None
    today = desk.now() // MICROS_PER_DAY
    first = desk.instant(start, "UTC", "from") // MICROS_PER_DAY if start else today - 29
    last = desk.instant(end, "UTC", "until") // MICROS_PER_DAY if end else today + 1
    names = {one["id"]: one["handle"] for one in desk.people()} if by == "person" else {}
    person_id = holder["id"] if holder else ""

    def read(session: Session) -> list[dict[str, Any]]:
        used = usage_sums.units_used(session, first, last, person_id)
        return [
            _usage(
                by,
                first,
                last,
                unit,
                usage_sums.usage_by(session, by, first, last, person_id, unit),
                usage_sums.usage_by(session, "day", first, last, person_id, unit),
                names,
            )
            for unit in (UNIT, *(one for one in used if one != UNIT))
        ]

    usual, *others = desk.store.read(read)
    return {
        "by": by,
        "from": _iso(first * MICROS_PER_DAY),
        "until": _iso(last * MICROS_PER_DAY),
        **usual,
        "other_units": others,
    }


def _usage(
    by: str,
    first: int,
    last: int,
    unit: str,
    sums: list[reading.UsageSum],
    days: list[reading.UsageSum],
    names: dict[str, str],
) -> dict[str, Any]:
    by_day = {int(one.key): one.amount for one in days}
    return {
        "unit": unit,
        "spent_by_day_nanos": [by_day.get(day, 0) for day in range(first, min(last, first + 366))],
        "rows": [
            {
                "key": names.get(one.key, one.key)
                if by != "day"
                else datetime.fromtimestamp(int(one.key) * 86400, UTC).date().isoformat(),
                "requests": one.requests,
                "input_tokens": one.input_tokens,
                "cached_tokens": one.cached_tokens,
                "output_tokens": one.output_tokens,
                "amount_nanos": one.amount,
                "list_nanos": one.list_nanos,
                "cost_nanos": one.cost_nanos,
                "overage_nanos": one.overage,
            }
            for one in sums
        ],
    }


def grants(desk: Desk, person: str = "", at: str = "") -> list[dict[str, Any]]:
    """Every lot of one person, or of everybody, now or as it was."""
    chosen = [desk.person(person)] if person else desk.people()
    when = desk.instant(at, "UTC", "at") if at else desk.now()
    found = []
    for holder in chosen:
        lots = _balance(desk, holder["id"], when)
        found += [{"person": holder["handle"], **_lot(lot)} for lot in lots]
    return found


def snapshot(desk: Desk) -> dict[str, Any]:
    """What is going on right now: requests in flight, spend by person today, the last charges, exposure."""
    now = desk.now()
    today = now // MICROS_PER_DAY
    names = {one["id"]: one["handle"] for one in desk.people()}

    def read(session: Any) -> dict[str, Any]:
        holds = session.open_holds()
        people = session.rows(
            "SELECT person, SUM(amount), SUM(available), SUM(held), SUM(spent) FROM lot "
            "WHERE unit = 'USD' AND effective <= ? AND expires > ? AND revoked_at = 0 GROUP BY person",
            now,
            now,
        )
        recent = session.rows(
            "SELECT at, person, model, amount, status, unit FROM charge ORDER BY seq DESC LIMIT ?", RECENT
        )
        minute = session.rows(
            "SELECT person, COUNT(*), COALESCE(SUM(amount), 0) FROM charge WHERE seq > "
            "(SELECT COALESCE(MAX(seq), 0) - 5000 FROM charge) AND at > ? AND unit = 'USD' GROUP BY person",
            now - 60_000_000,
        )
        return {"holds": holds, "people": people, "recent": recent, "minute": minute}

    found = desk.store.read(read)
    spent_today = {
        one.key: one
        for one in desk.store.read(lambda session: usage_sums.usage_by(session, "person", today, today + 1))
    }
    burning = {row[0]: (int(row[1]), int(row[2])) for row in found["minute"]}
    in_flight: dict[str, int] = {}
    for person, _ in found["holds"]:
        in_flight[person] = in_flight.get(person, 0) + 1
    return {
        "at": _iso(now),
        "in_flight": [
            {
                "person": names.get(person, person),
                "model": hold.request.model,
                "held_nanos": hold.amount,
                "since_micros": hold.taken,
                "agent": (hold.note or {}).get("agent", ""),
                "session": (hold.note or {}).get("session", ""),
            }
            for person, hold in found["holds"]
        ],
        "people": [
            {
                "person": names.get(row[0], row[0]),
                "amount_nanos": int(row[1]),
                "available_nanos": int(row[2]),
                "held_nanos": int(row[3]),
                "spent_nanos": int(row[4]),
                "in_flight": in_flight.get(row[0], 0),
                "today_nanos": spent_today[row[0]].amount if row[0] in spent_today else 0,
                "requests_minute": burning.get(row[0], (0, 0))[0],
                "spent_minute_nanos": burning.get(row[0], (0, 0))[1],
            }
            for row in found["people"]
        ],
        "recent": [
            {
                "at_micros": row[0],
                "person": names.get(row[1], row[1]),
                "model": row[2],
                "amount_nanos": row[3],
                "status": row[4],
                "unit": row[5],
            }
            for row in found["recent"]
        ],
    }


def doctor(desk: Desk) -> list[dict[str, Any]]:
    """What a platform engineer checks first, each with what to do about it."""
    checks: list[dict[str, Any]] = []

    def check(name: str, good: bool, detail: str, hint: str = "") -> None:
        checks.append({"check": name, "good": good, "detail": detail, "hint": "" if good else hint})

    try:
        check_schema(desk.engine)
        check("schema", True, "at the newest revision")
    except BursarError as error:
        check("schema", False, error.sentence, error.hint)
    try:
        desk.store.transact(lambda session: session.rows("SELECT 1"))
        check("database", True, desk.settings.url.split("@")[-1])
    except StoreUnavailable as error:
        check("database", False, str(error), "free the disk, or end what holds the lock")
    providers = desk.providers()
    check(
        "providers",
        bool(providers),
        f"{len(providers)} configured",
        "`bursar provider add openai --secret-env OPENAI_API_KEY`",
    )
    bare = [one["name"] for one in providers if one["secret"] == "none"]
    check(
        "provider keys",
        not bare,
        "all encrypted" if not bare else f"none for {', '.join(bare)}",
        "add them with --secret-env",
    )
    people = desk.people()
    check("people", bool(people), f"{len(people)} on the roster", "`bursar person add ada`")
    live = [one for one in desk.keys() if one["state"] == "live"]
    check("access keys", bool(live), f"{len(live)} live", "`bursar key issue ada`")
    with looking(desk.engine) as connection:
        book = pricing.current_book(connection)
    check("price book", True, f"version {book.version[:12]}")
    if desk.store.engine == "postgresql":
        astray = desk.store.read(months.strays)
        where = ", ".join(f"{rows} rows of {table}" for table, rows in astray.items())
        check("months", not astray, f"{where} lie in no month" if astray else "usage lies in its months")
    key_file = desk.settings.key_file
    where = "the environment" if desk.settings.master_key else str(Path(key_file))
    check("master key", True, f"from {where}; keep a copy apart from the database")
    return checks
