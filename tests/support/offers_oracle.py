"""One promise of compute, lived through by one person month by month: slow, in plain floats, with lots of its own.

It knows nothing of Bursar's code and has no closed forms: what personal use is worth is summed up slice by slice along
the demand curve, and lots are a list that is looked through. Nothing in it is uncertain; a hazard weighs the months.
Everything begins on the first day of a month and periods are whole months, so that nothing is prorated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf

SLICES = 1_000
"""Into which personal use beyond own spend is cut; the error of the sum is of the order of a hundred-thousandth."""


@dataclass(frozen=True)
class Package:
    """What is promised."""

    amount: float
    """Released at the start of each period, in dollars, or in units where there is a `unit_price`."""
    every: int = 1
    """Months of a period; 0 for once, without an end."""
    carry: float = 0.0
    """Share of a period's rest that lives on."""
    cap: float | None = None
    """Most that lives in all carried lots together, the oldest trimmed first."""
    lives: int | None = 1
    """Periods for which what is carried lives; None for ever."""
    unit_price: float | None = None
    """Dollars of a unit on the first day; None where the unit is the dollar."""
    use: str = "open"
    """open, work or personal"""
    fit: float = 1.0
    own: float = 0.0
    """Share of the work that is not covered which the person pays for."""
    revocation: float = 0.0
    taxed: str = "personal_use"
    """nothing, personal_use or face"""
    tail: float = 0.0
    """Months for which what is unspent may still be used after the last day."""
    pay_out: float = 0.0
    """Share of what is unspent on the last day that is paid out in cash."""


@dataclass(frozen=True)
class Holder:
    """Who lives with it; rates by year, money by month where nothing else is said."""

    use: float
    """Wanted in a month at the first day's prices."""
    growth: float = 1.0
    growth_years: float = 2.0
    price: float = 1.0
    """What becomes of prices in a year."""
    personal: float = 0.3
    own_spend: float = 200.0
    elasticity: float = 1.0
    additionality: float = 0.0
    tax: float = 0.35
    discount: float = 0.05
    leaving: float = 0.15
    work_first: bool = True
    own_most: float = inf


@dataclass
class Lot:
    left: float
    ends: float
    """The month at whose start it is gone."""
    born: int
    carried: bool


@dataclass
class Told:
    """What came of it: sums of dollars of the day over all months, as if it were never taken away."""

    value: float = 0.0
    """V: present value after tax, weighted with the chance that it still runs."""
    released: float = 0.0
    used: float = 0.0
    work: float = 0.0
    personal: float = 0.0
    forfeited: float = 0.0
    left: float = 0.0
    unmet: float = 0.0
    """Work that nobody covers and nobody pays for."""
    own: float = 0.0
    tax: float = 0.0
    tail: float = 0.0
    run_out: float = inf
    """Months from the start until it first runs out within a period."""

    def pre_tax(self, tax: float) -> float:
        """X."""
        return self.value / (1 - tax)


def live(package: Package, holder: Holder, months: int) -> Told:
    told, lots = Told(), list[Lot]()
    for month in range(months):
        at = (month + 0.5) / 12
        price = holder.price**at
        unit = 1.0 if package.unit_price is None else package.unit_price * price
        bill = holder.use * holder.growth ** min(at, holder.growth_years) * price
        personal = bill * holder.personal if package.use != "work" else 0.0
        work = bill * (1 - holder.personal) if package.use != "personal" else 0.0
        still, begun = (exp(-package.revocation * end / 12) for end in (month + 1, month))
        discount = exp(-holder.discount * (month + 1) / 12)

        if month == 0 or (package.every and month % package.every == 0):
            lots.append(Lot(package.amount, month + package.every if package.every else inf, month, False))
            told.released += package.amount * unit
            if package.taxed == "face":
                told.tax += holder.tax * package.amount * unit
                told.value -= discount * begun * holder.tax * package.amount * unit

        drawn = draw(lots, (work + personal) / unit) * unit
        if drawn < work + personal - 1e-9 and told.run_out == inf:
            told.run_out = month + drawn / (work + personal)
        if holder.work_first:
            used_work = min(work, drawn)
            used_personal = drawn - used_work
        else:
            part = drawn / (work + personal) if work + personal else 0.0
            used_work, used_personal = work * part, personal * part
        own = min((work - used_work) * package.own, holder.own_most)
        tax = holder.tax * used_personal if package.taxed == "personal_use" else 0.0

        told.used += drawn
        told.work += used_work
        told.personal += used_personal
        told.own += own
        told.unmet += work - used_work - own
        told.tax += tax
        gain = package.fit * worth(used_personal, holder.own_spend, holder.elasticity) - tax
        gain += holder.additionality * used_work - max(0.0, own - holder.additionality * (work - used_work))
        told.value += discount * still * gain

        told.forfeited += end(lots, month + 1, package) * unit
        balance = sum(lot.left for lot in lots) * unit
        leaves = exp(-holder.leaving * month / 12) - exp(-holder.leaving * (month + 1) / 12)
        tail = leaves * after_leaving(package, holder, balance, bill * holder.personal)
        told.tail += tail
        told.value += discount * still * tail
        told.left = balance
    return told


def draw(lots: list[Lot], wanted: float) -> float:
    """Use what is carried first, then what ends first, then what is oldest."""
    taken = 0.0
    for lot in sorted(lots, key=lambda lot: (not lot.carried, lot.ends, lot.born)):
        part = min(lot.left, wanted - taken)
        lot.left -= part
        taken += part
    return taken


def end(lots: list[Lot], month: int, package: Package) -> float:
    """Let lots end that end now, carry over what may be carried, and say how much is lost."""
    lost = 0.0
    for lot in [lot for lot in lots if lot.ends <= month]:
        lots.remove(lot)
        kept = 0.0 if lot.carried else lot.left * package.carry
        if kept:
            until = inf if package.lives is None else month + package.lives * package.every
            if package.cap is not None:
                kept = min(kept, package.cap)
            lots.append(Lot(kept, until, month, True))
        lost += lot.left - kept
    if package.cap is not None:
        carried = sorted((lot for lot in lots if lot.carried), key=lambda lot: (lot.born, lot.ends))
        for lot in carried:
            over = sum(one.left for one in carried) - package.cap
            cut = min(lot.left, max(0.0, over))
            lot.left -= cut
            lost += cut
    return lost


def after_leaving(package: Package, holder: Holder, balance: float, personal: float) -> float:
    """What is unspent on the last day is worth: used by the person for a while, or paid out and taxed."""
    usable = min(balance, personal * package.tail) if package.use != "work" else 0.0
    gain = package.fit * worth(usable, holder.own_spend * package.tail, holder.elasticity)
    if package.taxed == "personal_use":
        gain -= holder.tax * usable
    return max(0.0, gain) + package.pay_out * (1 - holder.tax) * balance


def worth(consumed: float, own: float, elasticity: float) -> float:
    """The sum of what each slice of personal use is worth, along the demand curve."""
    if own <= 0:
        return 0.0
    beyond = consumed - own
    if beyond <= 0:
        return consumed
    width = beyond / SLICES
    return own + sum(width * marginal(own + (slice_ + 0.5) * width, own, elasticity) for slice_ in range(SLICES))


def marginal(at: float, own: float, elasticity: float) -> float:
    """What the next dollar of personal use is worth: the price at which just so much would be bought."""
    return 1.0 if at <= own else (at / own) ** (-1 / elasticity)
