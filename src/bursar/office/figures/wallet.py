"""A person's wallet: what is left, when it comes again, how long it lasts, how it burnt down, and what comes next.

How it burnt down is worked out backwards from what is there now: lots say when they were released, ended and with what;
the daily rollup says what was spent since. So it costs a few rows, however long the journal is.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bursar.calendar import from_micros, parse_zone
from bursar.ledger import reading as ledger
from bursar.ledger.session import MICROS_PER_DAY, Session
from bursar.office.figures import reports, usage_sums
from bursar.office.figures.forecast import ahead, rate_per_day
from bursar.office.telling import watch
from bursar.office.terms import explanations

if TYPE_CHECKING:
    from bursar.office.desk import Desk

UNIT = reports.UNIT
BACK_DAYS = 14
"""How far back the burn-down looks where no period says so."""
MOST_BACK_DAYS = 92
AHEAD_DAYS = 31
"""How far ahead it looks at most."""
COMING_MONTHS = 2


def wallet(desk: Desk, person: str) -> dict[str, Any]:
    """Balance by lot, with both clocks (`resets_micros` 0: never; `runs_out_micros` None: not before that), and the burn."""
    holder = desk.person(person)
    zone, now = parse_zone(holder["zone"]), desk.now()
    lots = desk.store.read(lambda session: ledger.balance(session, holder["id"], now))
    outlook = watch.outlook(desk, holder["id"], zone, lots, now)
    runs_out_at = outlook.runs_out_at if outlook and outlook.purse.available else None
    hourly = outlook.hourly if outlook else ()
    ends = [lot.terms.expires for lot in lots if lot.open and lot.terms.unit == UNIT]
    return {
        **reports.balance_of(desk, holder, lots, now, runs_out_at),
        "zone": zone.key,
        "resets_micros": outlook.resets if outlook else 0,
        "runs_out_micros": outlook.runs_out_at if outlook else None,
        "ends_micros": max(ends, default=0),
        "rate_day_nanos": rate_per_day(hourly, now, zone) if hourly else 0,
        "burn": burn_down(desk, holder["id"], lots, outlook, now, zone),
    }


def coming(desk: Desk, person: str, months: int = COMING_MONTHS) -> list[dict[str, Any]]:
    """What is released, rolls over, vests or expires in the months ahead if nothing more is spent, in order."""
    found: list[dict[str, Any]] = explanations.explain_person(desk, person, months)["timeline"]
    return found


def burn_down(
    desk: Desk,
    person_id: str,
    lots: list[ledger.LotBalance],
    outlook: watch.Outlook | None,
    now: int,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """What was left at the end of each day (UTC) of the present period, and what will be until it resets.

    `past` are pairs of day and nano-units, today's is now; `ahead` are day, low, middle and high, from now on.
    """
    ours = [lot for lot in lots if lot.terms.unit == UNIT]
    today = now // MICROS_PER_DAY
    begins = (outlook.begins if outlook else 0) // MICROS_PER_DAY
    # A period that began this week says little of how it burns.
    first = min(begins, today - 7) if begins > today - MOST_BACK_DAYS else today - BACK_DAYS

    def read(session: Session) -> tuple[dict[int, int], dict[str, int]]:
        sums = usage_sums.usage_by(session, "day", first, today + 1, person_id)
        taken = session.rows("SELECT id, revoked_at FROM lot WHERE person = ? AND revoked_at > 0", person_id)
        return {int(one.key): one.amount - one.overage for one in sums}, {str(row[0]): int(row[1]) for row in taken}

    by_day, revoked = desk.store.read(read)
    whole = sum(lot.spent for lot in ours)
    # From the newest day to the oldest: what was spent after the end of each.
    after = list(accumulate((by_day.get(day, 0) for day in range(today, first - 1, -1)), initial=0))
    past = []
    for day in range(first, today + 1):
        end = now if day == today else (day + 1) * MICROS_PER_DAY - 1
        released = sum(
            lot.terms.amount - _gone(lot, revoked.get(lot.terms.id, 0), end)
            for lot in ours
            if lot.terms.effective <= end
        )
        past.append((_day(day), max(0, released - whole + after[today - day])))
    return {"past": past, "ahead": _ahead(outlook, now, zone), "days": "UTC"}


def _ahead(outlook: watch.Outlook | None, now: int, zone: ZoneInfo) -> list[tuple[str, int, int, int]]:
    if outlook is None or not outlook.hourly:
        return []
    last = now + AHEAD_DAYS * MICROS_PER_DAY
    until = min(last, outlook.resets or last, outlook.purse.expires)
    owned = outlook.purse.available + outlook.purse.held
    found = ahead(outlook.hourly, owned, now, until, zone)
    return [(_day(one.at // MICROS_PER_DAY), one.low, one.middle, one.high) for one in found]


def _gone(lot: ledger.LotBalance, revoked_at: int, by: int) -> int:
    """What of a lot was no longer there by an instant without having been spent: expired, rolled over, revoked."""
    revoked = lot.revoked if 0 < revoked_at <= by else 0
    return revoked + (lot.expired + lot.rolled if lot.terms.expires <= by else 0)


def _day(day: int) -> str:
    return (from_micros(0) + timedelta(days=day)).date().isoformat()
