"""What may come: courses of days, drawn from the shapes of past weeks around each person's level.

In each course a week ahead is a past week of the same person, or, the less of their own past there is, of somebody of the
group. With `TOGETHER` it is the same week of the calendar for everybody, so that what hits all (a holiday, a release) hits
all in the forecast too. After each week the level moves as smoothing would move it, and the trend fades.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bursar.errors import InvalidInput
from bursar.insight.forecast.model import HALF_LIFE_DAYS, SHAPE_WEEKS, WEEK, Floats, Model, Numbers

MOST_AHEAD = 400
"""Days."""
TOGETHER = 0.5
"""How often a week is everybody's same week."""
DAMPING = 0.8
"""Of the trend, a week."""
LEVEL_SPREAD = 0.19
"""In logarithms, of what is not known about a level today; of a t distribution, since it is sometimes far off."""
LEVEL_FREEDOM = 4.0
MANY_SPREAD = 0.04
"""The same of a sum over many."""
SHARED_SPREAD = 0.055
"""Standard deviation, in logarithms, of what moves everybody's level in a week: prices, adoption, what is released."""
SHARED_FREEDOM = 5.0
MOST_SHOCK = 1.5
DAY_SPREAD = 0.3
"""Days that are drawn again are blurred by so much (a smoothed bootstrap): a few weeks do not show every day there is."""
LEAST_BLUR = 0.1
WEEK_MOST = 3.0
"""A week moves the level by at most what so many times the usual week would."""
LEVEL_MOST = 6.0
"""A level moves by at most so many times, either way."""
FADING = 0.9
"""How far a week moves the level, less each week ahead: levels do not run away within a year."""


@dataclass(frozen=True, slots=True)
class Common:
    """What everybody shares, by course and week ahead: (count, weeks)."""

    weeks: Numbers
    """Which week of the calendar is drawn again, where it is the same for all."""
    shocks: Floats
    """By how much the level of all moves, in logarithms."""


def paths(model: Model, chosen: Numbers, ahead: int, count: int, common: Common, chance: np.random.Generator) -> Floats:
    """Nano-units on each of the `ahead` days: (chosen, count, ahead).

    `chosen` are rows of the model; `common` is what everybody shares in each course (`shared`). Raises InvalidInput for an impossible `ahead`.
    """
    checked(ahead)
    size, weeks = len(chosen), -(-ahead // WEEK)
    found = np.empty((size, count, weeks * WEEK))
    spread = chance.standard_t(LEVEL_FREEDOM, (size, count)) * (MANY_SPREAD if model.many else LEVEL_SPREAD)
    level = model.level[chosen, None] * np.exp(np.clip(spread, -MOST_SHOCK, MOST_SHOCK))
    least, most = level / LEVEL_MOST, level * LEVEL_MOST
    donors, first, many = _donors(model)
    group = model.group[chosen]
    gain = 1 - 0.5 ** (WEEK / HALF_LIFE_DAYS)
    for week in range(weeks):
        who, when = _weeks(model, chosen, group, common.weeks[:, week], donors, first, many, count, chance)
        shape = model.shapes[who, when] if donors.size else np.ones((size, count, WEEK))
        rise = np.exp(model.growth[chosen] * DAMPING**week)[:, None] if week else 1.0
        level = level * rise * np.exp(common.shocks[None, :, week])
        np.multiply(level[:, :, None], shape, out=found[:, :, week * WEEK : (week + 1) * WEEK])
        found[:, :, week * WEEK : (week + 1) * WEEK] *= model.season[chosen, None, :]
        if not model.many:
            blur = chance.standard_normal((size, count, WEEK), dtype=np.float32)
            found[:, :, week * WEEK : (week + 1) * WEEK] *= np.maximum(1 + DAY_SPREAD * blur, LEAST_BLUR)
        moved = np.minimum(shape.mean(axis=2), WEEK_MOST)
        level = np.clip(level * (1 + gain * FADING**week * (moved - 1)), least, most)
    return found[:, :, :ahead]


def shared(count: int, ahead: int, chance: np.random.Generator) -> Common:
    """What everybody shares in each of `count` courses."""
    weeks = -(-ahead // WEEK)
    shocks = chance.standard_t(SHARED_FREEDOM, (count, weeks)) * SHARED_SPREAD
    return Common(chance.integers(0, SHAPE_WEEKS, size=(count, weeks)), np.clip(shocks, -MOST_SHOCK, MOST_SHOCK))


def checked(ahead: int) -> None:
    if not 0 < ahead <= MOST_AHEAD:
        raise InvalidInput("ahead", f"{ahead} days", f"1 to {MOST_AHEAD}")


def _donors(model: Model) -> tuple[Numbers, Numbers, Numbers]:
    """Usable weeks (person * weeks + week) in the order of their groups, where each group begins, how many it has."""
    who, when = np.nonzero(model.usable)
    order = np.argsort(model.group[who], kind="stable")
    many = np.bincount(model.group[who], minlength=int(model.group.max(initial=0)) + 1)
    first = np.concatenate(([0], np.cumsum(many)[:-1]))
    return (who * SHAPE_WEEKS + when)[order], first, many


def _weeks(
    model: Model,
    chosen: Numbers,
    group: Numbers,
    common: Numbers,
    donors: Numbers,
    first: Numbers,
    many: Numbers,
    count: int,
    chance: np.random.Generator,
) -> tuple[Numbers, Numbers]:
    """Whose week, and which, each person gets in each course."""
    size = len(chosen)
    usable = model.usable[chosen]
    own_many = usable.sum(axis=1)
    # The k-th usable week of each person comes k-th in this order.
    order = np.argsort(~usable, axis=1, kind="stable")
    drawn = (chance.random((size, count)) * own_many[:, None]).astype(np.int64)
    when = np.take_along_axis(order, np.minimum(drawn, SHAPE_WEEKS - 1), axis=1)
    together = (chance.random((size, count)) < TOGETHER) & usable[:, common]
    when = np.where(together, common[None, :], when)
    who = np.broadcast_to(chosen[:, None], (size, count))
    if donors.size:
        enough = many[group] >= 2 * SHAPE_WEEKS
        start = np.where(enough, first[group], 0)
        among = np.where(enough, many[group], donors.size)
        place = start[:, None] + (chance.random((size, count)) * among[:, None]).astype(np.int64)
        lent = donors[place]
        others = chance.random((size, count)) >= model.weight[chosen, None]
        others |= (own_many == 0)[:, None]
        who = np.where(others, lent // SHAPE_WEEKS, who)
        when = np.where(others, lent % SHAPE_WEEKS, when)
    return who, when
