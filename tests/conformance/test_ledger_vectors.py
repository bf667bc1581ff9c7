"""The collected cases of other ledgers: holds, burn order, corrections and splits, on both engines.

A case's `policy` decides where Bursar differs from its source. Cases of recurrence and reset belong to plans and their
calendar; they are named in OF_PLANS and run in `test_plan_vectors`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.ledger import (
    NEVER,
    Applied,
    Charge,
    Correct,
    LotTerms,
    Refused,
    Rejected,
    Release,
    Request,
    Revoke,
    Scope,
    Settle,
    Store,
    TakeHold,
    Tidy,
    Usage,
    Void,
    apply_now,
    reading,
)
from bursar.money import split

VECTORS = SHARED / "data" / "ledger-vectors.json"
pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason=WHY_NO_SHARED)
SUITES: dict[str, list[dict[str, Any]]] = json.loads(VECTORS.read_text())["suites"] if VECTORS.exists() else {}
OF_PLANS = {
    "daily recurrence replaces the balance; the overage of 20 carries into the new day",
    "recurring grant starting later, read exactly at its recurrence",
    "regression (PR #4252): another grant becoming active must not re-apply a recurrence",
    "reset: rollover = min(max, max(min, balance)); 100-10=90 -> 50",
    "reset with min=max=50 after 10 of overage, overage preserved -> 40",
    "back-dated reset must drop later snapshots",
    "late event inside the grace window changes the balance; after it, it goes to the next period",
    "plan 10, release 5, reopen 2",
    "plan 10, release 4, reopen 2",
}
"""Recurrence, resets and planned expiry: rules of a plan's calendar, not of the ledger."""
P = "per_1"


def named(suite: str) -> list[Any]:
    return [pytest.param(one, id=one["name"][:60]) for one in SUITES.get(suite, []) if one["name"] not in OF_PLANS]


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) * 1_000_000


def left(store: Store, at: int) -> dict[str, int]:
    return {lot.terms.id: lot.available for lot in store.read(lambda session: reading.balance(session, P, at))}


def give(store: Store, name: str, amount: int, at: int = 1, **terms: Any) -> None:
    lot = LotTerms(name, "USD", amount, terms.pop("effective", at), **terms)
    assert isinstance(apply_now(store, [Release(f"release:{name}", P, lot)], at)[0], Applied)


def charge(store: Store, name: str, amount: int, at: int, model: str = "") -> Applied:
    command = Charge(name, P, "USD", amount, Request(model=model), Usage(list_nanos=amount, at=at))
    answer = apply_now(store, [command], at)[0]
    assert isinstance(answer, Applied)
    return answer


def hold(store: Store, name: str, amount: int, at: int, expires: int = 10**6, on_lapse: str = "released") -> Any:
    return apply_now(store, [TakeHold(name, P, "USD", amount, amount, expires, on_lapse=on_lapse)], at)[0]


@pytest.mark.parametrize("case", named("burn_down"))
def test_burn_down(store: Store, case: dict[str, Any]) -> None:
    given = case["input"]
    events: list[tuple[int, int, Any]] = []
    for grant in given["grants"]:
        effective = micros(grant["effective_at"])
        lot = LotTerms(
            grant["id"],
            "USD",
            grant["amount"],
            effective,
            micros(grant["expires_at"]),
            priority=grant.get("priority", 50),
        )
        events.append((min(effective, micros(given["start"])), 0, Release(f"r{grant['id']}", P, lot)))
        if "voided_at" in grant:
            events.append((micros(grant["voided_at"]), 1, Revoke(f"v{grant['id']}", P, grant["id"])))
    for number, use in enumerate(given["usage"]):
        at = micros(use["at"])
        events.append(
            (at, 2, Charge(f"u{number}", P, "USD", use["amount"], usage=Usage(list_nanos=use["amount"], at=at)))
        )
    overage = 0
    for at, _, command in sorted(events, key=lambda one: one[:2]):
        answer = apply_now(store, [command], at)[0]
        assert isinstance(answer, Applied)
        overage += answer.overage
    until = micros(given["until"])
    balances = left(store, until) if given["grants"] else {}
    open_lots = {lot.terms.id for lot in store.read(lambda session: reading.balance(session, P, until)) if lot.open}
    balances = {name: amount if name in open_lots else 0 for name, amount in balances.items()}
    expected = case["expected"]
    if str(case.get("policy", "")).startswith("REJECT"):
        # A new grant never pays for old overage: what was spent before it opened stays overage.
        early = sum(
            use["amount"] for use in given["usage"] if micros(use["at"]) < micros(given["grants"][0]["effective_at"])
        )
        assert overage == early
        assert balances == {name: amount + early for name, amount in expected["balances"].items()}
        return
    assert balances == expected["balances"]
    assert overage == expected["overage"]


EXPIRIES = {"Aug 15": 815, "Sep 1": 901, "T10": 10_000, "T15": 15_000}


@pytest.mark.parametrize("case", named("ordering"))
def test_ordering(store: Store, case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    sources = given.get("grants") or [
        {"id": name, "balance": balance, "created": number}
        for number, (name, balance) in enumerate(given.get("sources", []))
    ]
    if not sources:  # single balances: soft limit, and the choice between overage and refusal
        give(store, "only", given["balance"])
        if "charge" in given:
            refused = hold(store, "strict", given["charge"], 2)
            assert isinstance(refused, Refused)
            answer = charge(store, "soft", given["charge"], 2)
            assert (answer.amount - answer.overage, answer.overage) == (40, 60)
            return
        answer = charge(store, "soft", given["debit"], 2)
        assert (answer.draws[0].amount, answer.overage) == (expected["drawn"], expected["overdraft"])
        return
    for number, grant in enumerate(sources):
        give(
            store,
            grant["id"],
            grant["balance"],
            at=1,
            effective=grant.get("created", number) + 200,
            expires=EXPIRIES.get(grant.get("expires"), NEVER),
            priority=grant.get("priority", 50),
            promotional=grant.get("category") == "promotional",
        )
    draws = [
        [[draw.lot, draw.amount] for draw in charge(store, f"d{number}", amount, 500).draws]
        for number, amount in enumerate(given.get("debits") or [given["debit"]])
    ]
    wanted = expected.get("draws") or ([expected["draw"]] if "draw" in expected else None)
    if wanted is not None:
        assert draws == wanted
    balances = left(store, 500)
    for name, amount in expected.get("left", {}).items():
        assert balances[name] == amount


def test_hold_post_in_full_in_part_and_void(store: Store) -> None:
    give(store, "lot", 1000)
    for number, ending in enumerate((123, 100, None)):
        at = 10 * number + 5
        before = left(store, at)["lot"]
        assert hold(store, f"h{number}", 123, at).amount == 123
        assert left(store, at)["lot"] == before - 123
        command = (
            Void(f"e{number}", P, f"h{number}") if ending is None else Settle(f"e{number}", P, f"h{number}", ending)
        )
        assert isinstance(apply_now(store, [command], at + 1)[0], Applied)
        assert left(store, at + 1)["lot"] == before - (ending or 0)


def test_hold_post_more_than_reserved_takes_the_true_cost(store: Store) -> None:
    give(store, "lot", 150)
    hold(store, "h", 100, 5)
    answer = apply_now(store, [Settle("s", P, "h", 101)], 6)[0]
    assert (answer.amount, answer.overage) == (101, 0)
    assert left(store, 6)["lot"] == 49


def test_hold_resolve_twice(store: Store) -> None:
    give(store, "lot", 1000)
    for name in ("a", "b"):
        hold(store, name, 10, 5)
    hold(store, "c", 10, 5, expires=7)
    first = apply_now(store, [Settle("sa", P, "a", 10)], 6)[0]
    again = apply_now(store, [Settle("sa", P, "a", 10)], 6)[0]
    assert again.replayed
    assert (again.amount, again.draws) == (first.amount, first.draws)
    assert apply_now(store, [Settle("sa", P, "a", 9)], 6)[0].reason == "conflict"
    assert apply_now(store, [Settle("sa2", P, "a", 10)], 6)[0].state == "settled"
    apply_now(store, [Void("vb", P, "b")], 6)
    assert apply_now(store, [Settle("sb", P, "b", 10)], 6)[0].state == "voided"
    assert apply_now(store, [Settle("sc", P, "c", 10)], 8)[0].state == "expired"


def test_hold_pessimistic_and_admission_counts_what_is_held(store: Store) -> None:
    give(store, "lot", 100)
    charge(store, "spent", 70, 2)
    assert isinstance(hold(store, "h", 50, 3), Refused)
    give(store, "more", 4970)
    outcomes = [hold(store, f"h{number}", 1000, 4) for number in range(6)]
    assert [isinstance(one, Applied) for one in outcomes] == [True] * 5 + [False]


def test_hold_settle_beyond_the_hold_over_two_pools(store: Store) -> None:
    give(store, "hourly", 5, expires=5000)
    give(store, "monthly", 10, expires=9000)
    hold(store, "h", 8, 5)
    apply_now(store, [Settle("s", P, "h", 11)], 6)
    assert sum(left(store, 6).values()) == 4


def test_hold_unwinds_last_drawn_first(store: Store) -> None:
    give(store, "r0", 100, expires=5000)
    give(store, "r1", 100, expires=6000)
    give(store, "main", 100)
    hold(store, "h", 250, 5)
    apply_now(store, [Settle("s", P, "h", 80)], 6)
    assert left(store, 6) == {"r0": 20, "r1": 100, "main": 100}


def test_hold_returns_the_rest(store: Store) -> None:
    give(store, "lot", 1000)
    hold(store, "h", 1000, 5)
    apply_now(store, [Settle("s", P, "h", 743)], 6)
    assert left(store, 6)["lot"] == 257


def test_an_expired_hold_reads_as_released_even_if_no_sweep_has_run(store: Store) -> None:
    give(store, "lot", 10)
    hold(store, "h", 10, 1, expires=5)
    assert left(store, 4)["lot"] == 0
    assert left(store, 10)["lot"] == 10


@pytest.mark.parametrize("sweep", ["before", "after", "never"])
def test_settling_after_the_grant_expired_does_not_depend_on_who_swept_first(store: Store, sweep: str) -> None:
    give(store, "lot", 100, expires=10)
    hold(store, "h", 60, 9)
    if sweep == "before":
        apply_now(store, [Tidy("t", P)], 10)
    apply_now(store, [Settle("s", P, "h", 60)], 11)
    if sweep == "after":
        apply_now(store, [Tidy("t", P)], 12)
    (lot,) = store.read(lambda session: reading.balance(session, P, 20))
    assert (lot.spent, lot.expired, lot.available) == (60, 40, 0)


def test_worst_case_holds_do_not_starve_and_do_not_overshoot(store: Store) -> None:
    give(store, "lot", 25_000)
    answers = [apply_now(store, [TakeHold(f"h{number}", P, "USD", 8_000, 500, 10**6)], 5)[0] for number in range(25)]
    taken = [one for one in answers if isinstance(one, Applied)]
    assert len(taken) >= 20
    assert sum(one.amount for one in taken) <= 25_000
    give(store, "cap", 45)
    five = [apply_now(store, [TakeHold(f"toctou{n}", P, "USD", 15_000, 15_000, 10**6)], 6)[0] for n in range(5)]
    assert all(isinstance(one, Refused) for one in five)


def test_eight_first_requests_of_an_unknown_person_are_refused(store: Store) -> None:
    answers = apply_now(store, [TakeHold(f"h{n}", "per_new", "USD", 264_000, 264_000, 10**6) for n in range(8)], 5)
    assert all(isinstance(one, Refused) for one in answers)


@pytest.mark.parametrize("refund", [5, 8])
def test_a_refund_unwinds_in_reverse_order(store: Store, refund: int) -> None:
    give(store, "T10", 4, expires=10_000)
    give(store, "T15", 6, expires=15_000)
    charge(store, "c", 10, 5)
    apply_now(store, [Correct("fix", P, "c", 10 - refund)], 6)
    expected = {5: {"T10": 0, "T15": 5}, 8: {"T10": 2, "T15": 6}}[refund]
    assert left(store, 6) == expected


def test_a_refund_of_seven_out_of_five_and_five(store: Store) -> None:
    give(store, "T10", 5, expires=10_000)
    give(store, "T15", 5, expires=15_000)
    charge(store, "c", 10, 5)
    apply_now(store, [Correct("fix", P, "c", 3)], 6)
    assert left(store, 6) == {"T10": 2, "T15": 5}


def test_what_was_used_does_not_expire(store: Store) -> None:
    give(store, "T10", 10, at=1, expires=10)
    charge(store, "c1", 5, 2)
    give(store, "T15", 15, at=3, effective=3, expires=15)
    charge(store, "c2", 10, 4)
    lots = {lot.terms.id: lot for lot in store.read(lambda session: reading.balance(session, P, 20))}
    assert lots["T10"].expired == 0
    assert lots["T15"].expired == 10


def test_two_lots_that_expire_together_are_netted_each_for_itself(store: Store) -> None:
    give(store, "A", 10, expires=10)
    give(store, "B", 7, expires=10)
    charge(store, "c", 3, 2)
    lots = {lot.terms.id: lot.expired for lot in store.read(lambda session: reading.balance(session, P, 10))}
    assert lots == {"A": 7, "B": 7}


def test_a_credit_that_returns_after_its_expiry_expires_at_once(store: Store) -> None:
    give(store, "T10", 5, expires=10)
    charge(store, "c", 5, 2)
    apply_now(store, [Correct("fix", P, "c", 0)], 11)
    (lot,) = store.read(lambda session: reading.balance(session, P, 11))
    assert (lot.available, lot.expired) == (0, 5)


def test_a_correction_of_something_unknown_is_rejected(store: Store) -> None:
    answer = apply_now(store, [Correct("fix", P, "nothing", 0)], 3)[0]
    assert isinstance(answer, Rejected)
    assert answer.reason == "no_such_charge"


def test_split_seventy_seven_dollars() -> None:
    assert split(77, [1, 2, 7]) == [8, 16, 53]
    assert sum(split(53, [1, 1])) == 53


def test_split_by_cap_then_the_next_source(store: Store) -> None:
    give(store, "s1", 40, priority=10)
    give(store, "s2", 500, priority=20)
    assert [[draw.lot, draw.amount] for draw in charge(store, "c", 100, 2).draws] == [["s1", 40], ["s2", 60]]


def test_split_an_overdraft_is_never_doubled_within_one_charge(store: Store) -> None:
    give(store, "s", 5)
    answer = charge(store, "c", 10, 2)
    assert (answer.draws[0].amount, answer.overage) == (5, 5)
    again = charge(store, "c2", 10, 2)
    assert (again.draws, again.overage) == ((), 10)


def test_split_restricted_money_first(store: Store) -> None:
    give(store, "plain", 100)
    give(store, "RED", 20, priority=60, scope=Scope(models=("claude-*",)))
    give(store, "BLUE", 30, priority=70, scope=Scope(models=("*-sonnet",)))
    draws = charge(store, "c", 100, 2, model="claude-sonnet").draws
    assert [[draw.lot, draw.amount] for draw in draws] == [["RED", 20], ["BLUE", 30], ["plain", 50]]
    assert charge(store, "d", 10, 2, model="gpt").draws[0].lot == "plain"


def test_no_case_of_these_suites_is_left_out() -> None:
    assert len(SUITES["burn_down"]) == len(named("burn_down")) + sum(
        1 for one in SUITES["burn_down"] if one["name"] in OF_PLANS
    )
    assert len(SUITES["ordering"]) == len(named("ordering"))
    assert len(SUITES["holds"]) == 14  # each has a test of its own above, by what it says
    assert len(SUITES["corrections_expiry_point_in_time"]) == 11
    assert len(SUITES["splits"]) == 6
