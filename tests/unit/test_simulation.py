"""The simulation against what can be computed by hand: certain cases, closed forms, and its own promises."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from math import erf, exp, log, sqrt
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from bursar.errors import InvalidInput
from bursar.insight.simulation import engine
from bursar.insight.simulation.behaviour import CALM, Behaviour
from bursar.insight.simulation.cohorts import cohort, month_bounds, start_of
from bursar.insight.simulation.engine import BINS, SUMS, Setup, Tally, live, run
from bursar.insight.simulation.outcome import as_json, compare, outcome
from bursar.insight.simulation.report import html
from bursar.insight.simulation.usage import PERSONAS, STEADY, Persona, Usage, mean_of, parse_persona, parse_price
from bursar.money import NANO
from bursar.plans.check import load
from bursar.plans.terms import Plan

FIRST = date(2026, 1, 1)
DOLLAR = 1_000_000
"""In the engine's units."""


def plan_of(amount: str = "$2500", every: str = "month", more: str = "", **lines: str) -> Plan:
    extra = "\n".join(f"{name}: {value}" for name, value in lines.items())
    return load(
        f"bursar: plan/1\nname: one\ntitle: One\nallotment: {{amount: '{amount}', every: {every}{more}}}\n{extra}\n"
    ).plan


def lived(plan: Plan, wants: list[float]) -> dict[str, Any]:
    """One person with these monthly wants in dollars: sums by month, dollars."""
    demand = np.array(wants)[:, None, None] * DOLLAR
    sums = np.zeros((len(SUMS), len(wants), 1))
    piles = live(
        cohort(plan, plan.tiers[0], FIRST, None, month_bounds(plan, FIRST, len(wants))),
        np.rint(demand),
        sums,
        np.zeros((len(wants), BINS), dtype=np.int64),
        1_000,
    )
    found: dict[str, Any] = {name: sums[index, :, 0] / DOLLAR for index, name in enumerate(SUMS)}
    return {**found, "left": float(piles.left()[0, 0]) / DOLLAR}


def steady(persona: str, **more: Any) -> Setup:
    usage = replace(STEADY, everybody=parse_persona(persona))
    return Setup(FIRST, usage=usage, behaviour=CALM, **more)


def people(count: int, **fields: str) -> list[dict[str, str]]:
    return [{"handle": f"p{number}", **fields} for number in range(count)]


@pytest.mark.parametrize(
    ("rollover", "used", "unmet", "forfeited", "carried"),
    [
        ("none", 6000, 3500, 4000, 0),
        ("{periods: unlimited}", 9500, 0, 0, 500),
        ("{periods: unlimited, cap: $2000}", 8000, 1500, 1800, 200),
        ("{share: 50%, cap: $1000, periods: unlimited}", 7000, 2500, 2900, 100),
        ("{periods: 1}", 8500, 1000, 1300, 200),
    ],
)
def test_four_months_of_2500_come_out_as_worked_by_hand(
    rollover: str, used: float, unmet: float, forfeited: float, carried: float
) -> None:
    found = lived(plan_of(rollover=rollover), [500, 700, 6000, 2300])
    totals = [found[name].sum() for name in ("used", "unmet", "forfeited")]
    assert totals == [used, unmet, forfeited]
    assert found["left"] == found["carried"][-1] == carried


@pytest.mark.parametrize(
    ("monthly", "used", "left", "unmet"),
    [(10_000 / 3, 10_000, 0, 30_000), (1_500, 10_000, 0, 8_000), (10_000 / 12, 10_000, 0, 0), (500, 6_000, 4_000, 0)],
)
def test_ten_thousand_for_a_year(monthly: float, used: float, left: float, unmet: float) -> None:
    found = lived(plan_of("$10_000", "year"), [monthly] * 12)
    assert found["used"].sum() == pytest.approx(used, abs=1e-4)
    assert found["unmet"].sum() == pytest.approx(unmet, abs=1e-4)
    assert found["forfeited"].sum() == pytest.approx(left, abs=1e-4)
    assert bool(found["out"].sum()) == (unmet > 0)


@pytest.mark.parametrize("amount", [200, 500, 833.33, 1500])
def test_a_month_of_lognormal_use_agrees_with_the_closed_form(amount: float) -> None:
    persona = PERSONAS["moderate"]
    mu, sigma = log(persona.median), persona.sigma
    d = (log(amount) - mu) / sigma
    normal = lambda x: (1 + erf(x / sqrt(2))) / 2  # noqa: E731
    used = exp(mu + sigma**2 / 2) * normal(d - sigma) + amount * (1 - normal(d))
    (tally,) = run([plan_of(f"${amount}")], people(4_000), steady("moderate", months=1, scenarios=50))
    total = outcome(tally).everybody.total
    assert total.run_out is not None
    assert total.run_out.p50 == pytest.approx(1 - normal(d), abs=0.01)
    assert total.cost_list_nanos.p50 / NANO / 4_000 == pytest.approx(used, rel=0.01)
    assert total.forfeited_nanos.p50 / NANO / 4_000 == pytest.approx(amount - used, rel=0.02)
    assert total.unmet_nanos.p50 / NANO / 4_000 == pytest.approx(mean_of(persona) - used, rel=0.06)


def test_where_nothing_is_uncertain_every_quantile_is_the_closed_form() -> None:
    plans = [plan_of("$400"), plan_of("$400", rollover="{periods: unlimited}")]
    tallies = run(plans, people(300), steady("$250@0", months=6, scenarios=40))
    lose, roll = (outcome(tally).everybody for tally in tallies)
    for number, month in enumerate(lose.months):
        spread = month.cost_list_nanos
        assert spread.p5 == spread.p50 == spread.p95 == 300 * 250 * NANO
        assert month.forfeited_nanos.p50 == 300 * 150 * NANO
        assert roll.months[number].carried_nanos.p50 == 300 * 150 * (number + 1) * NANO
    assert roll.total.forfeited_nanos.p95 == 0
    assert compare(*tallies).forfeited_nanos.p50 == -300 * 150 * 6 * NANO


def test_who_runs_out_does_so_on_the_day_that_the_rate_says() -> None:
    (tally,) = run([plan_of("$400")], people(10), steady("$800@0", months=1, scenarios=1))
    month = outcome(tally).everybody.months[0]
    assert month.run_out is not None
    assert month.run_out.p50 == 1
    assert month.run_out_day == pytest.approx(15.5, abs=31 / BINS)


def test_growth_and_price_multiply() -> None:
    usage = replace(STEADY, everybody=parse_persona("$100@0"), growth=3.0, price=replace(parse_price("-50%"), sigma=0))
    (tally,) = run([plan_of("$9000")], people(10), Setup(FIRST, 13, 2, usage=usage, behaviour=CALM))
    months = outcome(tally).everybody.months
    assert months[0].cost_list_nanos.p50 == 1_000 * NANO
    assert months[12].cost_list_nanos.p50 == pytest.approx(1_500 * NANO, rel=1e-6)


def test_a_plan_in_tokens_pays_what_tokens_cost_then() -> None:
    usage = replace(STEADY, everybody=parse_persona("$100@0"), price=replace(parse_price("-50%"), sigma=0))
    setup = Setup(FIRST, 13, 2, usage=usage, behaviour=CALM, unit_price=10 / 1_000_000)
    (tally,) = run([plan_of("20M tokens")], people(10), setup)
    months = outcome(tally).everybody.months
    assert months[0].cost_list_nanos.p50 == pytest.approx(1_000 * NANO, rel=1e-6)
    assert months[12].cost_list_nanos.p50 == pytest.approx(500 * NANO, rel=1e-6)
    assert months[12].exposure_nanos.p50 == pytest.approx(1_000 * NANO, rel=1e-6)
    with pytest.raises(InvalidInput, match="unit price"):
        run([plan_of("20M tokens")], people(10), replace(setup, unit_price=0.0))


def test_the_exposure_of_a_hundred_people_is_what_their_tiers_come_to() -> None:
    text = (
        "bursar: plan/1\nname: t\ntitle: T\nallotment: {every: month}\n"
        "tiers: [{name: a, when: {level: A}, amount: $2_000}, {name: b, when: {level: B}, amount: $6_000}]\n"
        "otherwise: {name: c, amount: $20_000}\n"
    )
    crowd = people(60, level="A") + people(30, level="B") + people(10)
    (tally,) = run([load(text).plan], crowd, steady("moderate", months=2, scenarios=3))
    found = outcome(tally)
    assert found.everybody.total.exposure_cap_nanos.p50 == 500_000 * NANO
    assert [(part.name, part.people) for part in found.parts] == [("all", 100), ("a", 60), ("b", 30), ("c", 10)]


def test_what_happens_at_the_limit_by_itself_is_counted_apart() -> None:
    plan = plan_of("$400", limit="{then: [{grace: $50}, {top_up: {step: $100, up_to: $200}}, stop]}")
    (tally,) = run([plan], people(10), steady("$1000@0", months=2, scenarios=1))
    month = outcome(tally).everybody.months[1]
    assert month.covered_nanos.p50 == 2_500 * NANO
    assert month.cost_list_nanos.p50 == 6_500 * NANO
    assert month.unmet_nanos.p50 == 3_500 * NANO
    assert month.exposure_nanos.p50 == 6_500 * NANO


def test_own_money_is_nobody_elses_cost() -> None:
    plan = plan_of("$400", limit="{then: [{own_money: {step: $10, up_to: $100}}, stop]}")
    (tally,) = run([plan], people(10), steady("$450@0", months=1, scenarios=1))
    month = outcome(tally).everybody.months[0]
    assert (month.own_nanos.p50, month.cost_list_nanos.p50, month.unmet_nanos.p50) == (500 * NANO, 4_000 * NANO, 0)


def test_use_it_or_lose_it_provokes_a_burst_and_rollover_cures_it() -> None:
    setup = replace(steady("$200@0", months=3, scenarios=2), behaviour=Behaviour(0.5, 0.3, 5))
    lose, roll = run([plan_of("$400"), plan_of("$400", rollover="{periods: unlimited}")], people(10), setup)
    month = outcome(lose).everybody.months[0]
    assert month.burst_nanos.p50 == 300 * NANO
    assert month.cost_list_nanos.p50 == 2_300 * NANO
    assert month.forfeited_nanos.p50 == 1_700 * NANO
    assert month.burst_intensity == pytest.approx(1 + (300 / 5) / (2_000 / 31), abs=0.001)
    assert outcome(roll).everybody.total.burst_nanos.p95 == 0


def test_the_contract_takes_its_share_off_the_list_price() -> None:
    setup = steady("$200@0", months=1, scenarios=2, discount=0.25)
    (tally,) = run([plan_of("$400")], people(10), setup)
    total = outcome(tally).everybody.total
    assert total.cost_contract_nanos.p50 == 1_500 * NANO


def test_who_joins_later_gets_a_part_of_the_first_month_and_uses_a_part() -> None:
    crowd = [*people(1), {"handle": "new", "hire_date": "2026-02-15"}]
    (tally,) = run([plan_of("$280")], crowd, steady("$100@0", months=3, scenarios=1))
    months = outcome(tally).everybody.months
    assert [month.people for month in months] == [1, 2, 2]
    assert months[1].exposure_nanos.p50 == (280 + 140) * NANO
    assert months[1].cost_list_nanos.p50 == 150 * NANO


def test_history_takes_the_place_of_the_distribution() -> None:
    past = {f"p{number}": [100 * NANO, 300 * NANO] for number in range(50)}
    (tally,) = run([plan_of("$9000")], people(50), steady("heavy", months=2, scenarios=60), past)
    cost = outcome(tally).everybody.months[0].cost_list_nanos
    assert cost.p50 == pytest.approx(50 * 200 * NANO, rel=0.05)
    assert cost.p5 < cost.p95
    assert cost.p50 % (100 * NANO) == 0


def same(one: Tally, other: Tally) -> bool:
    return bool(np.array_equal(one.sums, other.sums) and np.array_equal(one.days, other.days))


def test_the_answer_depends_on_the_seed_and_not_on_how_the_work_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of("$400", rollover="{share: 50%, cap: $300, periods: 2}")
    crowd = people(500) + [{"handle": f"n{n}", "hire_date": f"2026-0{1 + n % 6}-1{n % 9}"} for n in range(60)]
    setup = Setup(FIRST, months=6, scenarios=20, seed=7)
    (first,) = run([plan], crowd, setup)
    (again,) = run([plan], crowd, setup)
    (other,) = run([plan], crowd, replace(setup, seed=8))
    assert same(first, again)
    assert not same(first, other)
    for numbers, workers in ((1, 2), (2_000, 1), (10**9, 2)):
        monkeypatch.setattr(engine, "STRETCH_NUMBERS", numbers)
        (cut,) = run([plan], crowd, replace(setup, workers=workers))
        assert same(first, cut)


def test_the_same_plan_twice_is_no_difference() -> None:
    tallies = run([plan_of("$400"), plan_of("$400")], people(100), Setup(FIRST, 3, 10))
    found = compare(*tallies)
    assert (found.cost_list_nanos.p5, found.cost_list_nanos.p95, found.second_is_cheaper) == (0, 0, 0)


def test_json_says_everything_and_comes_back() -> None:
    setup = Setup(FIRST, 3, 10)
    tallies = run([plan_of("$400"), plan_of("$500")], people(100), setup)
    found = as_json(setup, [outcome(tally) for tally in tallies], compare(*tallies))
    assert json.loads(json.dumps(found)) == found
    assert found["setup"]["use_by_tier"]["everyone"]["source"]
    assert isinstance(found["plans"][0]["parts"][0]["months"][0]["cost_list_nanos"]["p50"], int)


def test_who_was_hired_on_the_same_day_of_a_month_shares_a_calendar() -> None:
    plan = plan_of("$400", more=", anchor: hire_date")
    found = {
        start_of(plan, {"hire_date": f"{year}-0{month}-17"}, FIRST, date(2027, 1, 1))
        for year in (2019, 2024)
        for month in (1, 5)
    }
    assert found == {(FIRST, date(2026, 1, 17))}
    quarterly = plan_of("$400", "quarter", more=", anchor: hire_date")
    assert start_of(quarterly, {"hire_date": "2019-08-31"}, FIRST, date(2027, 1, 1)) == (FIRST, date(2025, 8, 31))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"months": 121}, "months"),
        ({"months": 0}, "months"),
        ({"scenarios": 10_001}, "scenarios"),
        ({"discount": 1.0}, "contract discount"),
        ({"seed": -1}, "seed"),
    ],
)
def test_beyond_the_limits_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Setup(FIRST, **change)
    assert refused.value.field == field


def test_a_roster_of_nobody_is_refused() -> None:
    plan = load("bursar: plan/1\nname: t\ntitle: T\nfor: {level: A}\nallotment: {amount: $1}\n").plan
    for crowd in ([], people(3, level="B")):
        with pytest.raises(InvalidInput, match="roster"):
            run([plan], crowd, Setup(FIRST, 1, 1))
    with pytest.raises(InvalidInput, match="hire_date"):
        run([plan], people(1, level="A", hire_date="soon"), Setup(FIRST, 1, 1))


def test_personas_and_prices_are_read_as_people_write_them() -> None:
    assert parse_persona("$400@0.9") == Persona("$400@0.9", 400.0, 0.9, "given")
    assert parse_persona("heavy") is PERSONAS["heavy"]
    assert parse_price("-40%").per_year == pytest.approx(0.6)
    assert Usage().persona_of("light") is PERSONAS["light"]
    for wrong in ("", "much", "0", "5@9"):
        with pytest.raises(InvalidInput, match="usage"):
            parse_persona(wrong)
    for wrong in ("", "-100%", "cheap"):
        with pytest.raises(InvalidInput, match="price"):
            parse_price(wrong)


class Read(HTMLParser):
    """What a browser would fetch, what is open at the end, and how many plots and tables there are."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.counts: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_needs_nothing_else_and_has_a_table_for_every_plot() -> None:
    titled = load("bursar: plan/1\nname: x\ntitle: '<script>alert(1)</script> & co'\nallotment: {amount: $9}\n").plan
    setup = Setup(FIRST, 3, 10)
    tallies = run([titled, plan_of("$500")], people(50), setup)
    text = html(setup, [outcome(tally) for tally in tallies], compare(*tallies))
    read = Read()
    read.feed(text)
    assert (read.fetched, read.open) == ([], [])
    assert read.counts["figure"] == read.counts["details"] == 8
    assert read.counts["svg"] == 2 * read.counts["figure"], "every plot once for a page and once for a phone"
    assert read.counts["table"] > read.counts["figure"]
    assert not read.counts["script"]
    assert "url(" not in text
    assert "http" not in text
    assert "prefers-color-scheme: dark" in text
    assert "nan" not in text.lower().replace("nano", "")
    for piece in text.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + piece.split("</svg>")[0] + "</svg>")


def test_what_no_limit_would_cost_is_what_everybody_wants_whatever_the_plan_gives() -> None:
    """Twenty people who each want $300 a month for three months want $18,000, under a tight plan as under a wide one."""
    setup = steady("300@0", months=3, scenarios=4, seed=1)
    for amount in ("$10", "$1000"):
        (tally,) = run([plan_of(amount)], people(20), setup)
        total = outcome(tally).everybody.total
        assert {total.wanted_nanos.p5, total.wanted_nanos.p50, total.wanted_nanos.p95} == {18_000 * NANO}
