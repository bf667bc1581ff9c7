"""Interim."""

from __future__ import annotations

from dataclasses import dataclass

from bursar.plans.terms import Plan


@dataclass(frozen=True, slots=True)
class FactSheet:
    missing: tuple[str, ...]


def fact_sheet(plan: Plan) -> FactSheet:
    wanted = ("tax", "expectations", "visibility", "rate_limits", "changes")
    return FactSheet(tuple(one for one in wanted if one not in plan.statements))
