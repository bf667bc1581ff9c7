"""Whoever answers for pay: plans and their versions, who is promised what, tiers, statements of total pay."""

from bursar.console.compensation import (
    applying,
    changing,
    drafts,
    giving,
    grants,
    letters,
    parity,
    plans,
    simulations,
    tiers,
)
from bursar.console.compensation.area import AREA

__all__ = [
    "AREA",
    "applying",
    "changing",
    "drafts",
    "giving",
    "grants",
    "letters",
    "parity",
    "plans",
    "simulations",
    "tiers",
]
