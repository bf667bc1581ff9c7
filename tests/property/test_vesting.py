"""What holds for all terms, facts and dates: the sum, the order, no hindsight, no crash, and the way through OCF and back."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.profile import size

from bursar.exchange.ocf import read_terms, read_terms_file, write_terms, write_terms_file
from bursar.money import MAX_NANOS, NANO
from bursar.plans.vesting import (
    ALLOCATIONS,
    Absolute,
    Accelerated,
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

FAR = date(2999, 12, 31)
NAMES = [f"c{n}" for n in range(8)]
DATES = st.dates(date(2019, 1, 1), date(2031, 12, 31))
QUANTITIES = st.one_of(
    st.integers(0, 100), st.integers(0, 2_000).map(lambda units: units * NANO), st.integers(0, MAX_NANOS)
)
GRAINS = st.sampled_from([1, 7, NANO // 100, NANO])
CLIFFS = st.one_of(st.none(), st.integers(0, 14))
PERIODS = st.one_of(
    st.builds(Days, st.integers(0, 400), st.integers(1, 12), CLIFFS),
    st.builds(Months, st.integers(0, 24), st.integers(1, 12), st.one_of(st.none(), st.integers(1, 31)), CLIFFS),
)
PORTIONS = st.integers(1, 60).flatmap(
    lambda whole: st.builds(Portion, st.integers(0, whole), st.just(whole), st.booleans())
)
MANY = settings(max_examples=size(80, 5_000))


@st.composite
def graphs(draw: st.DrawFn) -> VestingTerms:
    """Any terms at all: circles, references to nowhere, too much, too little."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    conditions = []
    for name in names:
        trigger: Trigger = draw(
            st.one_of(
                st.just(Start()),
                st.just(Event()),
                st.builds(Absolute, DATES),
                st.builds(Relative, PERIODS, st.sampled_from([*names, "gone"])),
            )
        )
        follows = tuple(draw(st.lists(st.sampled_from([*names, "gone"]), unique=True, max_size=3)))
        if draw(st.booleans()):
            conditions.append(VestingCondition(name, trigger, draw(PORTIONS), None, follows))
        else:
            conditions.append(VestingCondition(name, trigger, None, draw(QUANTITIES), follows, "by quantity"))
    return VestingTerms("any", "Any", "", draw(st.sampled_from(ALLOCATIONS)), tuple(conditions))


@st.composite
def facts_about(draw: st.DrawFn, terms: VestingTerms) -> list[Fact]:
    facts: list[Fact] = []
    for condition in terms.conditions:
        for day in draw(st.lists(DATES, max_size=2)):
            if isinstance(condition.trigger, Start):
                facts.append(Started(condition.id, day))
            elif isinstance(condition.trigger, Event):
                facts.append(Happened(condition.id, day))
    wanted = st.one_of(st.none(), QUANTITIES, PORTIONS)
    facts += draw(st.lists(st.builds(Accelerated, wanted, DATES, st.just("drawn")), max_size=3))
    return draw(st.permutations(facts))


@st.composite
def cases(draw: st.DrawFn) -> tuple[VestingTerms, list[Fact], int, int]:
    terms = draw(graphs())
    return terms, draw(facts_about(terms)), draw(QUANTITIES), draw(GRAINS)


@st.composite
def whole_chains(draw: st.DrawFn) -> tuple[VestingTerms, list[Fact]]:
    """Conditions one after another whose portions sum to one, all of them met in the end."""
    weights = draw(st.lists(st.integers(1, 50), min_size=1, max_size=7))
    counts = [draw(st.integers(1, 6)) for _ in weights]
    whole = sum(weight * count for weight, count in zip(weights, counts, strict=True))
    conditions, facts = [], [Started("start", date(2020, 1, 31))]
    last, day = "start", date(2020, 1, 31)
    for index, (weight, count) in enumerate(zip(weights, counts, strict=True)):
        name, portion = f"c{index}", Portion(weight, whole)
        follows = (f"c{index + 1}",) if index + 1 < len(weights) else ()
        if draw(st.booleans()):
            trigger: Trigger = Relative(Months(draw(st.integers(0, 3)), count, None, draw(CLIFFS)), last)
        else:
            trigger, portion, day = Event(), Portion(weight * count, whole), day + timedelta(draw(st.integers(0, 900)))
            facts.append(Happened(name, day))
        conditions.append(VestingCondition(name, trigger, portion, None, follows))
        last = name
    start = VestingCondition("start", Start(), None, 0, ("c0",))
    terms = VestingTerms("chain", "Chain", "", draw(st.sampled_from(ALLOCATIONS)), (start, *conditions))
    # An event that came too early for its place happens once more, long after all the periods before it.
    for index, each in enumerate(conditions):
        if isinstance(each.trigger, Event):
            facts.append(Happened(each.id, date(2200 + 10 * index, 1, 1)))
    return terms, draw(st.permutations(facts))


@MANY
@given(whole_chains(), QUANTITIES, GRAINS, st.lists(st.builds(Accelerated, QUANTITIES, DATES, st.just("")), max_size=3))
def test_terms_that_sum_to_one_vest_the_whole_under_every_rounding(
    chain: tuple[VestingTerms, list[Fact]], quantity: int, grain: int, accelerations: list[Fact]
) -> None:
    terms, facts = chain
    assert [each for each in check(terms) if "cliff" not in each.field] == []
    assert sum(each.amount for each in tranches(terms, quantity, facts, FAR, grain=grain)) == quantity
    assert (
        sum(each.amount for each in tranches(terms, quantity, [*facts, *accelerations], FAR, grain=grain)) == quantity
    )


@MANY
@given(cases())
def test_dates_never_decrease_and_no_more_vests_than_was_granted(
    case: tuple[VestingTerms, list[Fact], int, int],
) -> None:
    terms, facts, quantity, grain = case
    found = tranches(terms, quantity, facts, FAR, grain=grain)
    assert all(before.date <= after.date for before, after in pairwise(found))
    assert all(each.amount > 0 for each in found)
    assert sum(each.amount for each in found) <= quantity
    assert [each.index for each in found] == list(range(len(found)))


@MANY
@given(cases(), DATES)
def test_asking_earlier_gives_the_beginning_of_what_asking_later_gives(
    case: tuple[VestingTerms, list[Fact], int, int], day: date
) -> None:
    terms, facts, quantity, grain = case
    later = tranches(terms, quantity, facts, FAR, grain=grain)
    assert tranches(terms, quantity, facts, day, grain=grain) == tuple(each for each in later if each.date <= day)


@MANY
@given(cases(), st.data())
def test_what_is_recorded_for_a_day_changes_nothing_before_it(
    case: tuple[VestingTerms, list[Fact], int, int], data: st.DataObject
) -> None:
    terms, facts, quantity, grain = case
    more = data.draw(facts_about(terms))
    day = min((fact.date for fact in more), default=FAR)
    before, after = (tranches(terms, quantity, each, FAR, grain=grain) for each in (facts, [*facts, *more]))
    assert [each for each in before if each.date < day] == [each for each in after if each.date < day]


@MANY
@given(cases(), DATES)
def test_an_acceleration_of_nothing_changes_nothing(case: tuple[VestingTerms, list[Fact], int, int], day: date) -> None:
    terms, facts, quantity, grain = case
    if terms.allocation in ("FRACTIONAL", "CUMULATIVE_ROUNDING", "CUMULATIVE_ROUND_DOWN"):
        facts = [fact for fact in facts if not isinstance(fact, Accelerated)]
        expected = tranches(terms, quantity, facts, FAR, grain=grain)
        found = tranches(terms, quantity, [*facts, Accelerated(0, day, "nothing")], FAR, grain=grain)
        assert sum(each.amount for each in found) == sum(each.amount for each in expected)


@MANY
@given(graphs(), st.one_of(st.none(), QUANTITIES))
def test_any_graph_is_checked_without_a_crash(terms: VestingTerms, quantity: int | None) -> None:
    problems = check(terms, quantity)
    ids = {condition.id for condition in terms.conditions}
    dangling = any(set(condition.next_condition_ids) - ids for condition in terms.conditions)
    assert dangling <= any("no condition is named" in problem.sentence for problem in problems)


@MANY
@given(graphs())
def test_terms_go_through_ocf_and_come_back_equal(terms: VestingTerms) -> None:
    assert read_terms(write_terms(terms)) == terms
    assert read_terms_file(write_terms_file([terms])) == (terms,)


@given(
    st.integers(1, 60),
    st.sampled_from(ALLOCATIONS),
    QUANTITIES,
    st.integers(0, 60),
    DATES,
    st.sampled_from(["month", "week"]),
)
def test_every_short_form_vests_the_whole(
    count: int, allocation: str, quantity: int, cliff: int, day: date, unit: str
) -> None:
    terms = schedule(
        over=f"{count} {unit}s",
        every=unit,
        cliff=f"{cliff} {unit}s" if 1 <= cliff <= count else None,
        allocation=allocation,  # type: ignore[arg-type]
    )
    assert check(terms) == []
    found = tranches(terms, quantity, [Started("vesting-start", day)], FAR)
    assert sum(each.amount for each in found) == quantity
    assert len(found) <= count
