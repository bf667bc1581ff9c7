"""The collected cases of other systems' rollovers, calendars, prorations and resets, as plans that run on the ledger.

Every case goes through a plan's document, its calendar and the ledger's own rules. Where Bursar decides otherwise than
a case's source, the test says so and shows what Bursar does.
"""

from __future__ import annotations

import itertools
import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.support.plans import LedgerBooks, at, history_of, plan_of
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.grants import Rehearsal, Spending, execute
from bursar.ledger import Applied, Charge, Correct, Store, Usage, apply_now, reading
from bursar.ledger.reading import LotBalance
from bursar.money import NANO
from bursar.plans.document import PlanFaults
from bursar.plans.schedule import FOREVER, History, due
from bursar.plans.terms import Plan

VECTORS, GOLDEN = SHARED / "data" / "ledger-vectors.json", SHARED / "data" / "golden.json"
pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason=WHY_NO_SHARED)
SUITES: dict[str, list[dict[str, Any]]] = json.loads(VECTORS.read_text())["suites"] if VECTORS.exists() else {}
FIGURES: dict[str, Any] = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}


def case(suite: str, name: str) -> dict[str, Any]:
    (found,) = [one for one in SUITES[suite] if one["name"].startswith(name)]
    return found


def with_input(suite: str, key: str) -> list[Any]:
    cases = [one for one in SUITES.get(suite, []) if key in one["input"]]
    return [pytest.param(one, id=one.get("name", str(one["input"].get("at")))[:60]) for one in cases]


def rolled(lots: list[LotBalance]) -> list[int]:
    """What lives on of earlier periods, oldest first, in whole units."""
    kept = [lot for lot in lots if lot.terms.parent and lot.open and lot.available]
    return [lot.available // NANO for lot in sorted(kept, key=lambda lot: lot.terms.effective)]


def fresh(lots: list[LotBalance]) -> int:
    return sum(lot.available for lot in lots if not lot.terms.parent and lot.open) // NANO


def use(plan: Plan, when: str | date, amount: float) -> Spending:
    return Spending(at(plan, when), round(amount * NANO))


# Rollover.


@pytest.mark.parametrize("one", with_input("rollover", "used"))
def test_rollover_over_months(one: dict[str, Any]) -> None:
    given, expected = one["input"], one["expected"]
    cap = f"{given['cap_pct']}%" if "cap_pct" in given else f"${given['cap']}"
    plan = plan_of(given["included"], rollover={"cap": cap, "periods": "unlimited"})
    rehearsal = Rehearsal([history_of(plan, "2025-01-01")])
    for month, used in enumerate(given["used"], start=1):
        rehearsal.run(at(plan, date(2025, month + 1, 1)), [use(plan, date(2025, month, 10), used)])
        lots = rehearsal.lots("person", rehearsal.at)
        if month == 1 and "after_first" in expected:
            assert {"rollovers": rolled(lots), "balance": rehearsal.available(rehearsal.at) // NANO} == expected[
                "after_first"
            ]
    if "rollovers" in expected:
        assert rolled(lots) == expected["rollovers"]
        assert rehearsal.available(rehearsal.at) == expected["balance"] * NANO
    for number, state in enumerate(expected.get("states", [])):  # what is rolled burns before what is fresh
        if number:
            now = rehearsal.at + 1
            rehearsal.run(now, [Spending(now, given["then_debits"][number - 1] * NANO)])
        lots = rehearsal.lots("person", rehearsal.at)
        assert [sum(rolled(lots)), fresh(lots)] == state


def test_rollover_burns_what_is_rolled_first() -> None:
    one = case("rollover", "docs example")
    given = one["input"]
    plan = plan_of(given["main"], rollover={"periods": 1})
    rehearsal = Rehearsal([history_of(plan, "2025-01-01")])
    left_over = use(plan, "2025-01-10", given["main"] - given["rollover"])
    rehearsal.run(at(plan, "2025-02-10"), [left_over, use(plan, "2025-02-05", given["debit"])])
    lots = rehearsal.lots("person", rehearsal.at)
    assert {"rollover": sum(rolled(lots)), "main": fresh(lots)} == one["expected"]


def test_rollover_is_clamped_between_floor_and_cap() -> None:
    one = case("rollover", "openmeter clamp")
    for given, expected in zip(one["input"], one["expected"], strict=True):
        terms = {"cap": f"${given['max']}", "periods": 1, **({"floor": f"${given['min']}"} if given["min"] else {})}
        plan = plan_of(100, rollover=terms)
        rehearsal = Rehearsal([history_of(plan, "2025-01-01")])
        rehearsal.run(at(plan, "2025-02-01"), [use(plan, "2025-01-10", 100 - given["bal"])])
        assert sum(rolled(rehearsal.lots("person", rehearsal.at))) == expected


def test_a_floor_above_the_cap_is_a_fault_and_not_silently_the_cap() -> None:
    with pytest.raises(PlanFaults, match="cap"):
        plan_of(100, rollover={"floor": "$60", "cap": "$50", "periods": 1})


# Calendar. A plan's periods begin at midnight in its zone; where a case has an hour of its own, the days are the same.


@pytest.mark.parametrize("one", with_input("calendar", "n"))
def test_releases_fall_on_the_days_of_the_vectors(one: dict[str, Any]) -> None:
    given = one["input"]
    anchor = datetime.fromisoformat(given["anchor"]).date()
    plan = plan_of(allotment={"every": given["every"], "anchor": anchor.isoformat()})
    events = due(history_of(plan, anchor), 0, at(plan, one["expected"][-1]))
    assert [event.key for event in events] == one["expected"]
    assert [event.at for event in events] == [at(plan, day) for day in one["expected"]]


@pytest.mark.parametrize("one", with_input("calendar", "t"))
def test_the_lot_that_is_open_at_an_instant_is_that_of_its_period(one: dict[str, Any]) -> None:
    given = one["input"]
    anchor = datetime.fromisoformat(given["anchor"]).date()
    plan = plan_of(allotment={"every": given["every"], "anchor": anchor.isoformat()})
    rehearsal = Rehearsal([history_of(plan, anchor)])
    rehearsal.run(at(plan, given["t"]))
    (lot,) = [lot for lot in rehearsal.lots("person", rehearsal.at) if lot.open]
    start, end = (datetime.fromisoformat(text).date() for text in one["expected"])
    assert (lot.terms.effective, lot.terms.expires) == (at(plan, start), at(plan, end))


def test_the_calendar_and_the_anniversary_do_not_both_pay() -> None:
    assert case("calendar", "double allowance")["expected"].startswith("exactly one allotment per plan period")
    for anchor, days in (("grant", [20] * 12), ("calendar", [20] + [1] * 11)):
        history = history_of(plan_of(allotment={"anchor": anchor}), "2025-01-20")
        rehearsal = Rehearsal([history])
        for day in range(336):
            rehearsal.run(history.starts + day * 86_400_000_000)
        lots = sorted(
            (lot.terms for lot in rehearsal.lots("person", rehearsal.at)), key=lambda terms: (terms.effective, terms.id)
        )
        assert [int(terms.id[-2:]) for terms in lots][:12] == days
        assert all(one.expires == other.effective for one, other in itertools.pairwise(lots))


# Proration. Bursar counts whole days, so that a share can be checked on a calendar; the sources count seconds.

BY_DAYS = {
    "2025-01-20T00:00:00": "12/31",
    "2025-01-31T23:59:30": "1/31",
    "2025-01-01T00:00:00": "",
    "2025-01-16T12:00:00": "16/31",
}
"""What of January Bursar gives who comes at a time; the source's own share where the day begins."""


@pytest.mark.parametrize("one", with_input("proration", "at"))
def test_what_a_joiner_gets_of_january(one: dict[str, Any]) -> None:
    given = one["input"]
    plan = plan_of(given["amount"])
    history = history_of(plan, given["at"])
    january = [
        event.lot for event in due(history, 0, at(plan, "2025-12-31")) if event.at < at(plan, given["to"]) and event.lot
    ]
    if history.starts >= at(plan, given["to"]):
        assert january == []
        assert one["expected"] == "0"
        return
    (lot,) = january
    share = BY_DAYS[given["at"]]
    assert lot.evidence.startswith(share)
    days, whole = (int(part) for part in (share or "31/31").split("/"))
    assert abs(lot.amount * whole - given["amount"] * NANO * days) <= whole / 2
    if given["at"].endswith("T00:00:00"):
        assert round(lot.amount / NANO, one["scale"]) == float(one["expected"])


# Recurrences and resets, which the ledger's own suite leaves to plans.


def test_a_daily_recurrence_replaces_the_balance_and_keeps_overage_apart() -> None:
    one = case("burn_down", "daily recurrence replaces the balance")
    plan = plan_of(allotment={"every": "day"})
    rehearsal = Rehearsal([history_of(plan, "2024-01-01")])
    rehearsal.run(at(plan, one["input"]["until"]), [use(plan, "2024-01-01T01:00:00", 120)])
    # Policy: a new grant never pays for old overage, so the day begins with 100 where the source has 80.
    assert rehearsal.available(rehearsal.at) == 100 * NANO
    assert [over for _, over in rehearsal.unmet] == [20 * NANO]
    assert one["expected"]["balances"] == {"g1": 80}


@pytest.mark.parametrize("name", ["recurring grant starting later", "regression (PR #4252)"])
def test_recurring_beside_single_grants(name: str) -> None:
    one = case("burn_down", name)
    histories = []
    for grant in one["input"]["grants"]:
        recurrence = grant.get("recurrence")
        allotment = {"every": "once", "expires": grant["expires_at"][:10]}
        if recurrence:  # until the first recurrence the whole amount stands
            allotment = {"every": recurrence["every"], "anchor": recurrence["anchor"][:10], "proration": "none"}
        plan = plan_of(grant["amount"], allotment=allotment, priority=grant["priority"])
        histories.append(history_of(plan, datetime.fromisoformat(grant["effective_at"]), grant["id"]))
    spending = [use(plan, used["at"], used["amount"]) for used in one["input"]["usage"]]
    rehearsal = Rehearsal(histories)
    rehearsal.run(at(plan, one["input"]["until"]), spending)
    open_lots = [lot for lot in rehearsal.lots("person", rehearsal.at) if lot.open]
    assert {lot.terms.grant: lot.available // NANO for lot in open_lots} == one["expected"]["balances"]
    assert rehearsal.unmet == []


def test_a_reset_rolls_over_at_most_the_cap() -> None:
    one = case("burn_down", "reset: rollover")
    plan = plan_of(allotment={"every": "day"}, rollover={"cap": "$50", "periods": 1})
    rehearsal = Rehearsal([history_of(plan, "2024-01-01")])
    rehearsal.run(at(plan, one["input"]["until"]), [use(plan, "2024-01-01T01:00:00", 10)])
    lots = rehearsal.lots("person", rehearsal.at)
    assert rolled(lots) == [one["expected"]["balances"]["g1"]]
    assert fresh(lots) == 100  # the source's reset brings nothing new; Bursar's next period does


def test_a_reset_with_a_floor_leaves_overage_alone() -> None:
    one = case("burn_down", "reset with min=max=50")
    plan = plan_of(allotment={"every": "day"}, rollover={"floor": "$50", "cap": "$50", "periods": 1})
    rehearsal = Rehearsal([history_of(plan, "2024-01-01")])
    rehearsal.run(
        at(plan, one["input"]["until"]),
        [use(plan, "2024-01-01T01:00:00", 10), use(plan, "2024-01-01T02:00:00", 100)],
    )
    # Policy: the floor lives on whole and the overage of 10 stays overage, where the source nets them to 40.
    assert rolled(rehearsal.lots("person", rehearsal.at)) == [50]
    assert [over for _, over in rehearsal.unmet] == [10 * NANO]
    assert one["expected"]["balances"] == {"g1": 40}


def run_on(store: Store, history: History, until: int, recorded: int | None = None, after: int = 0) -> None:
    for event in due(history, after, until):
        execute(LedgerBooks(store, recorded), "ada", history, event)


@pytest.mark.parametrize(("used", "expired"), [(5, "release 5"), (4, "release 4")])
def test_what_is_given_back_of_a_charge_expires_with_the_lot(store: Store, used: int, expired: str) -> None:
    one = case("corrections_expiry_point_in_time", f"plan 10, {expired}")
    plan = plan_of(10, allotment={"expires": "period"})
    history = history_of(plan, "2025-01-01")
    run_on(store, history, history.starts)
    charge = Charge("c", "ada", "USD", used * NANO, usage=Usage(list_nanos=used * NANO))
    for command in (charge, Correct("back", "ada", "c", (used - 2) * NANO)):
        assert isinstance(apply_now(store, [command], history.starts + 1)[0], Applied)
    (lot,) = LedgerBooks(store).lots("ada", at(plan, "2025-02-01"))
    assert lot.expired == one["expected"]["expired"] * NANO


def test_a_boundary_that_is_executed_late_counts_from_its_own_time(store: Store) -> None:
    assert case("corrections_expiry_point_in_time", "back-dated reset")["input"].startswith("reset at T5 arriving")
    assert "both queryable" in case("corrections_expiry_point_in_time", "late event inside")["expected"]
    plan = plan_of(allotment={"every": "day"}, rollover={"share": "50%", "periods": 5})
    history = history_of(plan, "2025-01-01")
    run_on(store, history, history.starts)
    apply_now(store, [Charge("c", "ada", "USD", 10 * NANO)], at(plan, "2025-01-01T12:00:00"))
    fifth, eighth, ninth = (at(plan, f"2025-01-0{day}T12:00:00") for day in (5, 8, 9))
    books = LedgerBooks(store)
    before, head = books.lots("ada", eighth), store.read(lambda session: session.head().seq)
    assert [lot.available // NANO for lot in before if lot.open] == []  # of the 45 that rolled, five days are over
    run_on(store, history, fifth, recorded=eighth, after=history.starts)
    run_on(store, history, ninth, recorded=ninth, after=fifth)
    rehearsal = Rehearsal([history])
    rehearsal.run(ninth, [use(plan, "2025-01-01T12:00:00", 10)])
    assert {lot.terms.id: lot.available for lot in books.lots("ada", ninth)} == {
        lot.terms.id: lot.available for lot in rehearsal.lots("person", ninth)
    }
    # What was known then can still be asked: the two times are kept apart.
    assert store.read(lambda session: reading.balance(session, "ada", eighth, head)) == before


# Golden figures.

DEMAND = {1: 500, 2: 700, 3: 6000, 4: 2300}
ROLLOVERS: dict[str, Any] = {
    "G04_no_roll": "none",
    "G04_roll_full": {"periods": "unlimited"},
    "G04_roll_full_cap2000": {"periods": "unlimited", "cap": "$2,000"},
    "G04_roll_half_cap1000": {"periods": "unlimited", "share": "50%", "cap": "$1,000"},
    "G04_roll_full_ttl1": {"periods": 1},
}


@pytest.mark.parametrize("name", ROLLOVERS)
def test_four_quarters_of_rollover_are_golden(name: str) -> None:
    plan = plan_of(2500, allotment={"every": "quarter"}, rollover=ROLLOVERS[name])
    rehearsal = Rehearsal([history_of(plan, "2025-01-01")])
    rows, gone = [], 0
    for period, demand in DEMAND.items():
        start, end = at(plan, date(2025, 3 * period - 2, 1)), at(plan, date(2025 + period // 4, 3 * period % 12 + 1, 1))
        rehearsal.run(start)
        available, unmet = rehearsal.available(start), sum(over for _, over in rehearsal.unmet)
        rehearsal.run(end, [Spending(start + 40 * 86_400_000_000, demand * NANO)])
        lots = rehearsal.lots("person", end)
        short = sum(over for _, over in rehearsal.unmet) - unmet
        forfeited = sum(lot.expired for lot in lots) - gone
        gone += forfeited
        row = [available, demand * NANO - short, short, sum(rolled(lots)) * NANO, forfeited]
        rows.append({"period": period} | dict(zip(list(FIGURES[name]["rows"][0])[1:], row, strict=True)))
    exact = [{key: round(value * NANO) if key != "period" else value for key, value in row.items()}
             for row in FIGURES[name]["rows"]]  # fmt: skip
    assert rows == exact
    totals = FIGURES[name]["totals"]
    for key in ("used", "unmet", "forfeited"):
        assert sum(row[key] for row in rows) == totals[key] * NANO
    assert rows[-1]["carry"] == totals["final_carry"] * NANO


def vesting_of_four_years() -> Plan:
    return plan_of(
        48_000,
        allotment={"every": "once", "anchor": "grant"},
        vesting={"over": "48 months", "every": "month", "cliff": "12 months"},
    )


def after_months(months: int) -> date:
    return date(2025 + months // 12, months % 12 + 1, 1)


def test_a_thousand_a_month_after_a_cliff_is_golden() -> None:
    plan = vesting_of_four_years()
    rehearsal = Rehearsal([history_of(plan, "2025-01-01")])
    for month, vested in FIGURES["G05_vest"]["schedule"].items():
        rehearsal.run(at(plan, after_months(int(month))))
        assert rehearsal.available(rehearsal.at) == vested * NANO
    assert all(lot.terms.expires == FOREVER for lot in rehearsal.lots("person", rehearsal.at))


def test_leaving_after_twenty_months_is_golden() -> None:
    expected = FIGURES["G05_vest"]["leave_m20_consumed_14000"]
    plan = vesting_of_four_years()
    ends = at(plan, after_months(20) + timedelta(days=1))
    rehearsal = Rehearsal([history_of(plan, "2025-01-01", ends=ends, end_kind="left")])
    rehearsal.run(at(plan, after_months(60)), [use(plan, after_months(20), 14_000)])
    released = sum(done.released for done in rehearsal.done)
    taken = sum(done.taken_back for done in rehearsal.done)
    assert released == expected["vested"] * NANO
    assert taken == expected["vested_unspent"] * NANO
    assert 48_000 * NANO - released == expected["unvested_forfeited"] * NANO
    assert 48_000 * NANO - released + taken == expected["handcuff_value"] * NANO
    assert rehearsal.available(rehearsal.at) == 0


def test_a_signing_grant_of_twelve_months_is_golden() -> None:
    expected = FIGURES["G22_signing"]
    plan = plan_of(expected["face"], allotment={"every": "once", "expires": f"{expected['months']} months"})
    rehearsal = Rehearsal([history_of(plan, "2025-01-15")])
    monthly = [use(plan, date(2025, month, 20), expected["personal_per_month"]) for month in range(1, 13)]
    rehearsal.run(at(plan, "2026-01-15"), monthly)
    (lot,) = rehearsal.lots("person", rehearsal.at)
    assert (lot.spent, lot.expired) == (expected["consumed"] * NANO, expected["forfeit"] * NANO)


def test_no_case_of_these_suites_is_left_out() -> None:
    assert len(with_input("rollover", "used")) + 2 == len(SUITES["rollover"])
    assert len(with_input("calendar", "n")) + len(with_input("calendar", "t")) + 1 == len(SUITES["calendar"])
    assert len(with_input("proration", "at")) == len(SUITES["proration"])
    # Five more of burn-down, four of corrections: each has a test of its own above, by what it says.
    assert set(ROLLOVERS) == {name for name in FIGURES if name.startswith("G04")}
