"""Where nothing is uncertain an offer is worth its closed form, and where something is, it is that within its own error."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import pytest
from tests.support.offers import line, offer, outcome, steady

from bursar.errors import InvalidInput
from bursar.insight.simulation.usage import PRICES, PriceDrift
from bursar.offers.evaluation import without_limit
from bursar.offers.outcome import MOST_LOST, Setup, evaluate
from bursar.offers.terms import Person
from bursar.offers.value import limited_expected
from bursar.offers.worlds import BLOCK, Worlds

HALVING = PriceDrift("given", 0.5, 0.0, "given")


def test_what_one_would_buy_anyway_is_worth_a_dollar_a_dollar() -> None:
    found = outcome(line("$500", "month"), steady(500.0, own_spend=6_000.0))
    assert found.cash.mean == pytest.approx(6_000)
    assert found.raise_ == pytest.approx(6_000)


def test_no_use_is_worth_nothing_and_everything_is_forfeited() -> None:
    found = outcome(line("$500", "month"), steady(1e-12))
    assert found.cash.mean == pytest.approx(0, abs=1e-6)
    assert found.totals.forfeited == pytest.approx(6_000)
    assert found.run_outs[0].ever == 0


def test_full_use_forfeits_nothing() -> None:
    found = outcome(line("$500", "month"), steady(5_000.0))
    assert found.totals.drawn == 6_000
    assert found.totals.forfeited == 0
    assert found.run_outs[0].periods == 1


def test_a_promise_in_tokens_loses_with_falling_prices_and_one_in_money_does_not() -> None:
    # Tokens: $10,000 at $6 a million are 1,666.67M; half as dear after a year, the same work needs as many tokens.
    use = steady(2_000.0, price=HALVING, own_spend=1e9)
    money = outcome(line("$1_000", "month"), use)
    tokens = outcome(line("100M tokens", "month", unit_price=1e-5), use)
    bills = [2_000 * 0.5 ** ((month + 0.5) / 12) for month in range(12)]
    assert money.totals.used == pytest.approx(sum(min(1_000, bill) for bill in bills))
    assert tokens.totals.used == pytest.approx(sum(1_000 * 0.5 ** ((month + 0.5) / 12) for month in range(12)))
    assert tokens.totals.face == pytest.approx(sum(1_000 * 0.5 ** ((month + 0.5) / 12) for month in range(12)))


def test_vesting_with_a_hazard_is_the_weighted_sum_of_its_tranches() -> None:
    # 48 equal tranches after a cliff of a year, all used in the month in which they vest.
    vesting = {"vesting": {"over": "4 years", "every": "month", "cliff": "1 year"}}
    found = outcome(
        line("$48_000", "once", vesting, revocation=0.3),
        steady(100_000.0, own_spend=1e12, discount=0.05),
        months=49,
    )
    weight = [exp(-(0.05 + 0.3) * (month + 1) / 12) for month in range(49)]
    expected = 12_000 * weight[12] + sum(1_000 * weight[month] for month in range(13, 49))
    assert found.cash.mean == pytest.approx(expected, rel=1e-12)
    assert found.cash.p10 == found.cash.p90


def test_weighted_months_are_what_drawn_worlds_come_to_on_average() -> None:
    who = steady(700.0, discount=0.05, tax=0.35)
    promise = line(f"${10_000 / 12:.9f}", "month", revocation=0.4, taxed="personal_use")
    weighted = outcome(promise, who)
    drawn = outcome(promise, who, hazard="drawn", paths=20_000)
    assert abs(drawn.cash.mean - weighted.cash.mean) <= 4 * drawn.cash.error
    assert drawn.cash.error > 0


def test_a_lognormal_month_comes_to_its_limited_expectation() -> None:
    who = steady(279.07, month_sigma=0.8646, own_spend=1e12)
    median = 279.07 * exp(-(0.8646**2) / 2)  # the noise has a mean of one
    found = outcome(line("$500", "month"), who, paths=20_000)
    assert abs(found.totals.used - 12 * limited_expected(500, median, 0.8646)) <= 4 * found.used.error


def test_a_notice_delays_what_is_taken_away() -> None:
    who = steady(500.0, own_spend=1e9)
    sudden = outcome(line("$500", "month", revocation=2.0), who)
    told = outcome(line("$500", "month", {"notice": {"revoke": "90 days"}}, revocation=2.0), who)
    assert told.cash.mean > sudden.cash.mean


def test_against_cash_the_chance_of_leaving_counts_and_against_a_salary_it_does_not() -> None:
    who = steady(500.0, own_spend=1e9, leaving=0.5)
    promise = line("$500", "month")
    assert outcome(promise, who).cash.mean == pytest.approx(6_000)
    weights = [exp(-0.5 * (month + 1) / 12) for month in range(12)]
    assert outcome(promise, who, against="cash").cash.mean == pytest.approx(500 * sum(weights))


class TestAShortfall:
    who = steady(1_000.0, personal_share=0.0, tax=0.35)

    def test_rationed_costs_nothing(self) -> None:
        found = outcome(line("$400", "month"), self.who)
        assert found.cash.mean == 0
        assert found.totals.unmet == pytest.approx(7_200)

    def test_own_money_is_paid_after_tax(self) -> None:
        found = outcome(line("$400", "month", own=1.0), self.who)
        assert found.totals.own == pytest.approx(7_200)
        assert found.cash.mean == pytest.approx(-7_200 / 0.65)

    def test_nobody_pays_more_than_their_limit(self) -> None:
        found = outcome(line("$400", "month", own=1.0), replace(self.who, own_most=100.0))
        assert found.totals.own == pytest.approx(1_200)
        assert found.totals.unmet == pytest.approx(6_000)

    def test_what_is_granted_costs_nothing(self) -> None:
        found = outcome(line("$400", "month", approval=1.0, own=1.0), self.who)
        assert found.totals.granted == pytest.approx(7_200)
        assert found.totals.own == 0

    def test_the_plan_tops_up_by_itself_before_anybody_pays(self) -> None:
        steps = {"limit": {"then": [{"top_up": {"step": "$100", "up_to": "$200"}}, "stop"]}}
        found = outcome(line("$400", "month", steps, own=1.0), self.who)
        assert found.totals.granted == pytest.approx(2_400)
        assert found.totals.own == pytest.approx(4_800)

    def test_the_plan_lets_the_person_pay_so_much_and_no_more(self) -> None:
        steps = {"limit": {"then": [{"own_money": {"step": "$100", "up_to": "$100"}}, "stop"]}}
        found = outcome(line("$400", "month", steps), self.who)
        assert found.totals.own == pytest.approx(1_200)
        assert found.totals.unmet == pytest.approx(6_000)

    def test_work_that_one_would_have_paid_for_anyway_costs_nothing_more(self) -> None:
        found = outcome(line("$400", "month", own=0.2), replace(self.who, additionality=0.2))
        assert found.cash.mean == pytest.approx(0.2 * 4_800 / 0.65)


def test_what_is_taxed_when_granted_costs_even_where_nothing_is_used() -> None:
    found = outcome(line("$20_000", "year", taxed="face"), steady(1e-12, tax=0.35))
    assert found.cash.mean == pytest.approx(-7_000 / 0.65)
    grossed_up = outcome(line("$20_000", "year", taxed="face", grossed_up=True), steady(1e-12, tax=0.35))
    assert grossed_up.cash.mean == pytest.approx(0, abs=1e-9)


def test_a_tail_is_worth_what_may_be_used_in_it() -> None:
    who = steady(100.0, own_spend=1_200.0, leaving=0.2)
    gone = outcome(line("$10_000", "year"), who)
    kept = outcome(line("$10_000", "year", {"leaving": {"unspent": "keep", "tail": "90 days"}}), who)
    chances = exp(0) - exp(-0.2)
    # Nothing is left at the end of the year, so the last month has no tail.
    last = exp(-0.2 * 11 / 12) - exp(-0.2)
    assert kept.totals.tail == pytest.approx((chances - last) * 100 * 90 * 12 / 365.25)
    assert kept.cash.mean == pytest.approx(gone.cash.mean + kept.totals.tail)


def test_half_of_the_rest_is_paid_out() -> None:
    who = steady(1e-12, tax=0.35, leaving=0.2)
    found = outcome(line("$10_000", "once", {"leaving": {"pay_out": "50%"}}), who)
    assert found.totals.tail == pytest.approx((1 - exp(-0.2)) * 0.5 * 0.65 * 10_000)


def test_lines_are_used_in_their_order_and_together() -> None:
    who = steady(1_000.0, own_spend=1e9)
    first, second = line("$300", "month"), line("$200", "month", name="more")
    found = outcome(offer(first, second), who)
    assert found.totals.used == pytest.approx(6_000)
    assert [one.periods for one in found.run_outs] == [1, 1]


def test_a_line_for_work_leaves_what_is_personal_to_the_next() -> None:
    who = steady(1_000.0, personal_share=0.5, own_spend=1e9)
    found = outcome(offer(line("$5_000", "month", use="work"), line("$300", "month", use="personal", name="own")), who)
    assert found.totals.work == pytest.approx(6_000)
    assert found.totals.personal == pytest.approx(3_600)
    assert found.totals.missed == pytest.approx(2_400)
    assert found.totals.unmet == 0


def test_access_without_a_limit_has_no_face_and_forfeits_nothing() -> None:
    found = outcome(without_limit(offer(line("$100", "month"))), steady(1_000.0, own_spend=1e9))
    assert (found.totals.face, found.totals.forfeited, found.totals.used) == (0, 0, pytest.approx(12_000))
    assert found.run_outs == ()


def test_the_same_seed_is_the_same_answer_and_another_one_is_not() -> None:
    promise, who = offer(line("$500", "month", revocation=0.1)), Person()
    first, again = (evaluate(promise, who, Setup(paths=3_000, seed=5)) for _ in range(2))
    other = evaluate(promise, who, Setup(paths=3_000, seed=6))
    assert first.cash == again.cash
    assert first.totals == again.totals
    assert first.cash != other.cash
    assert abs(first.cash.mean - other.cash.mean) <= 4 * (first.cash.error**2 + other.cash.error**2) ** 0.5


def test_more_worlds_begin_with_the_same_ones() -> None:
    few, many = (Worlds(Person(), 3, 1, 0, size) for size in (10, 10))
    for one, other in zip(few, many, strict=True):
        assert (one.quantity == other.quantity).all()
    assert BLOCK > 1


def test_switching_one_kind_of_chance_off_moves_no_other() -> None:
    noisy, calm = Person(), replace(Person(), price=PRICES["flat"])
    for one, other in zip(Worlds(noisy, 6, 1, 0, 50), Worlds(calm, 6, 1, 0, 50), strict=True):
        assert one.quantity == pytest.approx(other.quantity)


def test_use_grows_for_a_while_only() -> None:
    who = steady(100.0, growth=3.0, growth_years=1.0)
    months = [float(month.quantity[0]) for month in Worlds(who, 36, 1, 0, 1)]
    assert months[5] == pytest.approx(100 * exp(log(3) * 5.5 / 12))
    assert months[11] == pytest.approx(100 * exp(log(3) * 11.5 / 12))
    assert months[12] == months[35] == pytest.approx(300)


def test_who_loses_more_than_everything_is_ruined_and_not_a_crash() -> None:
    found = outcome(line("$1", "month", own=1.0), steady(4_000.0, personal_share=0.0, wealth=1_000.0))
    assert found.sure == pytest.approx(-MOST_LOST * 1_000)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("paths", lambda: Setup(paths=0)),
        ("paths", lambda: Setup(paths=10**9)),
        ("seed", lambda: Setup(seed=-1)),
        ("horizon", lambda: evaluate(offer(line(), months=0), Person())),
        ("horizon", lambda: evaluate(offer(line(), months=481), Person())),
    ],
)
def test_what_cannot_be_worked_out_is_refused_by_name(field: str, call: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        call()  # type: ignore[operator]
    assert refused.value.field == field
