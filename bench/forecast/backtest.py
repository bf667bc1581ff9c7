"""Weeks that the forecast had not seen: how far each way of forecasting was off, and how often its intervals held.

Two others stand beside the model. *Last week*: each day costs what it cost a week ago. *Monthly average*: each day costs
the mean day of the last 30. Both say one figure; so that they have intervals too, each also comes dressed with the spread
of its own errors on earlier weeks, over everybody, in proportion. The loss is the mean pinball loss over the quantiles
(Koenker and Bassett 1978; it is half the error for the median), which is least for whoever states the true ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.forecast.histories import House
from bursar.insight.forecast import QUANTILES, History, forecast

WEEK = 7
MONTH = 30
HOUSE_COUNT = 1_000
Floats = npt.NDArray[np.float64]
WAYS = ("bursar", "last week", "monthly average", "last week, dressed", "monthly average, dressed")
TARGETS = (
    "a person's next day",
    "a person's days ahead together",
    "everybody's days ahead together",
    "the same, from the house's days alone",
)


@dataclass(frozen=True, slots=True)
class Score:
    """One way on one target: the loss over the mean amount, and how many of 100 truths lay within the intervals."""

    target: str
    way: str
    loss: float
    within_80: float
    nominal_80: float
    """What can be: where the lower end is nothing, nothing lies below it, and 90 of 100 do not lie above."""
    within_90: float
    nominal_90: float
    cases: int


def pinball(truth: Floats, said: Floats) -> Floats:
    """Mean over the quantiles; truth (n,), said (n, q)."""
    q = np.asarray(QUANTILES)
    off = truth[:, None] - said
    found: Floats = np.maximum(q * off, (q - 1) * off).mean(axis=1)
    return found


def tried(house: House, cut: int, ahead: int, seed: int) -> dict[tuple[str, str], tuple[Floats, Floats]]:
    """Truth (n,) and quantiles (n, q) by target and way, for the days after `cut`."""
    who = house.began <= cut - 2 * WEEK
    daily, began, group = house.daily[who], house.began[who], house.group[who]
    past, truth = daily[:, :cut], daily[:, cut : cut + ahead]
    ours = forecast(History(past, began, group), ahead, seed)
    found = {
        (TARGETS[0], "bursar"): (truth[:, 0], ours.daily),
        (TARGETS[1], "bursar"): (truth.sum(axis=1), ours.spent),
        (TARGETS[2], "bursar"): (truth.sum(keepdims=True).ravel(), ours.total[:, -1][None, :]),
    }
    alone = np.zeros(1, dtype=np.int64)
    house_alone = forecast(History(past.sum(axis=0)[None, :], alone, alone, many=True), ahead, seed, count=HOUSE_COUNT)
    found[(TARGETS[3], "bursar")] = (truth.sum(keepdims=True).ravel(), house_alone.total[:, -1][None, :])
    for name, way in (("last week", last_week), ("monthly average", monthly_average)):
        for target, place in zip(TARGETS, (_first, _person, _whole, _whole), strict=True):
            said, real = place(way(past, began, ahead)), place(truth)
            found[(target, name)] = (real, np.repeat(said[:, None], len(QUANTILES), axis=1))
            found[(target, f"{name}, dressed")] = (real, said[:, None] * dressing(past, began, ahead, way, place))
    return found


def _first(days: Floats) -> Floats:
    return days[:, 0]


def _person(days: Floats) -> Floats:
    found: Floats = days.sum(axis=1)
    return found


def _whole(days: Floats) -> Floats:
    return np.asarray([days.sum()])


def last_week(past: Floats, began: npt.NDArray[np.int64], ahead: int) -> Floats:
    """Every day as seven days before."""
    week = past[:, -WEEK:]
    return np.tile(week, (1, -(-ahead // WEEK)))[:, :ahead]


def monthly_average(past: Floats, began: npt.NDArray[np.int64], ahead: int) -> Floats:
    """Every day as the mean of the last 30, or of as many as there are."""
    lived = np.clip(past.shape[1] - began, 1, MONTH)
    return np.repeat((past[:, -MONTH:].sum(axis=1) / lived)[:, None], ahead, axis=1)


def dressing(
    past: Floats,
    began: npt.NDArray[np.int64],
    ahead: int,
    way: Callable[..., Floats],
    place: Callable[[Floats], Floats],
) -> Floats:
    """What the truth was over what was said, on earlier days: quantiles (q,) over everybody."""
    ratios = []
    for back in range(ahead, min(past.shape[1] - MONTH, 8 * WEEK), WEEK):
        at = past.shape[1] - back
        seen = began <= at - 2 * WEEK
        said = place(way(past[seen, :at], began[seen], ahead))
        real = place(past[seen, at : at + ahead])
        ratios.append(real[said > 0] / said[said > 0])
    found: Floats = np.quantile(np.concatenate(ratios), QUANTILES) if ratios else np.ones(len(QUANTILES))
    return found


def scored(houses: list[House], cuts: list[int], ahead: int, seed: int = 0) -> list[Score]:
    """Every way on every target, over all houses and cuts."""
    pairs: dict[tuple[str, str], list[tuple[Floats, Floats]]] = {}
    for number, house in enumerate(houses):
        for cut in cuts:
            for key, one in tried(house, cut, ahead, seed + number).items():
                pairs.setdefault(key, []).append(one)
    return [_score(target, way, pairs[(target, way)]) for target in TARGETS for way in WAYS]


def _score(target: str, way: str, pairs: list[tuple[Floats, Floats]]) -> Score:
    # Every house and cut counts alike, in parts of its mean amount, so that a large one does not decide.
    losses = [pinball(real, said).mean() / max(real.mean(), 1e-9) for real, said in pairs]
    real = np.concatenate([one for one, _ in pairs])
    said = np.concatenate([one for _, one in pairs])
    found: list[float] = []
    for low, high in ((1, len(QUANTILES) - 2), (0, len(QUANTILES) - 1)):
        inside = np.mean((real >= said[:, low]) & (real <= said[:, high]))
        nominal = QUANTILES[high] - QUANTILES[low] * np.mean(said[:, low] > 0)
        found += [float(inside) * 100, float(nominal) * 100]
    return Score(target, way, float(np.mean(losses)), *found, len(real))
