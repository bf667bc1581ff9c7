"""Exact amounts: integers of nano-units (1e-9) of a unit, one rounding rule, one rule for sharing out.

`round_half_up_div` is the only place where a nano-unit is rounded. It is applied once per charge, to the exact
quotient, never to a figure that was rounded before. There is no float here: a float operand is a `TypeError`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bursar.errors import InvalidInput

NANO = 1_000_000_000
"""Nano-units in one unit."""
MAX_NANOS = 2**62 - 1
"""Largest magnitude of an amount, in nano-units: about 4.6 billion units. Two of them still fit a 64-bit integer."""
MAX_PARTS = 100_000
"""Most parts into which one amount is split."""

# ISO 4217, list one, without funds, metals and testing codes.
CURRENCIES = frozenset(
    """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND
    VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG""".split()  # noqa: SIM905
)
TOKENS = "tokens"
GPU_HOURS = "gpu-h"

_KIND = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_EXPECTED_UNIT = "an ISO 4217 currency (USD), tokens, tokens:<family>, gpu-h or gpu-h:<accelerator>"


class UnitMismatch(InvalidInput):
    """Two amounts of different units were added, subtracted or compared."""


class AmountError(InvalidInput):
    """An amount that cannot be read or lies beyond a limit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What an amount counts: `USD`, `tokens`, `tokens:claude-sonnet`, `gpu-h`, `gpu-h:h100`.

    Raises `InvalidInput` for any other code. A family's tokens are another unit than tokens of any family.
    """

    code: str

    def __post_init__(self) -> None:
        base, colon, kind = self.code.partition(":")
        if base in CURRENCIES and not colon:
            return
        if base in (TOKENS, GPU_HOURS) and (not colon or _KIND.fullmatch(kind)):
            return
        raise InvalidInput("unit", repr(self.code[:80]), _EXPECTED_UNIT)

    @property
    def base(self) -> str:
        """The code without its kind: `USD`, `tokens`, `gpu-h`."""
        return self.code.partition(":")[0]

    @property
    def kind(self) -> str:
        """The model family or accelerator, empty where any will do."""
        return self.code.partition(":")[2]

    @property
    def is_currency(self) -> bool:
        return self.code in CURRENCIES

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class Amount:
    """A whole number of nano-units of one unit, of magnitude at most `MAX_NANOS`; ordered within its unit.

    Adding, subtracting or comparing across units raises `UnitMismatch`; passing the limit raises `AmountError`; a float
    anywhere raises `TypeError`.
    """

    nanos: int
    unit: Unit

    def __post_init__(self) -> None:
        _whole(self.nanos, "nanos")
        if not -MAX_NANOS <= self.nanos <= MAX_NANOS:
            raise AmountError("amount", f"{self.nanos} nano-units of {self.unit}", f"at most {MAX_NANOS} either way")

    @classmethod
    def of(cls, whole: int, unit: Unit) -> Amount:
        """An amount of whole units."""
        return cls(_whole(whole, "units") * NANO, unit)

    def share(self, numerator: int, denominator: int) -> Amount:
        """This amount times an exact fraction, rounded once by `round_half_up_div`."""
        return Amount(round_half_up_div(self.nanos * numerator, denominator), self.unit)

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.nanos + self._same(other), self.unit)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.nanos - self._same(other), self.unit)

    def __mul__(self, times: int) -> Amount:
        return Amount(self.nanos * _whole(times, "factor"), self.unit)

    __rmul__ = __mul__

    def __neg__(self) -> Amount:
        return Amount(-self.nanos, self.unit)

    def __bool__(self) -> bool:
        return self.nanos != 0

    def __lt__(self, other: Amount) -> bool:
        return self.nanos < self._same(other)

    def __le__(self, other: Amount) -> bool:
        return self.nanos <= self._same(other)

    def __gt__(self, other: Amount) -> bool:
        return self.nanos > self._same(other)

    def __ge__(self, other: Amount) -> bool:
        return self.nanos >= self._same(other)

    def _same(self, other: object) -> int:
        if not isinstance(other, Amount):
            raise TypeError(f"an amount goes with an amount of {self.unit}, found {type(other).__name__}")
        if other.unit != self.unit:
            raise UnitMismatch("unit", str(other.unit), f"{self.unit}, as the other amount")
        return other.nanos


def round_half_up_div(n: int, d: int) -> int:
    """The one rounding rule: `n / d` to the nearest integer, halves away from zero.

    For `n >= 0` this is floor((2n + d) / 2d), the half-up of commerce and of the Open Cap Format. A negative `n`
    mirrors it, so that a reversal gives back exactly what the charge took: f(-n, d) == -f(n, d). Raises
    `InvalidInput` (a `ValueError`) unless `d > 0`, and `TypeError` for floats.
    """
    # Shifts, because they refuse a float where `2 * n` would let it pass.
    if d <= 0:
        raise InvalidInput("denominator", str(d), "an integer above 0")
    if n < 0:
        return -(((-n << 1) + d) // (d << 1))
    return ((n << 1) + d) // (d << 1)


def split(nanos: int, weights: Sequence[int]) -> list[int]:
    """Share `nanos` out by `weights` so that the parts sum to it exactly.

    Every part first gets its share rounded down; what is then left goes, one nano-unit each, from left to right, to the
    parts that lost a fraction (numscript's allotment, except that a part that came out even gets nothing more: a weight
    of 0 gets 0, and no part is a whole nano-unit off). A negative amount mirrors the positive one. Raises
    `InvalidInput` for no weights, more than `MAX_PARTS`, a negative weight, or weights that are all 0.
    """
    if not 1 <= len(weights) <= MAX_PARTS:
        raise InvalidInput("weights", f"{len(weights)} parts", f"1 to {MAX_PARTS} parts")
    if min(_whole(weight, "weight") for weight in weights) < 0:
        raise InvalidInput("weights", str(min(weights)), "integers of 0 or more")
    total = sum(weights)
    if total == 0:
        raise InvalidInput("weights", "only zeros", "at least one above 0")
    sign = -1 if _whole(nanos, "nanos") < 0 else 1
    parts: list[int] = []
    uneven: list[int] = []
    for position, weight in enumerate(weights):
        part, fraction = divmod(abs(nanos) * weight, total)
        parts.append(part)
        if fraction:
            uneven.append(position)
    for position in uneven[: abs(nanos) - sum(parts)]:
        parts[position] += 1
    return [sign * part for part in parts]


def _whole(number: int, name: str) -> int:
    if type(number) is not int:
        raise TypeError(f"{name}: found {type(number).__name__}, expected int: amounts are never floats")
    return number
