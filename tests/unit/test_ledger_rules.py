"""Every rule of the ledger on a book in memory, one at a time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bursar.ledger import (
    NEVER,
    Abandon,
    Answer,
    Applied,
    Charge,
    Command,
    Correct,
    LotTerms,
    Refused,
    Rejected,
    Release,
    Request,
    Revoke,
    Roll,
    Rollover,
    Scope,
    Settle,
    TakeHold,
    Tidy,
    Usage,
    Void,
)
from bursar.ledger.book import Book
from bursar.ledger.limits import MAX_COMMAND_BYTES, MAX_HOLD_MICROS
from bursar.ledger.rules import apply, happen
from bursar.ledger.sizing import hold_size, with_spent_lots
from bursar.ledger.values import MAX_AMOUNT, Lot

P = "per_1"


class Purse:
    """A book with short ways to say what happens to it."""

    def __init__(self) -> None:
        self.book = Book(P)
        self.count = 0

    def do(self, command: Command, now: int) -> Answer:
        return apply(self.book, command, now)

    def applied(self, command: Command, now: int) -> Applied:
        answer = self.do(command, now)
        assert isinstance(answer, Applied), answer
        return answer

    def give(self, name: str, amount: int, now: int = 0, **terms: Any) -> None:
        lot = LotTerms(name, terms.pop("unit", "USD"), amount, terms.pop("effective", 0), **terms)
        self.applied(Release(f"release:{name}", P, lot), now)

    def hold(self, name: str, amount: int, now: int, expires: int = 1_000, **fields: Any) -> Answer:
        return self.do(TakeHold(name, P, "USD", amount, amount, expires, **fields), now)

    def left(self, name: str) -> dict[str, int]:
        lot = self.book.lots[name]
        buckets = {part: getattr(lot, part) for part in ("available", "held", "spent", "expired", "revoked", "rolled")}
        assert sum(buckets.values()) == lot.terms.amount
        return {part: amount for part, amount in buckets.items() if amount}

    @property
    def last(self) -> Any:
        return self.book.entries[-1]


@pytest.fixture
def purse() -> Purse:
    return Purse()


# How much a request may hold.


@pytest.mark.parametrize(
    ("worst", "floor", "available", "expected"),
    [
        (50, 10, 1_000, 50),
        (1_000, 10, 800, 100),
        (1_000, 200, 800, 200),
        (5, 200, 5, 5),
        (1_000, 200, 199, None),
        (6, 200, 5, None),
        (0, 0, 0, 0),
        (1_000, 0, 0, 0),
    ],
)
def test_a_hold_is_the_worst_case_or_a_fair_share_but_never_below_the_floor(
    worst: int, floor: int, available: int, expected: int | None
) -> None:
    assert hold_size(worst, floor, available, 8) == expected


def test_forty_requests_share_what_one_worst_case_would_lock(purse: Purse) -> None:
    purse.give("lot", 5_000)
    sizes = [purse.do(TakeHold(f"h{n}", P, "USD", 50_000, 5, 1_000), 1) for n in range(40)]
    assert all(isinstance(one, Applied) for one in sizes)
    assert sum(one.amount for one in sizes if isinstance(one, Applied)) <= 5_000


# Burn order.


def test_lots_burn_by_scope_then_priority_then_expiry_then_promotion_then_age_then_name(purse: Purse) -> None:
    purse.give("z-oldest", 1, effective=-10)
    purse.give("b-same", 1)
    purse.give("a-same", 1)
    purse.give("promotional", 1, promotional=True)
    purse.give("early", 1, expires=500)
    purse.give("first", 1, priority=10)
    purse.give("mine", 1, priority=90, scope=Scope(models=("claude-*",)))
    answer = purse.applied(Charge("c", P, "USD", 7, Request(model="claude-opus")), 5)
    assert [draw.lot for draw in answer.draws] == [
        "mine",
        "first",
        "early",
        "promotional",
        "z-oldest",
        "a-same",
        "b-same",
    ]


@pytest.mark.parametrize(
    ("scope", "request_", "admitted"),
    [
        (Scope(), Request("any", "thing", "work"), True),
        (Scope(models=("claude-*", "gpt-4o")), Request(model="gpt-4o"), True),
        (Scope(models=("claude-*", "gpt-4o")), Request(model="gpt-4o-mini"), False),
        (Scope(providers=("openai",)), Request("anthropic", "claude"), False),
        (Scope(purposes=("personal",)), Request("openai", "gpt", "work"), False),
        (Scope(("openai",), ("gpt-*",), ("work",)), Request("openai", "gpt-4o", "work"), True),
    ],
)
def test_a_scope_admits_what_fits_each_of_its_parts(scope: Scope, request_: Request, admitted: bool) -> None:
    assert scope.admits(request_) is admitted


def test_a_restricted_lot_is_not_spent_on_anything_else(purse: Purse) -> None:
    purse.give("lot", 100, scope=Scope(models=("claude-*",)))
    answer = purse.applied(Charge("c", P, "USD", 10, Request(model="gpt")), 1)
    assert (answer.draws, answer.overage) == ((), 10)


def test_units_do_not_mix(purse: Purse) -> None:
    purse.give("tokens", 100, unit="claude-tokens")
    assert isinstance(purse.hold("h", 5, 1), Refused)


def test_a_lot_opens_at_its_instant_and_is_gone_at_its_expiry(purse: Purse) -> None:
    purse.give("lot", 100, effective=10, expires=20)
    early = purse.hold("early", 5, 9)
    assert isinstance(early, Refused)
    assert early.opens == 10
    assert isinstance(purse.hold("at", 5, 10), Applied)
    assert isinstance(purse.hold("last", 5, 19), Applied)
    assert isinstance(purse.hold("late", 5, 20), Refused)


# Holds and their ends.


def test_a_hold_lowers_what_is_available_at_once_and_says_what_is_left(purse: Purse) -> None:
    purse.give("lot", 100, expires=5_000)
    answer = purse.hold("h", 30, 1)
    assert isinstance(answer, Applied)
    assert (answer.amount, answer.available, answer.limit, answer.resets) == (30, 70, 100, 5_000)
    assert purse.left("lot") == {"available": 70, "held": 30}


def test_a_settlement_below_the_hold_gives_the_last_drawn_back_first(purse: Purse) -> None:
    purse.give("first", 100, expires=500)
    purse.give("second", 100)
    purse.hold("h", 150, 1)
    answer = purse.applied(Settle("s", P, "h", 120), 2)
    assert [(draw.lot, draw.amount) for draw in answer.draws] == [("first", 100), ("second", 20)]
    assert purse.left("second") == {"available": 80, "spent": 20}


def test_a_settlement_beyond_the_hold_is_never_refused(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("h", 60, 1)
    answer = purse.applied(Settle("s", P, "h", 130), 2)
    assert (answer.amount, answer.overage) == (130, 30)
    assert purse.left("lot") == {"spent": 100}
    assert purse.last.postings[-1].lot == ""


def test_a_void_gives_everything_back(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("h", 60, 1)
    purse.applied(Void("v", P, "h", "provider said 500"), 2)
    assert purse.left("lot") == {"available": 100}
    assert purse.last.note == "provider said 500"


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (Settle("x", P, "h", 5), "settled"),
        (Void("x", P, "h"), "voided"),
        (Abandon("x", P, "h"), "unresolved"),
        (None, "unresolved"),
    ],
)
@pytest.mark.parametrize("again", [Settle("y", P, "h", 5), Void("y", P, "h"), Abandon("y", P, "h")])
def test_a_hold_ends_exactly_once(purse: Purse, ending: Command | None, state: str, again: Command) -> None:
    purse.give("lot", 100)
    purse.hold("h", 60, 1, expires=50)
    if ending is not None:
        purse.applied(ending, 2)
    before = purse.left("lot") if ending is not None else {"available": 40, "spent": 60}
    answer = purse.do(again, 60)
    assert isinstance(answer, Rejected)
    assert (answer.reason, answer.state) == ("hold_ended", state)
    assert purse.left("lot") == before


def test_a_hold_past_its_time_reads_as_ended_without_a_sweep(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("h", 60, 1, expires=50, on_lapse="released")
    answer = purse.hold("next", 100, 50)
    assert isinstance(answer, Applied)
    assert purse.book.entries[-2].effective == 50
    assert purse.book.holds["h"].state == "expired"


def test_a_lapsed_hold_becomes_a_visible_unresolved_charge_by_policy(purse: Purse) -> None:
    purse.give("lot", 100)
    note = {"request_id": "r1", "key": "key_1", "agent": "coder", "project": "x", "session": "s", "dialect": "d"}
    purse.hold("h", 60, 1, expires=50, request=Request("openai", "gpt", "work"), note=note)
    purse.do(Tidy("t", P), 70)
    entry = purse.last
    assert (entry.kind, entry.command, entry.effective) == ("unresolved", "lapse:h", 50)
    assert (entry.usage.status, entry.usage.list_nanos, entry.usage.cost_nanos) == ("unresolved", 60, 60)
    assert (entry.usage.request_id, entry.usage.agent, entry.usage.model) == ("r1", "coder", "gpt")


def test_the_true_cost_that_comes_too_late_corrects_the_unresolved_charge(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("h", 60, 1, expires=50)
    purse.book.charges["lapse:h"] = []
    late = purse.do(Settle("s", P, "h", 12), 60)
    assert isinstance(late, Rejected)
    assert (late.state, late.charge) == ("unresolved", "lapse:h")
    purse.applied(Correct("late", P, late.charge, 12), 60)
    assert purse.left("lot") == {"available": 88, "spent": 12}


def test_a_dead_nodes_hold_ends_by_its_own_policy_before_its_time(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("kept", 10, 1)
    purse.hold("given back", 20, 1, on_lapse="released")
    assert purse.applied(Abandon("a1", P, "kept"), 2).kind == "unresolved"
    assert purse.applied(Abandon("a2", P, "given back"), 2).kind == "lapse"
    assert purse.left("lot") == {"available": 90, "spent": 10}


def test_a_hold_of_nothing_can_be_taken_and_settled(purse: Purse) -> None:
    assert isinstance(purse.do(TakeHold("h", P, "USD", 0, 0, 100), 1), Applied)
    assert purse.applied(Settle("s", P, "h", 0), 2).amount == 0


# Expiry and revocation.


def test_expiry_takes_only_what_is_not_held_and_the_rest_expires_when_it_is_given_back(purse: Purse) -> None:
    purse.give("lot", 100, expires=10)
    purse.hold("h", 60, 9)
    purse.do(Tidy("t", P), 11)
    assert purse.left("lot") == {"held": 60, "expired": 40}
    purse.applied(Settle("s", P, "h", 50), 12)
    assert purse.left("lot") == {"spent": 50, "expired": 50}


@pytest.mark.parametrize("roll", [None, Rollover(expires=90)])
def test_a_lot_expires_once_more_after_a_clock_that_went_far_back(purse: Purse, roll: Rollover | None) -> None:
    """Each expiry has an id of its own: a second one of the same id could never be written, and the person never touched."""
    purse.give("lot", 100, expires=50, roll=roll)
    purse.hold("h", 60, 1, expires=500)
    purse.do(Tidy("t1", P), 60)
    book = purse.book = Book(P, [purse.book.lots["lot"]], purse.book.holds.values(), applied=purse.book.applied)
    purse.applied(Void("v", P, "h"), 40)
    purse.do(Tidy("t2", P), 61)
    assert [entry.command for entry in book.entries] == ["v", "expire:lot:40" if roll is None else "expire:lot"]
    assert purse.left("lot") == ({"expired": 100} if roll is None else {"expired": 60, "rolled": 40})


def test_a_hold_that_lapses_at_the_instant_of_expiry_gives_nothing_back(purse: Purse) -> None:
    purse.give("lot", 100, expires=10)
    purse.hold("h", 60, 5, expires=10, on_lapse="released")
    purse.do(Tidy("t", P), 10)
    assert purse.left("lot") == {"expired": 100}


def test_what_falls_due_is_dated_when_it_fell_due_and_in_that_order(purse: Purse) -> None:
    purse.give("lot", 100, expires=40)
    purse.hold("late", 10, 1, expires=60)
    purse.hold("soon", 10, 1, expires=20, on_lapse="released")
    purse.do(Tidy("t", P), 100)
    assert [(entry.kind, entry.effective) for entry in purse.book.entries[-3:]] == [
        ("lapse", 20),
        ("expire", 40),
        ("unresolved", 60),
    ]


def test_a_lot_that_is_released_after_its_expiry_expires_at_once(purse: Purse) -> None:
    purse.give("lot", 100, now=50, effective=1, expires=10)
    assert purse.left("lot") == {"expired": 100}
    assert purse.last.effective == 50


def test_a_revocation_takes_what_is_unheld_and_the_rest_when_it_is_given_back(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("h", 60, 1)
    assert purse.applied(Revoke("r", P, "lot", "left the company"), 2).amount == 40
    purse.applied(Void("v", P, "h"), 3)
    assert purse.left("lot") == {"revoked": 100}


def test_a_revocation_of_a_lot_that_is_wholly_held_still_closes_it(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("h", 100, 1)
    answer = purse.applied(Revoke("r", P, "lot"), 2)
    assert (answer.amount, answer.draws, purse.last.corrects) == (0, (), "lot")
    purse.applied(Settle("s", P, "h", 30), 3)
    assert purse.left("lot") == {"spent": 30, "revoked": 70}


def test_a_lot_ends_once(purse: Purse) -> None:
    purse.give("lot", 100, expires=10)
    purse.give("other", 100)
    purse.applied(Revoke("r1", P, "other"), 2)
    assert purse.do(Revoke("r2", P, "other"), 3).reason == "lot_ended"  # type: ignore[union-attr]
    expired = purse.do(Revoke("r3", P, "lot"), 10)
    assert isinstance(expired, Rejected)
    assert (expired.reason, expired.state) == ("lot_ended", "expired")
    assert purse.do(Revoke("r4", P, "nothing"), 10).reason == "no_such_lot"  # type: ignore[union-attr]


# Charges and corrections.


def corrected(purse: Purse, of: str, amount: int, now: int, usage: Usage | None = None) -> Applied:
    purse.count += 1
    return purse.applied(Correct(f"fix{purse.count}", P, of, amount, usage), now)


def charged(purse: Purse, amount: int, now: int = 1, usage: Usage | None = None) -> None:
    purse.book.charges["c"] = []
    purse.applied(Charge("c", P, "USD", amount, Request(model="gpt"), usage), now)


def test_a_correction_downwards_unwinds_in_reverse_order(purse: Purse) -> None:
    purse.give("first", 5, expires=500)
    purse.give("second", 5)
    charged(purse, 12)
    assert corrected(purse, "c", 3, 2).amount == -9
    assert [posting.lot for posting in purse.last.postings] == ["", "second", "first"]
    assert purse.left("first") == {"available": 2, "spent": 3}
    assert purse.left("second") == {"available": 5}


def test_a_correction_upwards_draws_again_and_says_what_no_lot_covers(purse: Purse) -> None:
    purse.give("lot", 10)
    charged(purse, 4)
    answer = corrected(purse, "c", 15, 2)
    assert (answer.amount, answer.overage) == (11, 5)


def test_corrections_follow_each_other(purse: Purse) -> None:
    purse.give("lot", 100)
    charged(purse, 40)
    for total in (10, 70, 0, 25):
        corrected(purse, "c", total, 2)
        assert purse.book.lots["lot"].spent == total


def test_what_a_correction_gives_back_to_a_dead_lot_stays_dead(purse: Purse) -> None:
    purse.give("lot", 10, expires=10)
    charged(purse, 10)
    corrected(purse, "c", 4, 20)
    assert purse.left("lot") == {"spent": 4, "expired": 6}


def test_a_correction_without_figures_scales_those_of_the_charge_half_up(purse: Purse) -> None:
    purse.give("lot", 100)
    charged(purse, 4, usage=Usage(model="gpt", key="k", list_nanos=4, cost_nanos=3, at=1))
    corrected(purse, "c", 2, 2)
    assert (purse.last.usage.list_nanos, purse.last.usage.cost_nanos, purse.last.usage.status) == (2, 2, "corrected")


def test_a_correction_keeps_the_key_and_the_instant_of_its_charge(purse: Purse) -> None:
    purse.give("lot", 100)
    charged(purse, 4, usage=Usage(key="k", at=7))
    corrected(purse, "c", 2, 9, Usage(key="other", model="served"))
    assert (purse.last.usage.key, purse.last.usage.at, purse.last.usage.model) == ("k", 7, "served")


def test_a_correction_draws_for_the_request_as_it_was_asked(purse: Purse) -> None:
    purse.give("lot", 100, scope=Scope(models=("gpt-4o",)))
    purse.hold("h", 10, 1, request=Request("openai", "gpt-4o", "work"))
    purse.book.charges["s"] = []
    purse.applied(Settle("s", P, "h", 10, Usage(model="gpt-4o-2024-08-06", at=1)), 2)
    assert corrected(purse, "s", 30, 3).overage == 0


def test_a_charge_without_figures_still_has_a_usage_row(purse: Purse) -> None:
    purse.applied(Charge("c", P, "USD", 7, Request("openai", "gpt", "work")), 9)
    usage = purse.last.usage
    assert (usage.provider, usage.model, usage.list_nanos, usage.at) == ("openai", "gpt", 7, 9)


def test_a_settlement_without_figures_is_described_by_its_hold(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("h", 10, 1, request=Request("openai", "gpt", "work"), cap="key_1", cap_limit=50)
    purse.applied(Settle("s", P, "h", 10), 2)
    assert (purse.last.usage.key, purse.last.usage.model, purse.last.usage.status) == ("key_1", "gpt", "exact")


# Limits of access keys.


def test_a_key_never_holds_more_than_its_limit_leaves(purse: Purse) -> None:
    purse.give("lot", 1_000)
    assert isinstance(purse.hold("h1", 60, 1, cap="k", cap_limit=100), Applied)
    waiting = purse.hold("h2", 60, 1, cap="k", cap_limit=100)
    assert isinstance(waiting, Refused)
    assert (waiting.reason, waiting.cap, waiting.available, waiting.held) == ("contention", "k", 40, 60)
    purse.applied(Settle("s", P, "h1", 70), 2)
    used_up = purse.hold("h3", 60, 2, cap="k", cap_limit=100)
    assert isinstance(used_up, Refused)
    assert (used_up.reason, used_up.available, used_up.spent, used_up.limit) == ("cap", 30, 70, 100)
    assert isinstance(purse.hold("h4", 60, 2, cap="k", cap_limit=200), Applied)


def test_everything_that_came_through_a_key_counts_against_its_limit(purse: Purse) -> None:
    purse.give("lot", 1_000)
    purse.hold("h", 1, 1, cap="k", cap_limit=100)
    purse.applied(Void("v", P, "h"), 1)
    charged(purse, 40, usage=Usage(key="k", at=1))
    assert purse.book.caps[("k", "USD")].spent == 40
    corrected(purse, "c", 15, 2)
    assert purse.book.caps[("k", "USD")].spent == 15
    purse.hold("lapses", 20, 2, expires=5, cap="k", cap_limit=100)
    purse.do(Tidy("t", P), 6)
    assert (purse.book.caps[("k", "USD")].spent, purse.book.caps[("k", "USD")].held) == (35, 0)


def test_what_a_lapsed_hold_of_a_run_came_to_counts_against_the_run(purse: Purse) -> None:
    purse.give("lot", 1_000)
    note = {"key": "k"}
    purse.hold("h", 20, 1, expires=5, cap="run:k:nightly", cap_limit=30, note=note)
    purse.do(Tidy("t", P), 6)
    stopped = purse.hold("next", 20, 6, cap="run:k:nightly", cap_limit=30, note=note)
    assert isinstance(stopped, Refused)
    assert (stopped.reason, stopped.spent, stopped.available) == ("cap", 20, 10)


# Refusals.


def test_a_refusal_says_whether_waiting_helps(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.give("next", 500, effective=900)
    purse.hold("h", 80, 1)
    waiting = purse.hold("n", 90, 2)
    assert isinstance(waiting, Refused)
    assert (waiting.reason, waiting.needed, waiting.available, waiting.held) == ("contention", 90, 20, 80)
    exhausted = purse.hold("m", 101, 2)
    assert isinstance(exhausted, Refused)
    assert (exhausted.reason, exhausted.limit, exhausted.opens) == ("exhausted", 100, 900)


def test_a_refusal_counts_the_lots_of_which_nothing_is_left() -> None:
    refused = Refused("h", "exhausted", 5, 0, 0, 0, 0)
    gone = [
        Lot(LotTerms("used", "USD", 70, 0), spent=70),
        Lot(LotTerms("other unit", "EUR", 9, 0), spent=9),
        Lot(LotTerms("other model", "USD", 9, 0, scope=Scope(models=("claude",))), spent=9),
    ]
    command = TakeHold("h", P, "USD", 5, 5, 100, Request(model="gpt"))
    full = with_spent_lots(refused, command, gone, 1)
    assert (full.spent, full.limit) == (70, 70)
    about_a_key = msgspec.structs.replace(refused, cap="k")
    assert with_spent_lots(about_a_key, command, gone, 1) == about_a_key


def test_a_refusal_moves_nothing_and_may_be_tried_again(purse: Purse) -> None:
    purse.give("lot", 10)
    entries = len(purse.book.entries)
    assert isinstance(purse.hold("h", 50, 1), Refused)
    assert len(purse.book.entries) == entries
    purse.give("more", 100)
    assert isinstance(purse.hold("h", 50, 1), Applied)


# Idempotency.


def test_the_same_command_again_has_its_first_answer(purse: Purse) -> None:
    purse.give("lot", 100)
    first = purse.hold("h", 60, 1)
    again = purse.hold("h", 60, 5)
    assert isinstance(first, Applied)
    assert isinstance(again, Applied)
    assert (again.amount, again.draws, again.replayed) == (first.amount, first.draws, True)
    assert purse.left("lot") == {"available": 40, "held": 60}


def test_the_same_id_with_other_content_is_a_conflict(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("h", 60, 1)
    assert purse.hold("h", 61, 1).reason == "conflict"  # type: ignore[union-attr]
    assert purse.do(Void("h", P, "h"), 1).reason == "conflict"  # type: ignore[union-attr]


def test_a_lot_id_is_used_once_whoever_has_it(purse: Purse) -> None:
    purse.give("lot", 100)
    stranger = Book("per_2", applied=purse.book.applied, taken=purse.book.taken)
    for book in (purse.book, stranger):
        answer = apply(book, Release(f"again {book.person}", book.person, LotTerms("lot", "USD", 5, 0)), 1)
        assert isinstance(answer, Rejected)
        assert answer.reason == "conflict"


# Bad input.


def lot(**terms: Any) -> LotTerms:
    return LotTerms(**{"id": "lot", "unit": "USD", "amount": 5, "effective": 1, **terms})


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (Release("r", P, lot(amount=0)), "lot.amount"),
        (Release("r", P, lot(amount=MAX_AMOUNT + 1)), "lot.amount"),
        (Release("r", P, lot(amount=1.5)), "lot.amount"),
        (Release("r", P, lot(id="")), "lot.id"),
        (Release("r", P, lot(unit="")), "lot.unit"),
        (Release("r", P, lot(expires=1)), "lot.expires"),
        (Release("r", P, lot(expires=NEVER + 1)), "lot.expires"),
        (Release("r", P, lot(priority=101)), "lot.priority"),
        (TakeHold("h", P, "USD", -1, 0, 50), "worst"),
        (TakeHold("h", P, "USD", 1, True, 50), "floor"),
        (TakeHold("h", P, "USD", 1, 1, 50, cap="k", cap_limit=-1), "cap_limit"),
        (TakeHold("h", P, "", 1, 1, 50), "unit"),
        (TakeHold("h", P, "USD", 1, 1, 9), "expires"),
        (TakeHold("h", P, "USD", 1, 1, 10 + MAX_HOLD_MICROS), "expires"),
        (TakeHold("h", P, "USD", 1, 1, 50, share_divisor=0), "share_divisor"),
        (TakeHold("h", P, "USD", 1, 1, 50, on_lapse="forgiven"), "on_lapse"),
        (Settle("s", P, "h", -1), "amount"),
        (Settle("s", P, "h", 1, Usage(status="guessed")), "usage.status"),
        (Settle("s", P, "h", 1, Usage(list_nanos=-1)), "usage.list_nanos"),
        (Settle("s", P, "h", 1, Usage(cost_nanos=-1)), "usage.cost_nanos"),
        (Settle("s", P, "h", 1, Usage(tokens={"input": -5})), "usage.tokens.input"),
        (Charge("c", P, "", 1), "unit"),
        (Charge("c", P, "USD", 2**62), "amount"),
        (Correct("x", P, "c", -1), "amount"),
        (Tidy("", P), "id"),
        (Tidy("x" * 201, P), "id"),
        (Tidy("lapse:h", P), "id"),
        (Tidy("expire:lot", P), "id"),
        (Tidy("t", ""), "person"),
        (Void("v", P, "h", "x" * MAX_COMMAND_BYTES), "command"),
    ],
)
def test_bad_input_is_rejected_with_the_field_that_is_wrong(purse: Purse, command: Command, field: str) -> None:
    answer = purse.do(command, 9)
    assert isinstance(answer, Rejected)
    assert answer.reason == "invalid"
    assert answer.sentence.startswith(f"{field}: found ")
    assert ", expected " in answer.sentence
    assert purse.book.entries == []


def test_characters_that_a_store_cannot_keep_are_replaced(purse: Purse) -> None:
    purse.give("lot", 100)
    purse.hold("h", 10, 1, note={"agent": "co\0der"})
    purse.applied(Settle("s", P, "h", 5, Usage(session="a\0b", at=1)), 2)
    assert purse.last.usage.session == "a\ufffdb"
    assert purse.book.holds["h"].note == {"agent": "co\ufffdder"}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (Settle("s", P, "h", 1), "no_such_hold"),
        (Void("v", P, "h"), "no_such_hold"),
        (Abandon("a", P, "h"), "no_such_hold"),
        (Correct("c", P, "s", 1), "no_such_charge"),
    ],
)
def test_what_does_not_exist_cannot_be_ended_or_corrected(purse: Purse, command: Command, reason: str) -> None:
    answer = purse.do(command, 1)
    assert isinstance(answer, Rejected)
    assert answer.reason == reason


def test_a_lot_whose_second_life_is_over_too_when_somebody_looks_expires_twice() -> None:
    purse = Purse()
    purse.give("june", 100, expires=10, roll=Rollover(20, cap=60))
    purse.applied(Tidy("look", P), 50)
    rolled = purse.book.lots["june+"]
    assert (purse.book.lots["june"].rolled, purse.book.lots["june"].expired) == (60, 40)
    assert (rolled.available, rolled.expired) == (0, 60)
    assert [(entry.kind, entry.effective) for entry in purse.book.entries][1:] == [("roll", 10), ("expire", 20)]


def test_a_floor_that_is_rolled_too_late_to_be_used_expires_at_once() -> None:
    purse = Purse()
    purse.give("june", 100, expires=10, roll=Rollover(20, floor=30))
    purse.applied(Charge("all", P, "USD", 100), 5)
    purse.applied(Roll("rollover:june", P, "june"), 50)
    assert (purse.book.lots["june+"].available, purse.book.lots["june+"].expired) == (0, 30)


def test_a_rolled_lot_whose_time_is_over_as_well_expires_in_its_turn() -> None:
    """Whether somebody looks between the two ends makes no difference."""
    journals = []
    for looks in ((15, 40), (40,)):
        purse = Purse()
        purse.give("a", 100, expires=10, grant="g", roll=Rollover(20, floor=5))
        purse.give("b", 100, expires=30, grant="g", roll=Rollover(50))
        for now in looks:
            happen(purse.book, now)
        assert purse.book.lots["a+"].expired == 100
        journals.append([entry.command for entry in purse.book.entries])
    assert journals[0] == journals[1]
    assert journals[0][2:] == ["roll:a", "expire:a+", "roll:b"]


def test_an_empty_lot_that_rolls_too_late_leaves_nothing() -> None:
    purse = Purse()
    purse.give("a", 100, expires=10, grant="g", roll=Rollover(20, floor=5))
    purse.applied(Charge("c", P, "USD", 100), 5)
    assert purse.applied(Roll("r", P, "a"), 20).amount == 0
    assert (purse.book.lots["a+"].available, purse.book.lots["a+"].expired) == (0, 5)


@pytest.mark.parametrize("looks", [(40,), (7, 40)])
def test_what_a_lapsed_hold_gives_back_expires_with_its_lot(looks: tuple[int, ...]) -> None:
    """A lot that is wholly held falls due all the same, whoever looks when."""
    purse = Purse()
    purse.give("plain", 10, expires=20)
    purse.give("rolling", 10, expires=30, roll=Rollover(50))
    purse.hold("h", 20, 1, expires=5, on_lapse="released")
    for now in looks:
        happen(purse.book, now)
    lots = purse.book.lots
    assert (lots["plain"].available, lots["plain"].expired) == (0, 10)
    assert (lots["rolling"].rolled, lots["rolling+"].available) == (10, 10)
