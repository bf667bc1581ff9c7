"""Fairness as a plain document: what the command line prints as JSON and the API sends. Shares are between 0 and 1."""

from __future__ import annotations

from typing import Any

from bursar.insight.adjusted import AdjustedGap
from bursar.insight.fairness import EU_GAP, FOUR_FIFTHS
from bursar.office.desk import iso
from bursar.office.figures.parity import DAYS, OTHERS, Fairness, Group
from bursar.office.figures.small_groups import LEAST_PEOPLE
from bursar.office.standing import Taken

DIGITS = 9


def told(found: Taken[Fairness], what: str) -> dict[str, Any]:
    """All of it; `inequality` is null where nobody has anything or everybody is too few."""
    figures = found.value
    return {
        "by": figures.attribute,
        "of": what,
        "at": iso(found.at),
        "days": DAYS if what == "use" else None,
        "people": figures.people,
        "least_people": LEAST_PEOPLE,
        "told_together": figures.merged,
        "four_fifths_line": FOUR_FIFTHS,
        "gap_line": EU_GAP,
        "inequality": None if figures.whole is None else _inequality(figures),
        "lorenz": [{"people": _round(people), "has": _round(part)} for people, part in figures.curve],
        "groups": [_group(one) for one in figures.groups],
    }


def _inequality(figures: Fairness) -> dict[str, Any]:
    whole, parts = figures.whole, figures.parts
    assert whole is not None
    return {
        "share_without": _round(whole.without),
        "mean": _round(whole.mean),
        "median": _round(whole.median),
        "gini": _round(whole.gini),
        "theil": _round(whole.theil),
        "theil_between": None if parts is None else _round(parts.between),
        "theil_within": None if parts is None else _round(parts.within),
        "mean_log_deviation": _round(whole.mean_log_deviation),
        "atkinson_0_5": _round(whole.atkinson_half),
        "atkinson_1": _round(whole.atkinson_one),
        "atkinson_2": _round(whole.atkinson_two),
        "p90_p10": _round(whole.p90_p10),
        "palma": _round(whole.palma),
        "top_tenth": _round(whole.top_tenth),
    }


def _group(one: Group) -> dict[str, Any]:
    return {
        "name": None if one.name == OTHERS else one.name,
        "people": one.people,
        "with_access": _round(one.with_access),
        "ratio": _round(one.ratio),
        "below_four_fifths": one.is_below_four_fifths,
        "fisher_p": _round(one.chance),
        "mean": _round(one.mean),
        "gap": _round(one.gap),
        "beside_tenure": _adjusted(one.untainted),
        "beside_level_family_tenure": _adjusted(one.adjusted),
        "above_line": one.is_above_line,
    }


def _adjusted(one: AdjustedGap | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "gap": _round(one.gap),
        "low": _round(one.low),
        "high": _round(one.high),
        "robust_low": _round(one.robust_low),
        "robust_high": _round(one.robust_high),
        "coefficient": _round(one.coefficient),
        "error": _round(one.error),
        "hc1_error": _round(one.hc1_error),
        "hc3_error": _round(one.robust_error),
        "t": _round(one.t),
        "people": one.people,
        "significant": one.is_significant,
    }


def _round(value: float | None) -> float | None:
    return None if value is None or value != value or abs(value) == float("inf") else round(value, DIGITS)
