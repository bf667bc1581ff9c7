"""What is wrong with terms before anybody is granted anything under them.

Foreign terms are read as they are, so that they can be looked at; the walk stays safe on any graph. But a reference to
nowhere is a promise that is never kept (one of OCF's own tutorial files has such a reference), so it is named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter

from bursar.plans.vesting.terms import Relative, VestingCondition, VestingTerms

_FINEST = 10**18


@dataclass(frozen=True, slots=True)
class Problem:
    """The path of a field in the terms, and what is wrong with it."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class _Sum:
    """What one path has vested so far, as a share of the grant, and the conditions it passes."""

    share: Fraction
    path: tuple[str, ...]

    def __str__(self) -> str:
        return " -> ".join(self.path if len(self.path) <= 6 else (*self.path[:3], "...", *self.path[-2:]))


def check(terms: VestingTerms, quantity: int | None = None) -> list[Problem]:
    """References to nowhere, circles, conditions out of reach, cliffs too late, paths that do not vest the whole.

    A path may stop short of the whole only at a condition that vests nothing: a deadline that was missed. Fixed
    quantities are weighed only with the `quantity` of a grant (nano-units); without it a path through one is judged
    by its portions, which may not exceed the whole.
    """
    indexes = {condition.id: index for index, condition in enumerate(terms.conditions)}
    reached = _reached(terms, indexes)
    problems = [*_local_problems(terms, indexes)]
    problems += [
        Problem(f"conditions[{index}]", f"{condition.id!r} is out of reach: no condition leads to it from the first")
        for index, condition in enumerate(terms.conditions)
        if condition.id not in reached
    ]
    # In the order of the terms, never of the set, so that the same terms are always told the same problems.
    before: dict[str, list[str]] = {each: [] for each in indexes if each in reached}
    for each in before:
        for following in terms.conditions[indexes[each]].next_condition_ids:
            if following in before:
                before[following].append(each)
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError as error:
        circle: list[str] = error.args[1]
        field = f"conditions[{indexes[circle[-2]]}].next_condition_ids"
        return [*problems, Problem(field, f"a circle: {' -> '.join(circle)}")]
    conditions = [terms.conditions[indexes[each]] for each in order]
    problems += _never_met(conditions, before, indexes)
    problems += _wrong_sums(conditions, before, indexes, quantity)
    return problems


def _reached(terms: VestingTerms, indexes: Mapping[str, int]) -> set[str]:
    reached: set[str] = set()
    ahead = [terms.conditions[0].id]
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead += [each for each in terms.conditions[indexes[here]].next_condition_ids if each in indexes]
    return reached


def _local_problems(terms: VestingTerms, indexes: Mapping[str, int]) -> Iterator[Problem]:
    for index, condition in enumerate(terms.conditions):
        for place, following in enumerate(condition.next_condition_ids):
            if following not in indexes:
                yield Problem(
                    f"conditions[{index}].next_condition_ids[{place}]", f"no condition is named {following!r}"
                )
        if not isinstance(condition.trigger, Relative):
            continue
        field, period = f"conditions[{index}].trigger", condition.trigger.period
        if condition.trigger.relative_to not in indexes:
            yield Problem(f"{field}.relative_to", f"no condition is named {condition.trigger.relative_to!r}")
        if (period.cliff_installment or 0) > period.occurrences:
            yield Problem(
                f"{field}.period.cliff_installment",
                f"{period.cliff_installment} of {period.occurrences} instalments: the cliff is taken to be the last one",
            )


def _never_met(
    conditions: Sequence[VestingCondition], before: Mapping[str, Sequence[str]], indexes: Mapping[str, int]
) -> Iterator[Problem]:
    """Periods that count from a condition that no path passes beforehand."""
    passed: dict[str, int] = {}
    for condition in conditions:
        passed[condition.id] = 0
        for previous in before[condition.id]:
            passed[condition.id] |= passed[previous] | 1 << indexes[previous]
        trigger = condition.trigger
        if not isinstance(trigger, Relative) or trigger.relative_to not in indexes:
            continue
        if not passed[condition.id] >> indexes[trigger.relative_to] & 1:
            yield Problem(
                f"conditions[{indexes[condition.id]}].trigger.relative_to",
                f"{condition.id!r} is never met: no path to it passes {trigger.relative_to!r}",
            )


def _wrong_sums(
    conditions: Sequence[VestingCondition],
    before: Mapping[str, Sequence[str]],
    indexes: Mapping[str, int],
    quantity: int | None,
) -> Iterator[Problem]:
    """The least and the most that paths vest up to each condition; a condition never turns less into more."""
    least: dict[str, _Sum] = {}
    most: dict[str, _Sum] = {}
    weighed = quantity or not any(condition.quantity for condition in conditions)
    for condition in conditions:
        previous = before[condition.id]
        start = _Sum(Fraction(0), ())
        low = min((least[each] for each in previous), key=lambda each: each.share, default=start)
        high = max((most[each] for each in previous), key=lambda each: each.share, default=start)
        least[condition.id] = _Sum(_after(low.share, condition, quantity), (*low.path, condition.id))
        most[condition.id] = _Sum(_after(high.share, condition, quantity), (*high.path, condition.id))
        field = f"conditions[{indexes[condition.id]}]"
        if most[condition.id].share > 1 >= high.share:
            yield Problem(field, f"the path {most[condition.id]} vests {_shown(most[condition.id].share)} of the grant")
        ends = not any(each in indexes for each in condition.next_condition_ids)
        if weighed and ends and not condition.vests_nothing and least[condition.id].share < 1:
            yield Problem(field, f"the path {least[condition.id]} vests only {_shown(least[condition.id].share)}")


def _after(share: Fraction, condition: VestingCondition, quantity: int | None) -> Fraction:
    portion = condition.portion
    if portion is None:
        return share + Fraction((condition.quantity or 0) * condition.occurrences, quantity or 1) * bool(quantity)
    part = Fraction(portion.numerator, portion.denominator)
    if not portion.remainder:
        return share + part * condition.occurrences
    if share >= 1 or part == 1:
        return max(share, Fraction(1))
    # Never quite the whole, and kept short: downwards, so that it stays below one.
    return Fraction((1 - (1 - share) * (1 - part) ** condition.occurrences) * _FINEST // 1, _FINEST)


def _shown(share: Fraction) -> str:
    return str(share) if share.denominator < 10_000 else f"about {share * 10_000 // 1 / 100}%"
