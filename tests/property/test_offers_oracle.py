"""The evaluation without chance against a slow one that shares nothing with it: the same dollars, month by month."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.offers import line, offer, steady
from tests.support.offers_oracle import Holder, Package, Told, live
from tests.support.profile import size

from bursar.insight.simulation.usage import PriceDrift
from bursar.offers.outcome import WORTH_CHANGING, Outcome, Setup, evaluate
from bursar.offers.terms import Line, Person

WHOLE = {0: "once", 1: "month", 3: "quarter", 12: "year"}
TAIL_DAYS = 60
TAIL = TAIL_DAYS * 12 / 365.25
ONCE = Setup(paths=1, hazard="weighted", fan=False)
"""One world is enough where nothing is uncertain."""
NEAR = 2e-5
"""Of the larger amounts: slices of the oracle, and the millionths of the engine."""

packages = st.builds(
    Package,
    amount=st.integers(1, 4_000).map(float),
    every=st.sampled_from([0, 1, 1, 3, 12]),
    carry=st.sampled_from([0.0, 0.0, 0.25, 0.5, 1.0, 1.0]),
    cap=st.sampled_from([None, None, 500.0, 2_000.0]),
    lives=st.sampled_from([1, 2, 3, None]),
    unit_price=st.sampled_from([None, None, 6.0, 0.25]),
    use=st.sampled_from(["open", "open", "work", "personal"]),
    fit=st.sampled_from([1.0, 0.6]),
    own=st.sampled_from([0.0, 0.5, 1.0]),
    taxed=st.sampled_from(["nothing", "personal_use", "face"]),
    tail=st.sampled_from([0.0, TAIL]),
)
holders = st.builds(
    Holder,
    use=st.integers(1, 6_000).map(float),
    growth=st.sampled_from([1.0, 3.0, 0.5]),
    growth_years=st.sampled_from([2.0, 0.75]),
    price=st.sampled_from([1.0, 0.5, 0.1, 1.2]),
    personal=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    own_spend=st.sampled_from([0.0, 20.0, 200.0, 5_000.0]),
    elasticity=st.sampled_from([0.3, 0.5, 1.0, 2.0]),
    additionality=st.sampled_from([0.0, 0.2]),
    tax=st.sampled_from([0.0, 0.35]),
    discount=st.sampled_from([0.0, 0.05]),
    work_first=st.booleans(),
    own_most=st.sampled_from([300.0, 5_000.0]),
)


def promised(package: Package) -> Line:
    """The same promise as a line."""
    unit = "$" if package.unit_price is None else ""
    hours = "" if package.unit_price is None else " GPUh"
    terms: dict[str, Any] = {}
    if package.carry and package.every:
        terms["rollover"] = {"share": f"{package.carry:.0%}", "periods": package.lives or "unlimited"}
        if package.cap is not None:
            terms["rollover"]["cap"] = f"{unit}{package.cap:g}{hours}"
    if package.tail:
        terms["leaving"] = {"unspent": "keep", "tail": f"{TAIL_DAYS} days"}
    elif package.pay_out:
        terms["leaving"] = {"pay_out": f"{package.pay_out:.0%}"}
    if not package.every:
        terms["allotment"] = {"expires": "never"}
    return line(
        f"{unit}{package.amount:g}{hours}",
        WHOLE[package.every],
        terms,
        unit_price=package.unit_price or 1.0,
        use=package.use,
        fit=package.fit,
        own=package.own,
        revocation=package.revocation,
        taxed=package.taxed,
    )


def person_for(holder: Holder) -> Person:
    return steady(
        holder.use,
        growth=holder.growth,
        growth_years=holder.growth_years,
        price=PriceDrift("given", holder.price, 0.0, "given"),
        personal_share=holder.personal,
        own_spend=holder.own_spend * 12,
        elasticity=holder.elasticity,
        additionality=holder.additionality,
        tax=holder.tax,
        discount=holder.discount,
        leaving=holder.leaving,
        work_first=holder.work_first,
        own_most=holder.own_most,
        wealth=1e9,
    )


def better(package: Package, holder: Holder, months: int) -> Told:
    """Who would pay for work later keeps the tokens for it, where that is worth more than using them for themselves."""
    told = live(package, holder, months)
    if package.use != "open" or not package.own:
        return told
    kept = live(replace(package, use="work"), holder, months)
    return kept if kept.pre_tax(holder.tax) > told.pre_tax(holder.tax) + WORTH_CHANGING else told


def evaluated(package: Package, holder: Holder, months: int, setup: Setup = ONCE) -> Outcome:
    return evaluate(offer(promised(package), months=months), person_for(holder), setup)


@settings(max_examples=size(120, 4_000))
@given(package=packages, holder=holders, months=st.sampled_from([1, 7, 12, 26]))
@example(Package(2_500, every=3, carry=1, lives=1), Holder(700.0), 12)
@example(Package(1_000, own=1.0), Holder(2_000.0, personal=0.0), 12)
@example(Package(10_000, every=12, unit_price=1.0, tail=TAIL), Holder(500.0, price=0.33), 12)
def test_a_life_without_chance_is_the_one_worked_out_by_hand(package: Package, holder: Holder, months: int) -> None:
    told, found = better(package, holder, months), evaluated(package, holder, months)
    scale = 1 + told.released + told.used + told.own + told.unmet
    near = {"rel": NEAR, "abs": NEAR * scale}
    totals = found.totals
    assert found.cash.mean == pytest.approx(told.pre_tax(holder.tax), **near)
    assert totals.released == pytest.approx(told.released, **near)
    assert totals.used == pytest.approx(told.used, **near)
    assert totals.personal == pytest.approx(told.personal, **near)
    assert totals.work == pytest.approx(told.work, **near)
    assert totals.own == pytest.approx(told.own, **near)
    assert totals.tax == pytest.approx(told.tax, **near)
    assert totals.tail == pytest.approx(told.tail, **near)
    assert totals.unmet == pytest.approx(told.unmet, **near)
    if package.unit_price is None or holder.price == 1.0:  # in units, what is lost has another price than it had
        assert totals.forfeited == pytest.approx(told.forfeited, **near)
    assert totals.left == pytest.approx(told.left, **near)
    (ran,) = found.run_outs
    if told.run_out == inf:  # what is used up with the last instant of a month may be either
        assert ran.first_month in (inf, pytest.approx(round(min(ran.first_month, months)), abs=1e-6))
    else:
        assert ran.first_month == pytest.approx(told.run_out, rel=1e-4, abs=1e-4)


@settings(max_examples=size(60, 2_000))
@given(package=packages, holder=holders, revocation=st.sampled_from([0.1, 0.5, 2.0]))
def test_a_promise_that_may_be_taken_away_is_weighted_month_by_month(
    package: Package, holder: Holder, revocation: float
) -> None:
    package = replace(package, revocation=revocation, own=0.0, tail=0.0)
    told, found = live(package, holder, 24), evaluated(package, holder, 24)
    near = NEAR * (1 + told.released + told.used)
    assert found.cash.mean == pytest.approx(told.pre_tax(holder.tax), rel=NEAR, abs=near)


TAKEN_AWAY = {
    "open": (Package(900, revocation=0.5), Holder(700.0, personal=1.0)),
    "own money": (Package(1_000, use="work", own=1.0, revocation=0.5), Holder(1_500.0)),
    "nothing to pay": (Package(1_000, use="work", own=1.0, revocation=0.5), Holder(800.0)),
    "a tail": (Package(4_000, every=12, tail=TAIL, revocation=0.3), Holder(150.0, personal=1.0, leaving=1.0)),
    "face taxed": (Package(10_000, every=12, taxed="face", revocation=0.2), Holder(500.0)),
    "units": (Package(10_000, every=0, unit_price=1.0, revocation=0.2), Holder(500.0, price=0.33, growth=3.0)),
}


@pytest.mark.parametrize("name", TAKEN_AWAY)
def test_worlds_in_which_it_is_taken_away_have_that_mean(name: str) -> None:
    package, holder = TAKEN_AWAY[name]
    told, found = live(package, holder, 24), evaluated(package, holder, 24, Setup(paths=20_000, fan=False))
    assert abs(found.cash.mean - told.pre_tax(holder.tax)) <= 4 * found.cash.error + NEAR * told.used


@pytest.mark.parametrize("pay_out", [0.25, 1.0])
def test_what_is_paid_out_on_leaving_is_worked_out_by_hand(pay_out: float) -> None:
    package, holder = Package(1_000, every=12, pay_out=pay_out), Holder(20.0, leaving=0.5)
    told, found = live(package, holder, 12), evaluated(package, holder, 12)
    assert told.tail > 0
    assert found.totals.tail == pytest.approx(told.tail)
    assert found.cash.mean == pytest.approx(told.pre_tax(holder.tax))
