"""Vesting at its edges: the graph, the day of the month, cliffs, deadlines, acceleration, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from bursar.calendar import months_later
from bursar.errors import InvalidInput
from bursar.money import MAX_NANOS, NANO
from bursar.plans.vesting import (
    ALLOCATIONS,
    Absolute,
    Accelerated,
    Allocation,
    Days,
    Event,
    Fact,
    Happened,
    Months,
    Portion,
    Relative,
    Start,
    Started,
    Trigger,
    VestingCondition,
    VestingTerms,
    check,
    schedule,
    tranches,
)
from bursar.plans.vesting.terms import MAX_CONDITIONS, MAX_FACTS, MAX_INSTALMENTS

FAR = date(2999, 12, 31)
ALL = Portion(1, 1)
NOTHING = Portion(0, 1)
REST = Portion(1, 1, remainder=True)


def node(name: str, trigger: Trigger, vests: Portion | int, *follows: str) -> VestingCondition:
    if isinstance(vests, int):
        return VestingCondition(name, trigger, quantity=vests, next_condition_ids=follows)
    return VestingCondition(name, trigger, portion=vests, next_condition_ids=follows)


def start(*follows: str) -> VestingCondition:
    return node("start", Start(), 0, *follows)


def graph(*conditions: VestingCondition, allocation: Allocation = "CUMULATIVE_ROUNDING") -> VestingTerms:
    return VestingTerms("terms", "Terms", "", allocation, conditions)


def vested(
    terms: VestingTerms, units: int, facts: Sequence[Fact], until: date = FAR, grain: int = NANO
) -> list[tuple[str, float]]:
    """Dates and whole units (exact in a float at this size)."""
    found = tranches(terms, units * NANO, facts, until, grain=grain)
    assert [each.index for each in found] == list(range(len(found)))
    return [(str(each.date), each.amount / NANO) for each in found]


def on(text: str) -> date:
    return date.fromisoformat(text)


class TestTheDayOfTheMonth:
    @pytest.mark.parametrize(
        ("day", "months", "on_day", "expected"),
        [
            ("2025-01-31", 1, None, "2025-02-28"),
            ("2025-02-28", 1, 31, "2025-03-31"),
            ("2025-01-20", 1, 15, "2025-02-15"),
            ("2023-12-05", 2, 30, "2024-02-29"),
            ("2025-03-31", -1, 31, "2025-02-28"),
        ],
    )
    def test_the_month_function_takes_another_day(
        self, day: str, months: int, on_day: int | None, expected: str
    ) -> None:
        assert str(months_later(on(day), months, on_day)) == expected

    def test_a_start_on_the_31st_is_kept_through_short_months_and_chained_conditions(self) -> None:
        terms = graph(
            start("first"),
            node("first", Relative(Months(1), "start"), Portion(1, 4), "rest"),
            node("rest", Relative(Months(1, 3), "first"), Portion(1, 4)),
        )
        dates = [day for day, _ in vested(terms, 4, [Started("start", on("2025-01-31"))])]
        assert dates == ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]

    def test_a_fixed_day_moves_each_instalment_within_its_month(self) -> None:
        terms = graph(start("m"), node("m", Relative(Months(1, 2, day_of_month=1), "start"), Portion(1, 2)))
        assert vested(terms, 2, [Started("start", on("2025-01-20"))]) == [("2025-02-01", 1), ("2025-03-01", 1)]

    def test_an_instalment_never_falls_before_the_condition_that_leads_to_it(self) -> None:
        terms = graph(start("m"), node("m", Relative(Months(0, 1, day_of_month=1), "start"), ALL))
        assert vested(terms, 1, [Started("start", on("2025-01-20"))]) == [("2025-01-20", 1)]

    def test_without_a_start_the_first_condition_gives_the_day(self) -> None:
        terms = graph(
            node("hired", Event(), 0, "a"),
            node("a", Relative(Months(1), "hired"), Portion(1, 2), "b"),
            node("b", Relative(Months(1), "a"), Portion(1, 2)),
        )
        assert [day for day, _ in vested(terms, 2, [Happened("hired", on("2025-01-30"))])] == [
            "2025-02-28",
            "2025-03-30",
        ]

    def test_days_are_days(self) -> None:
        terms = graph(start("d"), node("d", Relative(Days(365, 2), "start"), Portion(1, 2)))
        assert vested(terms, 2, [Started("start", on("2023-03-01"))]) == [("2024-02-29", 1), ("2025-02-28", 1)]


class TestTheWalk:
    def test_nothing_vests_before_a_start_is_recorded(self) -> None:
        assert tranches(schedule(over="1 year", every="month"), NANO, [], FAR) == ()

    def test_the_day_asked_about_counts_and_later_facts_do_not(self) -> None:
        terms = schedule(over="2 months", every="month")
        facts = [Started("vesting-start", on("2025-01-01"))]
        assert vested(terms, 2, facts, on("2025-02-01")) == [("2025-02-01", 1)]
        assert vested(terms, 2, facts, on("2025-01-31")) == []
        assert vested(terms, 2, facts, on("2024-12-31")) == []

    def test_what_comes_first_wins_and_on_the_same_day_what_stands_first(self) -> None:
        terms = graph(start("late", "sale"), node("late", Absolute(on("2025-06-01")), 0), node("sale", Event(), ALL))
        begun = Started("start", on("2025-01-01"))
        assert vested(terms, 5, [begun, Happened("sale", on("2025-05-31"))]) == [("2025-05-31", 5)]
        assert vested(terms, 5, [begun, Happened("sale", on("2025-06-01"))]) == []
        generous = graph(start("sale", "late"), *terms.conditions[1:])
        assert vested(generous, 5, [begun, Happened("sale", on("2025-06-01"))]) == [("2025-06-01", 5)]

    def test_an_absolute_date_that_has_passed_is_met_on_arrival(self) -> None:
        terms = graph(start("a"), node("a", Absolute(on("2020-01-01")), ALL))
        assert vested(terms, 1, [Started("start", on("2025-01-01"))]) == [("2025-01-01", 1)]

    def test_a_period_that_has_passed_is_caught_up_on_arrival_as_one_tranche(self) -> None:
        terms = graph(
            start("ship"), node("ship", Event(), 0, "m"), node("m", Relative(Months(1, 4), "start"), Portion(1, 4))
        )
        facts = [Started("start", on("2025-01-01")), Happened("ship", on("2025-03-10"))]
        assert vested(terms, 4, facts) == [("2025-03-10", 2), ("2025-04-01", 1), ("2025-05-01", 1)]

    def test_events_count_in_the_order_of_the_terms(self) -> None:
        terms = graph(node("accepted", Event(), Portion(3, 5), "acquired"), node("acquired", Event(), Portion(2, 5)))
        early = [Happened("acquired", on("2025-01-01")), Happened("accepted", on("2025-02-01"))]
        assert vested(terms, 10, early) == [("2025-02-01", 6)]
        again = [*early, Happened("acquired", on("2025-03-01"))]
        assert vested(terms, 10, again) == [("2025-02-01", 6), ("2025-03-01", 4)]

    def test_an_event_during_a_schedule_takes_effect_when_the_schedule_is_through(self) -> None:
        terms = graph(
            start("m"), node("m", Relative(Months(1, 3), "start"), Portion(1, 4), "e"), node("e", Event(), REST)
        )
        facts = [Started("start", on("2025-01-01")), Happened("e", on("2025-02-15"))]
        assert vested(terms, 4, facts)[-1] == ("2025-04-01", 1)
        assert len(tranches(terms, 4 * NANO, facts, FAR)) == 4

    def test_a_condition_relative_to_a_schedule_counts_from_its_last_instalment(self) -> None:
        terms = graph(
            start("m"),
            node("m", Relative(Months(1, 3), "start"), Portion(1, 4), "last"),
            node("last", Relative(Months(2), "m"), Portion(1, 4)),
        )
        assert vested(terms, 4, [Started("start", on("2025-01-01"))])[-1] == ("2025-06-01", 1)

    def test_a_circle_and_a_reference_to_nowhere_end_the_walk(self) -> None:
        terms = graph(start("a"), node("a", Relative(Days(1), "start"), Portion(1, 2), "start", "a", "gone"))
        assert vested(terms, 2, [Started("start", on("2025-01-01"))]) == [("2025-01-02", 1)]

    def test_what_lies_past_the_calendar_never_vests_and_nothing_follows_it(self) -> None:
        terms = graph(
            start("y"), node("y", Relative(Months(12, 5), "start"), Portion(1, 5), "e"), node("e", Event(), REST)
        )
        facts = [Started("start", on("2997-01-01")), Happened("e", on("2999-06-01"))]
        assert [day for day, _ in vested(terms, 5, facts, date.max)] == ["2998-01-01", "2999-01-01"]

    def test_a_cliff_gathers_what_came_before_it(self) -> None:
        terms = graph(start("m"), node("m", Relative(Months(1, 4, cliff_installment=3), "start"), Portion(1, 4)))
        begun = [Started("start", on("2025-01-01"))]
        assert vested(terms, 8, begun) == [("2025-04-01", 6), ("2025-05-01", 2)]
        assert vested(terms, 8, begun, on("2025-03-31")) == []

    @pytest.mark.parametrize("cliff", [None, 0, 1])
    def test_a_cliff_below_two_is_none(self, cliff: int | None) -> None:
        terms = graph(start("m"), node("m", Relative(Months(1, 2, cliff_installment=cliff), "start"), Portion(1, 2)))
        assert len(tranches(terms, 2 * NANO, [Started("start", on("2025-01-01"))], FAR)) == 2

    def test_quantities_and_remainders_mix(self) -> None:
        terms = graph(
            node("bonus", Event(), 400 * NANO, "fifth"),
            node("fifth", Event(), Portion(1, 5, remainder=True), "rest"),
            node("rest", Event(), REST),
        )
        facts = [Happened(each, on("2025-01-01")) for each in ("bonus", "fifth", "rest")]
        assert vested(terms, 1000, facts) == [("2025-01-01", 400), ("2025-01-01", 120), ("2025-01-01", 480)]

    def test_terms_that_promise_too_much_vest_the_whole_and_no_more(self) -> None:
        terms = graph(start("m"), node("m", Relative(Months(1, 5), "start"), Portion(1, 2)))
        assert [amount for _, amount in vested(terms, 3, [Started("start", on("2025-01-01"))])] == [2, 1]


class TestRounding:
    @pytest.mark.parametrize(
        ("allocation", "expected"),
        [
            ("CUMULATIVE_ROUNDING", [10, 4, 5, 5]),
            ("CUMULATIVE_ROUND_DOWN", [9, 5, 5, 5]),
            ("FRONT_LOADED", [10, 5, 5, 4]),
            ("BACK_LOADED", [9, 5, 5, 5]),
            ("FRONT_LOADED_TO_SINGLE_TRANCHE", [12, 4, 4, 4]),
            ("BACK_LOADED_TO_SINGLE_TRANCHE", [8, 4, 4, 8]),
        ],
    )
    def test_a_cliff_delays_instalments_and_does_not_change_their_rounding(
        self, allocation: Allocation, expected: list[int]
    ) -> None:
        terms = graph(
            start("m"),
            node("m", Relative(Months(1, 5, cliff_installment=2), "start"), Portion(1, 5)),
            allocation=allocation,
        )
        assert [amount for _, amount in vested(terms, 24, [Started("start", on("2025-01-01"))])] == expected

    @pytest.mark.parametrize(
        ("allocation", "expected"),
        [
            ("CUMULATIVE_ROUNDING", [4, 3, 4, 3, 4]),
            ("CUMULATIVE_ROUND_DOWN", [3, 4, 3, 4, 4]),
            ("FRONT_LOADED", [4, 4, 3, 4, 3]),
            ("FRONT_LOADED_TO_SINGLE_TRANCHE", [4, 4, 3, 4, 3]),
            ("BACK_LOADED", [3, 4, 3, 4, 4]),
            ("BACK_LOADED_TO_SINGLE_TRANCHE", [3, 4, 3, 4, 4]),
            ("FRACTIONAL", [3.6] * 5),
        ],
    )
    def test_where_events_may_still_follow_the_sum_is_rounded_the_way_it_is_loaded(
        self, allocation: Allocation, expected: list[float]
    ) -> None:
        sales = [node(f"sale-{n}", Event(), Portion(1, 5), *([f"sale-{n + 1}"] if n < 5 else [])) for n in range(1, 6)]
        facts = [Happened(f"sale-{n}", date(2025, n, 1)) for n in range(1, 6)]
        assert [amount for _, amount in vested(graph(*sales, allocation=allocation), 18, facts)] == expected

    def test_fractional_is_exact_where_nanos_can_say_it_and_cumulative_where_not(self) -> None:
        terms = schedule(over="3 months", every="month", allocation="FRACTIONAL")
        begun = [Started("vesting-start", on("2025-01-01"))]
        amounts = [each.amount for each in tranches(terms, NANO, begun, FAR)]
        assert amounts == [333_333_333, 333_333_334, 333_333_333]

    def test_the_grain_may_be_a_cent(self) -> None:
        terms = schedule(over="3 months", every="month")
        begun = [Started("vesting-start", on("2025-01-01"))]
        assert [each.amount for each in tranches(terms, NANO, begun, FAR, grain=NANO // 100)] == [
            330_000_000,
            340_000_000,
            330_000_000,
        ]

    @pytest.mark.parametrize("allocation", ALLOCATIONS)
    def test_what_is_finer_than_the_grain_vests_too(self, allocation: Allocation) -> None:
        terms = schedule(over="4 months", every="month", allocation=allocation)
        begun = [Started("vesting-start", on("2025-01-01"))]
        assert sum(each.amount for each in tranches(terms, 18_500_000_001, begun, FAR)) == 18_500_000_001

    def test_instalments_that_round_to_nothing_are_no_tranches(self) -> None:
        terms = schedule(over="4 months", every="month")
        assert [day for day, _ in vested(terms, 1, [Started("vesting-start", on("2025-01-01"))])] == ["2025-03-01"]


class TestAcceleration:
    BEGUN = Started("vesting-start", on("2025-01-01"))
    TERMS = schedule(over="4 months", every="month")

    def test_the_rest_vests_at_once_and_nothing_after_it(self) -> None:
        facts = [self.BEGUN, Accelerated(None, on("2025-02-10"), "sold")]
        assert vested(self.TERMS, 40, facts) == [("2025-02-01", 10), ("2025-02-10", 30)]

    def test_after_a_part_the_later_tranches_shrink_alike(self) -> None:
        facts = [self.BEGUN, Accelerated(15 * NANO, on("2025-02-10"), "thanks")]
        assert [amount for _, amount in vested(self.TERMS, 40, facts)] == [10, 15, 5, 5, 5]

    def test_portions_are_of_the_grant_or_of_the_rest(self) -> None:
        of_grant = [self.BEGUN, Accelerated(Portion(1, 4), on("2025-02-10"), "a quarter of all")]
        of_rest = [self.BEGUN, Accelerated(Portion(1, 2, remainder=True), on("2025-02-10"), "half of the rest")]
        assert vested(self.TERMS, 40, of_grant)[1] == ("2025-02-10", 10)
        assert vested(self.TERMS, 40, of_rest)[1] == ("2025-02-10", 15)

    def test_never_more_than_is_left(self) -> None:
        facts = [self.BEGUN, Accelerated(MAX_NANOS, on("2025-02-10"), ""), Accelerated(ALL, on("2025-03-01"), "")]
        assert vested(self.TERMS, 40, facts) == [("2025-02-01", 10), ("2025-02-10", 30)]

    def test_the_schedule_comes_first_on_the_same_day(self) -> None:
        found = tranches(self.TERMS, 40 * NANO, [self.BEGUN, Accelerated(None, on("2025-02-01"), "")], FAR)
        assert [(each.condition, each.amount // NANO) for each in found] == [("vesting", 10), (None, 30)]

    def test_before_the_start_and_on_a_dead_end_it_vests_what_it_says(self) -> None:
        assert vested(self.TERMS, 40, [Accelerated(NANO, on("2024-01-01"), "")]) == [("2024-01-01", 1)]
        terms = schedule(on_event="sale", deadline=on("2025-06-01"))
        facts = [self.BEGUN, Accelerated(3 * NANO, on("2026-01-01"), "goodwill")]
        assert vested(terms, 40, facts) == [("2026-01-01", 3)]

    def test_what_an_acceleration_left_below_the_grain_does_not_vest_on_a_dead_end(self) -> None:
        terms = schedule(on_event="sale", deadline=on("2025-06-01"))
        facts = [self.BEGUN, Accelerated(NANO // 2, on("2025-02-01"), "")]
        assert vested(terms, 40, facts) == [("2025-02-01", 0.5)]

    def test_a_fixed_quantity_shrinks_too(self) -> None:
        terms = graph(start("a"), node("a", Relative(Months(1, 2), "start"), 10 * NANO))
        facts = [Started("start", on("2025-01-01")), Accelerated(10 * NANO, on("2025-01-15"), "")]
        assert [amount for _, amount in vested(terms, 20, facts)] == [10, 5, 5]


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("make", "field"),
        [
            (lambda: Portion(1, 0), "denominator"),
            (lambda: Portion(3, 2), "numerator"),
            (lambda: Portion(-1, 2), "numerator"),
            (lambda: Days(-1), "length"),
            (lambda: Days(36_501), "length"),
            (lambda: Months(1201), "length"),
            (lambda: Months(1, 0), "occurrences"),
            (lambda: Months(1, 1, 32), "day_of_month"),
            (lambda: Months(1, 1, 0), "day_of_month"),
            (lambda: Days(1, 1, -1), "cliff_installment"),
            (lambda: Absolute(date(1, 1, 1)), "date"),
            (lambda: Started("s", date(1899, 1, 1)), "date"),
            (lambda: Accelerated(-1, date(2025, 1, 1), ""), "quantity"),
            (lambda: VestingCondition("", Start(), quantity=0), "id"),
            (lambda: VestingCondition("a", Start()), "portion"),
            (lambda: VestingCondition("a", Start(), ALL, 1), "portion"),
            (lambda: VestingCondition("a", Start(), quantity=-1), "quantity"),
            (lambda: node("a", Start(), 0, "b", "b"), "next_condition_ids"),
            (lambda: node("a", Start(), 0, *map(str, range(MAX_CONDITIONS + 1))), "next_condition_ids"),
            (lambda: graph(), "conditions"),
            (lambda: graph(start(), start()), "conditions[1].id"),
            (lambda: graph(start(), allocation="ROUND"), "allocation"),  # type: ignore[arg-type]
            (
                lambda: graph(
                    node("a", Relative(Days(1, MAX_INSTALMENTS), "a"), ALL), node("b", Relative(Days(1), "a"), ALL)
                ),
                "conditions",
            ),
            (lambda: tranches(graph(start()), -1, [], FAR), "quantity"),
            (lambda: tranches(graph(start()), 1, [], FAR, grain=0), "grain"),
            (lambda: tranches(graph(start()), 1, [Happened("start", FAR)], FAR), "facts[0].condition"),
            (lambda: tranches(graph(start()), 1, [Started("nobody", FAR)], FAR), "facts[0].condition"),
            (lambda: tranches(graph(start()), 1, [Started("start", FAR)] * (MAX_FACTS + 1), FAR), "facts"),
        ],
    )
    def test_each_value_names_its_field(self, make: Any, field: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            make()
        assert refused.value.field == field

    def test_floats_are_no_quantities(self) -> None:
        with pytest.raises(TypeError):
            VestingCondition("a", Start(), quantity=1.0)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            tranches(graph(start()), 1.0, [], FAR)  # type: ignore[arg-type]


class TestTheShortForm:
    BEGUN = Started("vesting-start", on("2024-02-29"))

    def test_four_years_every_month_with_a_cliff_of_a_year(self) -> None:
        terms = schedule(over="4 years", every="month", cliff="1 year")
        found = vested(terms, 480, [self.BEGUN])
        assert check(terms) == []
        assert len(found) == 37
        assert found[:2] == [("2025-02-28", 120), ("2025-03-29", 10)]
        assert found[-1] == ("2028-02-29", 10)
        assert terms.id == "over 4 years, every month, cliff year"

    def test_the_timeline_of_the_explanation(self) -> None:
        terms = schedule(over="48 months", every="month", cliff="12 months")
        facts = [Started("vesting-start", on("2025-01-31")), Accelerated(9_000 * NANO, on("2027-02-01"), "thanks")]
        found = vested(terms, 48_000, facts, until=on("2027-04-15"))
        assert found[:3] == [("2026-01-31", 12_000), ("2026-02-28", 1_000), ("2026-03-31", 1_000)]
        assert found[-3:] == [("2027-02-01", 9_000), ("2027-02-28", 625), ("2027-03-31", 625)]
        assert sum(amount for _, amount in found) == 34_250

    def test_yearly_shares(self) -> None:
        terms = schedule(shares=[10, 20, 30, 40])
        assert check(terms) == []
        assert vested(terms, 1000, [self.BEGUN]) == [
            ("2025-02-28", 100),
            ("2026-02-28", 200),
            ("2027-02-28", 300),
            ("2028-02-29", 400),
        ]

    def test_shares_may_be_fine_or_zero_and_every_two_weeks(self) -> None:
        terms = schedule(every="2 weeks", shares=["12.5", 0, "87.5"], over="6 weeks")
        assert check(terms) == []
        assert vested(terms, 8, [self.BEGUN]) == [("2024-03-14", 1), ("2024-04-11", 7)]

    def test_on_an_event(self) -> None:
        terms = schedule(on_event="launch")
        assert check(terms) == []
        assert vested(terms, 5, [Happened("launch", on("2025-01-01"))]) == [("2025-01-01", 5)]

    @pytest.mark.parametrize("deadline", ["1 year", on("2025-02-28")])
    def test_on_an_event_before_a_deadline(self, deadline: str | date) -> None:
        terms = schedule(on_event="launch", deadline=deadline)
        assert check(terms) == []
        assert vested(terms, 5, [self.BEGUN, Happened("launch", on("2025-02-27"))]) == [("2025-02-27", 5)]
        assert vested(terms, 5, [self.BEGUN, Happened("launch", on("2025-02-28"))]) == []

    def test_on_the_first_of_the_month(self) -> None:
        terms = schedule(over="2 months", every="month", day_of_month=1)
        assert vested(terms, 2, [self.BEGUN]) == [("2024-03-01", 1), ("2024-04-01", 1)]

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({"shares": [10, 20, 30]}, "shares"),
            ({"shares": []}, "shares"),
            ({"shares": [50, "50.0000000001"]}, "shares[1]"),
            ({"shares": [0.5, 99.5]}, "shares[0]"),
            ({"shares": [-10, 110]}, "shares[0]"),
            ({"shares": [50, 50], "over": "3 years"}, "over"),
            ({"shares": [50, 50], "cliff": "1 year"}, "cliff"),
            ({"over": "1 year", "every": "5 months"}, "over"),
            ({"over": "1 year", "every": "week"}, "over"),
            ({"over": "1 year", "every": "quarter", "cliff": "4 months"}, "cliff"),
            ({"over": "1 year", "every": "month", "cliff": "2 years"}, "cliff"),
            ({"over": "1 year", "every": "month", "day_of_month": 32}, "day_of_month"),
            ({"over": "2 weeks", "every": "week", "day_of_month": 1}, "day_of_month"),
            ({"over": "1 year"}, "every"),
            ({"every": "year"}, "over"),
            ({}, "over"),
            ({"over": "soon", "every": "month"}, "over"),
            ({"over": "100 years", "every": "day"}, "over"),
            ({"on_event": "sale", "over": "1 year"}, "over"),
            ({"on_event": "expired", "deadline": "1 year"}, "on_event"),
            ({"on_event": ""}, "on_event"),
            ({"over": "1 year", "every": "month", "deadline": "1 year"}, "deadline"),
        ],
    )
    def test_what_does_not_sum_to_one_or_fits_no_shape_is_refused(self, arguments: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            schedule(**arguments)
        assert refused.value.field == field


class TestTheCheck:
    def found(self, *conditions: VestingCondition, quantity: int | None = None) -> list[str]:
        return [str(each) for each in check(graph(*conditions), quantity)]

    def test_references_to_nowhere_are_named(self) -> None:
        assert self.found(start("m", "gone"), node("m", Relative(Months(1), "cliff"), ALL)) == [
            "conditions[0].next_condition_ids[1]: no condition is named 'gone'",
            "conditions[1].trigger.relative_to: no condition is named 'cliff'",
        ]

    def test_a_circle_is_named_in_full(self) -> None:
        assert self.found(start("a"), node("a", Event(), NOTHING, "b"), node("b", Event(), ALL, "a")) == [
            "conditions[2].next_condition_ids: a circle: a -> b -> a"
        ]

    def test_what_is_out_of_reach_is_named(self) -> None:
        assert self.found(node("a", Event(), ALL), node("b", Event(), ALL, "a")) == [
            "conditions[1]: 'b' is out of reach: no condition leads to it from the first"
        ]

    def test_a_period_from_what_is_met_later_or_elsewhere_is_named(self) -> None:
        assert self.found(
            start("m", "other"), node("m", Relative(Months(1), "other"), ALL), node("other", Event(), ALL)
        ) == ["conditions[1].trigger.relative_to: 'm' is never met: no path to it passes 'other'"]

    def test_a_cliff_past_the_last_instalment_is_named(self) -> None:
        assert self.found(start("m"), node("m", Relative(Months(1, 2, None, 3), "start"), Portion(1, 2))) == [
            "conditions[1].trigger.period.cliff_installment: 3 of 2 instalments: the cliff is taken to be the last one"
        ]

    def test_each_path_has_to_vest_the_whole_unless_it_ends_with_nothing(self) -> None:
        assert self.found(
            start("half", "third", "late"),
            node("half", Event(), Portion(1, 2), "end"),
            node("third", Event(), Portion(1, 3), "end"),
            node("end", Event(), Portion(1, 2)),
            node("late", Absolute(on("2025-01-01")), 0),
        ) == ["conditions[3]: the path start -> third -> end vests only 5/6"]

    def test_too_much_is_named_where_it_becomes_too_much(self) -> None:
        assert self.found(
            start("m"), node("m", Relative(Months(1, 3), "start"), Portion(1, 2), "e"), node("e", Event(), REST)
        ) == ["conditions[1]: the path start -> m vests 3/2 of the grant"]

    def test_a_share_of_the_rest_is_never_the_whole(self) -> None:
        assert self.found(start("m"), node("m", Relative(Days(1, 300), "start"), Portion(1, 2, remainder=True))) == [
            "conditions[1]: the path start -> m vests only about 99.99%"
        ]

    def test_fixed_quantities_are_weighed_against_a_grant(self) -> None:
        terms = (start("a"), node("a", Event(), 10 * NANO, "b"), node("b", Event(), Portion(1, 2)))
        assert self.found(*terms) == []
        assert self.found(*terms, quantity=20 * NANO) == []
        assert self.found(*terms, quantity=40 * NANO) == ["conditions[2]: the path start -> a -> b vests only 3/4"]
