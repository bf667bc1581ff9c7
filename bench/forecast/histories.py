"""Histories of use that look like those of engineers with agents. No data of a real company was to be had in public.

What is put in, from what is told in public about such use: amounts that differ by a factor of a hundred between people
(log-normal); weekends, except for some; days of nothing; days that differ by a factor (gamma); bursts, when agents run
for days and cost many times the usual (Pareto); newcomers who ramp up over weeks; people who rest for a week or two; a
provider's price that falls one day for everybody; adoption that grows; two days of a holiday. The forecast sees none of
these names: only what was used by day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WEEK = 7
TEAM = 9
DOLLAR = 1e9


@dataclass(frozen=True, slots=True)
class House:
    """Use by person and day, nano-USD; the first column is a Monday."""

    daily: npt.NDArray[np.float64]
    began: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]


def house(people: int, days: int, seed: int) -> House:
    """A company of `people` over `days`; the same seed gives the same."""
    chance = np.random.default_rng((seed, 20261121))
    teams = np.arange(people) // TEAM
    team_level = chance.normal(0.0, 0.5, size=teams.max() + 1)[teams]
    level = np.exp(chance.normal(np.log(12.0), 0.9, size=people) + team_level)
    began = np.where(chance.random(people) < 0.35, chance.integers(0, max(1, days - 3 * WEEK), size=people), 0)
    day = np.arange(days)
    age = day[None, :] - began[:, None]
    everyday = chance.random(people) < 0.15
    weekend = np.where(everyday, 0.8, chance.choice((0.0, 0.05, 0.2), size=people))
    season = np.where(day[None, :] % WEEK >= 5, weekend[:, None], 1.0)
    mood = chance.normal(1.0, 0.12, size=(people, WEEK)).clip(0.3)
    season = season * mood[:, day % WEEK]
    weeks_to_ramp = chance.uniform(1, 6, size=people)
    ramp = np.where(began[:, None] > 0, 1 - np.exp(-(age + 1) / (WEEK * weeks_to_ramp[:, None])), 1.0)
    drift = np.cumsum(chance.normal(0, 0.05, size=(people, days)), axis=1)
    growth = np.exp(chance.normal(0.006, 0.006) * day / WEEK)
    shape = chance.uniform(0.8, 2.5, size=(people, 1))
    noise = chance.gamma(shape, 1 / shape, size=(people, days))
    active = chance.random((people, days)) < chance.uniform(0.7, 1.0, size=(people, 1))
    found = level[:, None] * season * ramp * np.exp(drift) * growth * noise * active * (age >= 0)
    found *= _bursts(people, days, chance) * _rests(people, days, chance)
    if chance.random() < 0.7:
        fell, by = int(chance.integers(days // 3, days)), chance.uniform(0.1, 0.3)
        found[:, fell:] *= 1 - by
    holiday = int(chance.integers(0, days - 1))
    found[:, holiday : holiday + 2] *= 0.2
    return House(np.round(found * DOLLAR), began.astype(np.int64), teams.astype(np.int64))


def _bursts(people: int, days: int, chance: np.random.Generator) -> npt.NDArray[np.float64]:
    factor = np.ones((people, days))
    often = chance.choice((0.0, 0.01, 0.03), size=people)
    for who, start in zip(*np.nonzero(chance.random((people, days)) < often[:, None]), strict=True):
        length = int(chance.geometric(1 / 3))
        factor[who, start : start + length] *= 2 + 3 * chance.pareto(2.5)
    return np.minimum(factor, 60.0)


def _rests(people: int, days: int, chance: np.random.Generator) -> npt.NDArray[np.float64]:
    factor = np.ones((people, days))
    for who, start in zip(*np.nonzero(chance.random((people, days)) < 1 / 90), strict=True):
        factor[who, start : start + int(chance.integers(3, 12))] = 0.0
    return factor
