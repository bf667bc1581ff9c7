"""Loosening a term never lowers what an offer is worth; tightening one never raises it; quantiles stand in order.

The same worlds are lived through with both terms, so no difference is chance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.offers import line, offer
from tests.support.profile import NIGHTLY

from bursar.insight.simulation.usage import PRICES, Persona
from bursar.offers.evaluation import without_limit
from bursar.offers.outcome import MOST_LOST, Outcome, Setup, evaluate
from bursar.offers.terms import Line, Person
from bursar.plans.terms import PARTS, RolloverTerms

WORLDS = Setup(paths=200, seed=7, fan=False)
SLACK = 1e-6
"""Dollars by which sums of floats may differ."""


@st.composite
def persons(draw: st.DrawFn) -> Person:
    return Person(
        usage=Persona(
            "given", draw(st.sampled_from((50.0, 300.0, 900.0, 4_000.0))), draw(st.sampled_from((0.0, 0.9))), ""
        ),
        growth=draw(st.sampled_from((1.0, 3.0))),
        price=draw(st.sampled_from(tuple(PRICES.values()))),
        shifts=draw(st.sampled_from((0.0, 1.0))),
        personal_share=draw(st.sampled_from((0.0, 0.3, 1.0))),
        own_spend=draw(st.sampled_from((240.0, 2_400.0, 20_000.0))),
        elasticity=draw(st.sampled_from((0.5, 1.0, 2.0))),
        additionality=draw(st.sampled_from((0.0, 0.2))),
        tax=draw(st.sampled_from((0.0, 0.35))),
        work_first=draw(st.booleans()),
    )


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Untaxed: where extra use is taxed at list price, more of it may well be worth less."""
    unit = draw(st.sampled_from(("money", "tokens")))
    every = draw(st.sampled_from(("week", "month", "quarter", "year")))
    return line(
        draw(st.sampled_from(("$100", "$1_000", "$8_000"))) if unit == "money" else "100M tokens",
        every,
        unit_price=1.0 if unit == "money" else 6e-6,
        revocation=draw(st.sampled_from((0.0, 0.1, 0.5))),
        fit=draw(st.sampled_from((0.6, 1.0))),
        approval=draw(st.sampled_from((0.0, 0.5, 1.0))),
        own=draw(st.sampled_from((0.0, 0.5))),
        use=draw(st.sampled_from(("open", "work"))),
    )


def worth(found: Line, person: Person) -> float:
    return evaluate(offer(found, months=14), person, WORLDS).cash.mean


def with_plan(found: Line, **changes: Any) -> Line:
    assert found.plan is not None
    return replace(found, plan=replace(found.plan, **changes))


many = settings(max_examples=400 if NIGHTLY else 25, deadline=None)


@many
@given(lines(), persons())
def test_more_rollover_is_never_worth_less(found: Line, person: Person) -> None:
    none = worth(found, person)
    half = worth(with_plan(found, rollover=RolloverTerms(PARTS // 2, None, None, 1)), person)
    longer = worth(with_plan(found, rollover=RolloverTerms(PARTS // 2, None, None, 3)), person)
    everything = worth(with_plan(found, rollover=RolloverTerms(PARTS, None, None, None)), person)
    assert none <= half + SLACK
    assert half <= longer + SLACK
    assert longer <= everything + SLACK


@many
@given(lines(), persons())
def test_a_higher_amount_is_never_worth_less(found: Line, person: Person) -> None:
    assert found.tier is not None
    more = replace(found.tier, amount=replace(found.tier.amount, nanos=2 * found.tier.amount.nanos))
    assert worth(found, person) <= worth(replace(found, tier=more), person) + SLACK


@many
@given(lines(), persons())
def test_open_use_is_never_worth_less_than_work_only(found: Line, person: Person) -> None:
    # Work first: personal use takes nothing from work that somebody would have to pay for.
    person = replace(person, work_first=True)
    assert worth(replace(found, use="work"), person) <= worth(replace(found, use="open"), person) + SLACK


@many
@given(lines(), persons(), st.sampled_from((0, 30, 90)))
def test_a_longer_tail_is_never_worth_less(found: Line, person: Person, days: int) -> None:
    assert found.plan is not None

    def tail(count: int) -> Line:
        assert found.plan is not None
        return with_plan(found, leaving=replace(found.plan.leaving, unspent="keep", tail_days=count))

    assert worth(found, person) <= worth(tail(days or 1), person) + SLACK
    assert worth(tail(days or 1), person) <= worth(tail((days or 1) * 2), person) + SLACK


@many
@given(lines(), persons(), st.sampled_from((0.0, 0.25, 0.5)))
def test_a_larger_share_of_own_money_is_never_worth_more(found: Line, person: Person, share: float) -> None:
    assert worth(replace(found, own=share + 0.3), person) <= worth(replace(found, own=share), person) + SLACK


@many
@given(lines(), persons())
def test_approvals_that_come_more_often_are_never_worth_less(found: Line, person: Person) -> None:
    assert worth(replace(found, approval=0.2), person) <= worth(replace(found, approval=0.8), person) + SLACK


@many
@given(lines(), persons())
def test_what_may_be_taken_away_sooner_is_never_worth_more(found: Line, person: Person) -> None:
    found = replace(found, own=0.0)  # an offer that costs money is better gone
    assert worth(replace(found, revocation=0.6), person) <= worth(replace(found, revocation=0.1), person) + SLACK


@many
@given(lines(), persons())
def test_a_better_fit_and_a_greater_own_need_are_never_worth_less(found: Line, person: Person) -> None:
    assert worth(replace(found, fit=0.5), person) <= worth(replace(found, fit=0.9), person) + SLACK
    richer = replace(person, own_spend=2 * person.own_spend)
    assert worth(found, person) <= worth(found, richer) + SLACK


@many
@given(lines(), persons())
def test_access_without_a_limit_is_never_worth_less(found: Line, person: Person) -> None:
    limited = offer(found, months=14)
    assert (
        evaluate(limited, person, WORLDS).cash.mean
        <= evaluate(without_limit(limited), person, WORLDS).cash.mean + SLACK
    )


@many
@given(lines(), persons(), st.sampled_from((0.0, 0.35)), st.sampled_from(("nothing", "personal_use", "face")))
def test_quantiles_stand_in_order_and_money_adds_up(found: Line, person: Person, tax: float, taxed: Any) -> None:
    outcome = evaluate(offer(replace(found, taxed=taxed), months=14), replace(person, tax=tax), WORLDS)
    assert outcome.cash.p10 <= outcome.cash.p50 <= outcome.cash.p90
    if outcome.cash.mean > -MOST_LOST * person.wealth:  # nobody loses more than nearly everything
        assert outcome.sure <= outcome.cash.mean + SLACK
    balances(outcome, found)


@many
@given(lines(), lines(), persons())
def test_a_second_line_is_never_worth_less_and_money_adds_up(first: Line, second: Line, person: Person) -> None:
    first, second = replace(first, own=0.0), replace(second, name="second", own=0.0, revocation=first.revocation)
    alone = evaluate(offer(first, months=14), person, WORLDS)
    # A line on which a dollar does less may be used first, and so take the place of a better one.
    second = replace(second, fit=first.fit)
    both = evaluate(offer(first, second, months=14), person, WORLDS)
    assert alone.cash.mean <= both.cash.mean + SLACK
    balances(both, first, second)


def balances(outcome: Outcome, *found: Line) -> None:
    """What is released is used, forfeited or left; what is wanted is used, paid for, or missing."""
    totals = outcome.totals
    if all(line.unit_price == 1.0 for line in found):  # what is promised in tokens gains and loses with their price
        assert totals.drawn + totals.forfeited + totals.left == pytest.approx(totals.released, rel=1e-9, abs=1e-6)
    assert totals.used == pytest.approx(totals.drawn + totals.granted + totals.unlimited, rel=1e-9, abs=1e-6)
    assert totals.released <= totals.face + SLACK
    for amount in (totals.forfeited, totals.left, totals.own, totals.unmet, totals.missed, totals.granted):
        assert amount >= -SLACK
    assert totals.used + totals.own + totals.unmet + totals.missed <= totals.wanted + SLACK
