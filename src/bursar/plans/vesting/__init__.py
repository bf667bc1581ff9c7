"""Vesting as the Open Cap Format means it: terms are a graph of conditions, facts are recorded, tranches follow.

`tranches` says what vests when, `check` finds what is wrong with terms, `schedule` writes the usual terms in a line.
"""

from bursar.plans.vesting.check import Problem, check
from bursar.plans.vesting.release import tranches
from bursar.plans.vesting.short import schedule
from bursar.plans.vesting.terms import (
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
    Tranche,
    Trigger,
    VestingCondition,
    VestingTerms,
)

__all__ = [
    "ALLOCATIONS",
    "Absolute",
    "Accelerated",
    "Allocation",
    "Days",
    "Event",
    "Fact",
    "Happened",
    "Months",
    "Portion",
    "Problem",
    "Relative",
    "Start",
    "Started",
    "Tranche",
    "Trigger",
    "VestingCondition",
    "VestingTerms",
    "check",
    "schedule",
    "tranches",
]
