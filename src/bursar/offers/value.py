"""What a dollar of tokens is worth to the person who gets it: the closed forms, each one formula of the explanation.

Numbers in brackets are those of `docs/explanation/valuation.md`. Everything is in dollars of list price (or any one
currency), by year where it says so; functions take floats or arrays and return the same. Nothing here is random.
"""

from __future__ import annotations

from math import erf, exp, expm1, inf, isclose, log, log1p, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bursar.errors import InvalidInput

Array = NDArray[np.float64]


def personal_value(consumed: Array | float, own: float, elasticity: float) -> Array:
    """(4) What personal use of `consumed` is worth to who would have spent `own` in the same time anyway.

    A dollar for a dollar up to `own`, then along the demand curve q = own * price**-elasticity: marginal value
    (3) (q/own)**(-1/elasticity). Nothing beyond `own` = 0: nobody's demand is known there (ask for a willingness to pay).
    """
    _positive("elasticity", elasticity)
    value = np.array(consumed, dtype=np.float64)
    if own <= 0:
        return np.zeros_like(value)
    beyond = value > own
    if beyond.any():
        ratio = value[beyond] / own
        if isclose(elasticity, 1.0):
            more = np.log(ratio)
        else:
            power = 1 - 1 / elasticity
            more = np.expm1(power * np.log(ratio)) / power
        value[beyond] = own * (1 + more)
    return value


def certainty_equivalent(gains: Array, wealth: float, aversion: float) -> float:
    """(7) The sure amount that is as good as the gamble `gains` to who owns `wealth`, with constant relative risk aversion.

    Raises `InvalidInput` without wealth, or if a loss would take everything that is owned.
    """
    _positive("wealth", wealth)
    if gains.min(initial=inf) <= -wealth:
        raise InvalidInput("wealth", f"{wealth:,.0f}", f"more than the greatest loss, {-float(gains.min()):,.0f}")
    logs = np.log1p(gains / wealth)
    if isclose(aversion, 1.0):
        return float(wealth * expm1(float(np.mean(logs))))
    power = 1 - aversion
    # The mean of powers as a logarithm, from its greatest term down: with a strong aversion a power may be beyond a float.
    most = float((power * logs).max())
    mean = most + log(float(np.mean(np.exp(power * logs - most))))
    return float(wealth * expm1(mean / power))


def run_out(balance: float, rate: float, growth: float = 0.0) -> float:
    """(9) Time until `balance` is gone at `rate` a unit of time that grows by exp(growth) in each; inf if it never is."""
    if rate <= 0 or balance <= 0:
        return inf if balance > 0 else 0.0
    if growth == 0:
        return balance / rate
    inside = balance * growth / rate
    return inf if inside <= -1 else log1p(inside) / growth


def normal_cdf(x: float) -> float:
    return 0.5 * (1 + erf(x / sqrt(2)))


def limited_expected(limit: float, median: float, sigma: float) -> float:
    """(10) E[min(U, limit)] of a lognormal month U: what a use-it-or-lose-it month comes to on average."""
    if limit <= 0 or median <= 0:
        return 0.0
    mu = log(median)
    if sigma == 0:
        return min(median, limit)
    depth = (log(limit) - mu) / sigma
    return exp(mu + sigma**2 / 2) * normal_cdf(depth - sigma) + limit * (1 - normal_cdf(depth))


def exceeds(limit: float, median: float, sigma: float) -> float:
    """(10) P(U > limit) of a lognormal month U."""
    if median <= 0:
        return 0.0
    if limit <= 0:
        return 1.0
    if sigma == 0:
        return float(median > limit)
    return 1 - normal_cdf((log(limit) - log(median)) / sigma)


def percentile_of(amount: float, median: float, sigma: float) -> float:
    """The share of a lognormal distribution that lies below an amount."""
    return 1 - exceeds(amount, median, sigma)


def lognormal_gini(sigma: float) -> float:
    """(11) The Gini coefficient of a lognormal distribution."""
    return 2 * normal_cdf(sigma / sqrt(2)) - 1


def lognormal_top_share(sigma: float, top: float = 0.1) -> float:
    """(11) What the top share of people holds of a lognormal distribution."""
    return normal_cdf(sigma - NormalDist().inv_cdf(1 - top))


def price_factor(per_year: float, years: float) -> float:
    """What becomes of a price that changes by the factor `per_year` in each year."""
    _positive("price factor", per_year)
    return float(per_year**years)


def mixed_factor(share: float, multiple: float) -> float:
    """What becomes of the bill when `share` of the work moves to a model that costs `multiple` times as much."""
    return 1 - share + share * multiple


def annuity(rate: float, months: int) -> float:
    """Years' worth of a payment of 1 a year, paid at the end of each month, discounted continuously at `rate` a year."""
    return sum(exp(-rate * month / 12) for month in range(1, months + 1)) / 12


def _positive(name: str, value: float) -> None:
    if not value > 0:
        raise InvalidInput(name, f"{value:g}", "more than 0")
