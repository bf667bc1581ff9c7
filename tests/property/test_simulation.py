"""The engine of arrays against the ledger's own rules, one person at a time: the same lots, the same cents."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.profile import size

from bursar.grants import Rehearsal, Spending
from bursar.insight.simulation.cohorts import cohort, grain_of, month_bounds, start_of
from bursar.insight.simulation.engine import BINS, SUMS, live
from bursar.plans.check import load
from bursar.plans.schedule import History, Segment
from bursar.plans.terms import Plan

FIRST, MONTHS = date(2026, 1, 1), 7
CENT = 10_000
"""In the engine's millionths."""

periods = st.sampled_from(["week", "2 weeks", "month", "month", "month", "quarter", "year", "once"])
rollovers = st.one_of(
    st.just("none"),
    st.builds(
        lambda share, cap, floor, periods: (
            f"{{share: {share}%, periods: {periods}"
            + (f", cap: {cap}" if cap else "")
            + (f", floor: ${floor}" if floor else "")
            + "}"
        ),
        st.sampled_from([100, 50, 33, 0, 10]),
        st.sampled_from([None, "$20", "$150.55", "50%", "100%"]),
        st.sampled_from([None, None, 10]),
        st.sampled_from([1, 2, 3, 13, "unlimited"]),
    ),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    every = draw(periods)
    rollover = draw(rollovers) if every != "once" else "none"
    vesting = ""
    if rollover == "none" and draw(st.booleans()) and every in ("year", "once"):
        vesting = draw(
            st.sampled_from(
                [
                    "vesting: {over: 1 year, every: month, cliff: 3 months}",
                    "vesting: {over: 6 months, every: month}",
                    "vesting: {every: quarter, shares: [10%, 20%, 30%, 40%]}",
                ]
            )
        )
    expires = "period" if rollover != "none" or vesting else draw(st.sampled_from(["period", "never", "45 days"]))
    text = f"""
bursar: plan/1
name: drawn
title: Drawn
zone: {draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]))}
priority: {draw(st.sampled_from([50, 50, 0]))}
allotment:
  amount: ${draw(st.sampled_from(["100", "2500", "333.33"]))}
  every: {every}
  anchor: {draw(st.sampled_from(["calendar", "hire_date", "grant", "2025-11-10"]))}
  proration: {draw(st.sampled_from(["daily", "none", "half_month"]))}
  expires: {expires}
rollover: {rollover}
{vesting}
"""
    return load(text).plan


@settings(max_examples=size(60, 3_000))
@given(
    plan=plans(),
    hired=st.dates(date(2025, 3, 1), date(2026, 6, 20)),
    wants=st.lists(st.integers(0, 300_000).map(lambda cents: cents * CENT), min_size=MONTHS, max_size=MONTHS),
)
def test_one_person_of_the_arrays_lives_as_on_the_ledger(plan: Plan, hired: date, wants: list[int]) -> None:
    bounds = month_bounds(plan, FIRST, MONTHS)
    dates = start_of(plan, {"hire_date": hired.isoformat()}, FIRST, date(2026, 8, 1))
    assert dates is not None
    mine = cohort(plan, plan.tiers[0], *dates, bounds)
    grain = grain_of(plan)
    # Somebody who wants nothing lives beside: amounts must not run from one person into the other.
    demand = np.zeros((MONTHS, 2, 1))
    demand[:, 1, 0] = wants
    sums = np.zeros((len(SUMS), MONTHS, 1))
    piles = live(mine, demand, sums, np.zeros((MONTHS, BINS), dtype=np.int64), grain)

    begins = mine.steps[0].start
    history = History("grt_x", begins, (Segment(begins, plan, "everyone", plan.tiers[0].amount),), hired)
    spending = [
        Spending((step.start + step.end) // 2, int(np.rint(wants[step.month] * step.share)) * grain)
        for step in mine.steps
        if int(np.rint(wants[step.month] * step.share))
    ]
    person, idle = Rehearsal([history]), Rehearsal([history])
    person.run(bounds[-1] - 1, spending)
    idle.run(bounds[-1] - 1)
    unmet = sum(amount for _, amount in person.unmet)
    assert abs(sums[SUMS.index("unmet")].sum() * grain - unmet) <= grain * 40

    for row, rehearsal in enumerate((idle, person)):
        assert abs(piles.left()[row, 0] * grain - _left_at(rehearsal, bounds[-1])) <= CENT * grain
    assert np.all(piles.left() >= 0)
    total = sums.sum(axis=(1, 2))
    spent, lost = total[SUMS.index("used")], total[SUMS.index("forfeited")]
    assert abs(total[SUMS.index("released")] - spent - lost - piles.balance.sum()) < 1
    assert abs(total[SUMS.index("wanted")] - spent - total[SUMS.index("unmet")]) < 1


def _left_at(rehearsal: Rehearsal, at: int) -> int:
    """At the last month's end, after what rolls over and before what is released anew."""
    rehearsal.run(at)
    lots = [lot for lot in rehearsal.lots("person", at) if lot.open]
    return sum(lot.available for lot in lots if lot.terms.parent or lot.terms.effective < at)
