"""What rates make of a taxable amount: bands against the year's pay, and grossing up.

A rate holds for the part of the amount that lies between its floor and its cap, counted from the pay of the year before it.
Employee and employer are charged apart; nothing here knows a country.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bursar.errors import InvalidInput
from bursar.money import round_half_up_div
from bursar.tax.case import Charge, YearToDate, share
from bursar.tax.values import PARTS, Rule


@dataclass(frozen=True, slots=True)
class GrossUp:
    """What has to be paid so that an amount is left after what the employee is charged; nano-units."""

    net: int
    gross: int
    charges: tuple[Charge, ...]

    @property
    def tax(self) -> int:
        return self.gross - self.net


def charges(
    amount: int, rates: Iterable[Rule], year: YearToDate | None, marginal_ppm: int | None
) -> tuple[tuple[Charge, ...], tuple[Rule, ...]]:
    """Charges on an amount, and the rules that need a figure nobody gave: the year's pay, or the person's own rate."""
    found: list[Charge] = []
    unknown: list[Rule] = []
    for rule in rates:
        ppm = marginal_ppm if rule.rate_ppm is None else rule.rate_ppm
        if ppm is None or (rule.against and year is None):
            unknown.append(rule)
            continue
        base = between(rule, amount, year)
        if base:
            found += [Charge(rule.id, rule.topic, payer, base, ppm, share(base, ppm)) for payer in rule.payer]
    return tuple(found), tuple(unknown)


def between(rule: Rule, amount: int, year: YearToDate | None) -> int:
    """The part of an amount that a rate is taken of."""
    if not rule.against or year is None:
        return amount
    begin = year.wages if rule.against == "wages" else year.supplemental
    end = begin + amount
    return max(0, min(end, end if rule.cap is None else rule.cap) - max(begin, rule.floor))


def gross_up(net: int, rates: Iterable[Rule], year: YearToDate | None, marginal_ppm: int | None = None) -> GrossUp:
    """The gross of which `net` is left after what the employee is charged.

    What is kept of one more unit changes only where a band begins or ends, so the gross is found band by band, exactly but
    for the last nano-unit. Raises `InvalidInput` where a rate needs a figure that nobody gave, or nothing would be left.
    """
    own = [rule for rule in rates if "employee" in rule.payer]
    _, unknown = charges(net, own, year, marginal_ppm)
    if unknown:
        needs = "the year's pay before it" if unknown[0].against else "the person's own rate"
        raise InvalidInput("gross-up", f"{unknown[0].id} without {needs}", "every figure that a rate needs")
    edges = sorted({edge for rule in own for edge in _edges(rule, year)})
    gross, left = 0, net
    for edge in [*edges, None]:
        kept = PARTS - sum(_ppm(rule, marginal_ppm) for rule in own if _in_band(rule, gross, year))
        if kept <= 0:
            raise InvalidInput("gross-up", "rates that leave nothing", "rates of less than one together")
        needed = round_half_up_div(left * PARTS, kept)
        if edge is None or gross + needed <= edge:
            gross += needed
            break
        left -= share(edge - gross, kept)
        gross = edge
    found, _ = charges(gross, own, year, marginal_ppm)
    return GrossUp(net, gross, found)


def _ppm(rule: Rule, marginal_ppm: int | None) -> int:
    return (marginal_ppm or 0) if rule.rate_ppm is None else rule.rate_ppm


def _edges(rule: Rule, year: YearToDate | None) -> Iterable[int]:
    """Amounts at which a rate begins or ends to hold."""
    if rule.against and year is not None:
        begin = year.wages if rule.against == "wages" else year.supplemental
        return [edge - begin for edge in (rule.floor, rule.cap) if edge is not None and edge > begin]
    return []


def _in_band(rule: Rule, at: int, year: YearToDate | None) -> bool:
    """Does a rate hold for the next unit after so many?"""
    return between(rule, at + 1, year) > between(rule, at, year)
