"""Level, season, trend, and the shapes of past weeks: everything that the forecast knows of each person.

Exponential smoothing with multiplicative season and a damped trend (Hyndman, Koehler, Ord and Snyder, Forecasting with
Exponential Smoothing, 2008, chapter 4), read by weights instead of by recursion so that thousands of people are one matrix
product. Errors are not taken to be normal: agents burst and people rest, so whole weeks of what was used over what was
expected are kept and drawn again (`courses`). Where somebody's own past is short, level, season and weeks lean on the group,
and where the group is small, on everybody: with n days of one's own, by n to `LEVEL_PRIOR_DAYS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bursar.errors import InvalidInput

WEEK = 7
HALF_LIFE_DAYS = 20.0
"""A day counts half as much as one that is so much later."""
SHAPE_WEEKS = 10
"""Of the past whose shapes are drawn again."""
LEAST_DAYS = 2 * WEEK
"""Somebody has to have been seen for so long before a week of theirs is a shape."""
MOST_DAYS = 1_000
MOST_PEOPLE = 100_000
LEVEL_PRIOR_DAYS = 3.0
SEASON_PRIOR_WEEKS = 4.0
SHAPE_PRIOR_DAYS = 120.0
LEAST_SEASON = 0.02
"""Of a mean day: nobody's Sunday is known to be exactly nothing."""
BURST = 4.0
"""What is above so many times somebody's median day of use counts only as that much towards the level."""
TREND_SHARE = 0.5
OWN_TREND_SHARE = 0.15
MOST_TREND = 0.25
"""Of a week, in logarithms, either way."""
LEAST_GROUP = 8
"""People; a smaller group leans on everybody at once."""
MOST_RATIO = 60.0

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class History:
    """What people used by day, nano-units of one unit.

    `daily` has a row a person and a column a day, the oldest first; `began` says for each person on which column they could first use anything, and `group` which group they
    lean on (any whole numbers). Raises InvalidInput where the shapes do not fit.
    """

    daily: Floats
    began: Numbers
    group: Numbers
    many: bool = False
    """Each row is a sum over many people: its level is known well, and its days are not blurred."""

    def __post_init__(self) -> None:
        if self.daily.ndim != 2 or not 1 <= self.daily.shape[1] <= MOST_DAYS or self.daily.shape[0] > MOST_PEOPLE:
            expected = f"at most {MOST_PEOPLE:,} people by 1 to {MOST_DAYS} days"
            raise InvalidInput("daily", f"an array of {self.daily.shape}", expected)
        if not np.isfinite(self.daily).all():
            raise InvalidInput("daily", "something that is no number", "what was used on each day")
        people = (self.daily.shape[0],)
        for name, one in (("began", self.began), ("group", self.group)):
            if one.shape != people:
                raise InvalidInput(name, f"an array of {one.shape}", f"one for each of {people[0]} people")


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of n people; columns of seven begin with the first day ahead."""

    level: Floats
    """(n,) nano-units of a mean day."""
    season: Floats
    """(n, 7) of a mean day, mean 1."""
    growth: Floats
    """(n,) logarithm of a week's change, before damping."""
    shapes: Floats
    """(n, weeks, 7) what was used over what was expected when the week began, the newest week first."""
    usable: Flags
    """(n, weeks)"""
    group: Numbers
    """(n,) 0 to the number of groups."""
    weight: Floats
    """(n,) how much somebody's own past counts against the group's, 0 to 1."""
    many: bool = False


def fit(history: History) -> Model:
    """Read the past. Corrections that make a day negative count as nothing used."""
    used = np.maximum(history.daily, 0.0)
    days = used.shape[1]
    column = np.arange(days)
    seen = column[None, :] >= history.began[:, None]
    used = np.where(seen, used, 0.0)
    place = (column - days) % WEEK  # 0 is the weekday of the first day ahead
    _, group = np.unique(history.group, return_inverse=True)
    group = group.astype(np.int64)
    calm = np.minimum(used, _bursts(used)[:, None])
    season = _season(calm, seen, place, group)
    expected = season[:, place] * seen
    # Levels as they were known when each past week began, the present one first.
    starts = [days - WEEK * back for back in range(SHAPE_WEEKS + 1)]
    weights = np.stack([_weights(column, start) for start in starts], axis=1)
    top, bottom = calm @ weights, expected @ weights
    levels = _pooled(top, bottom, group)
    shapes, usable = _shapes(used, season, place, levels, history.began, starts)
    lived = np.clip(days - history.began, 0, None).astype(np.float64)
    return Model(
        levels[:, 0],
        season[:, np.arange(WEEK)],
        _growth(calm, expected, lived),
        shapes,
        usable,
        group,
        lived / (lived + SHAPE_PRIOR_DAYS) * (usable.any(axis=1)),
        history.many,
    )


def _bursts(used: Floats) -> Floats:
    """From where on a day is a burst, for each person."""
    positive = np.where(used > 0, used, np.nan)
    found = np.full(used.shape[0], np.inf)
    some = (used > 0).sum(axis=1) >= WEEK
    if some.any():
        found[some] = BURST * np.nanmedian(positive[some], axis=1)
    return found


def _season(calm: Floats, seen: Flags, place: Numbers, group: Numbers) -> Floats:
    """What each weekday is of a mean day; everybody counts alike, however much they use."""
    n = calm.shape[0]
    sums, counts = np.zeros((n, WEEK)), np.zeros((n, WEEK))
    recent = slice(max(0, calm.shape[1] - 8 * WEEK), calm.shape[1])
    for day in range(WEEK):
        these = place[recent] == day
        sums[:, day] = calm[:, recent][:, these].sum(axis=1)
        counts[:, day] = seen[:, recent][:, these].sum(axis=1)
    mean = sums.sum(axis=1) / np.maximum(1.0, counts.sum(axis=1))
    weekly = np.where(mean[:, None] > 0, sums / np.maximum(mean[:, None], 1e-30), 0.0)
    lively = np.where(mean[:, None] > 0, counts, 0.0)
    all_sums, all_counts = weekly.sum(axis=0), lively.sum(axis=0)
    everybody = (all_sums + WEEK) / (all_counts + WEEK)
    group_sums, group_counts = _by_group(weekly, group), _by_group(lively, group)
    prior = WEEK * SEASON_PRIOR_WEEKS
    groups = (group_sums + prior * everybody) / (group_counts + prior)
    own = (weekly + SEASON_PRIOR_WEEKS * groups[group]) / (lively + SEASON_PRIOR_WEEKS)
    own = np.maximum(own, LEAST_SEASON)
    found: Floats = own / own.mean(axis=1, keepdims=True)
    return found


def _weights(column: Numbers, start: int) -> Floats:
    """Of each day, for the level on the day `start`: nothing of that day and later is known."""
    age = start - 1 - column
    return np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / HALF_LIFE_DAYS), 0.0)


def _pooled(top: Floats, bottom: Floats, group: Numbers) -> Floats:
    """Levels that lean on the group's where little is known."""
    everybody = top.sum(axis=0) / np.maximum(bottom.sum(axis=0), 1e-30)
    tops, bottoms = _by_group(top, group), _by_group(bottom, group)
    size = np.bincount(group, minlength=tops.shape[0])[:, None]
    lean = np.maximum(0, LEAST_GROUP - size) * LEVEL_PRIOR_DAYS + LEVEL_PRIOR_DAYS
    groups = (tops + lean * everybody) / (bottoms + lean)
    found: Floats = (top + LEVEL_PRIOR_DAYS * groups[group]) / (bottom + LEVEL_PRIOR_DAYS)
    return found


def _shapes(
    used: Floats, season: Floats, place: Numbers, levels: Floats, began: Numbers, starts: list[int]
) -> tuple[Floats, Flags]:
    n = used.shape[0]
    shapes, usable = np.zeros((n, SHAPE_WEEKS, WEEK)), np.zeros((n, SHAPE_WEEKS), dtype=np.bool_)
    for back in range(1, SHAPE_WEEKS + 1):
        start = starts[back]
        if start < 0:
            break
        expected = levels[:, back, None] * season[:, place[start : start + WEEK]]
        ratio = used[:, start : start + WEEK] / np.maximum(expected, 1e-30)
        shapes[:, back - 1] = np.clip(ratio, 0.0, MOST_RATIO)
        usable[:, back - 1] = (start - began >= WEEK) & (levels[:, back] > 1e-6)
    return shapes, usable


def _growth(calm: Floats, expected: Floats, lived: Floats) -> Floats:
    """A week's change in logarithms: the last two weeks over the two before, everybody's and a little of one's own."""
    n, days = calm.shape
    if days < 4 * WEEK:
        return np.zeros(n)
    old = lived >= 4 * WEEK
    last, before = calm[:, -2 * WEEK :].sum(axis=1), calm[:, -4 * WEEK : -2 * WEEK].sum(axis=1)
    whole, half = last[old].sum(), before[old].sum()
    common = np.clip(np.log(whole / half) / 2, -MOST_TREND, MOST_TREND) if whole > 0 and half > 0 else 0.0
    usual = (last + before) / 4
    own = np.log((last + usual + 1e-30) / (before + usual + 1e-30)) / 2
    own = np.where(old, own, 0.0) - common
    found: Floats = np.clip(TREND_SHARE * common + OWN_TREND_SHARE * own, -MOST_TREND, MOST_TREND)
    return found


def _by_group(values: Floats, group: Numbers) -> Floats:
    found = np.zeros((int(group.max(initial=0)) + 1, values.shape[1]))
    np.add.at(found, group, values)
    return found
