"""Amounts as people write them: `$1,250`, `2_000 USD`, `100M tokens of claude-sonnet`, `1.5 GPU-h`.

Reading never guesses. The point is the decimal mark and the comma only groups by three, so a decimal comma (`1,25`) is
refused with a sentence instead of being read as something a hundred times larger; a symbol that two currencies share
(`¥`) is refused too. What `format_amount` prints as "exact" reads back as the same amount.
"""

from __future__ import annotations

import re
from typing import Literal

from bursar.money.values import CURRENCIES, GPU_HOURS, MAX_NANOS, NANO, TOKENS, Amount, AmountError, Unit
from bursar.money.values import round_half_up_div as _rounded

MAX_TEXT_CHARS = 160
"""Longest text of an amount, in characters."""
NANO_DECIMALS = 9
"""Decimals of one nano-unit: finer than that is refused, not rounded."""

_SYMBOLS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "₹": "INR"}
_PRINTED = {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹"}
# ISO 4217 minor units other than 2.
_MINOR_DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_SCALES = {"": 0, "k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "bn": 9, "billion": 9, "t": 12, "trillion": 12}
_PRINTED_SCALES = {"": 1, "k": 10**3, "M": 10**6, "B": 10**9}

_SHAPE = re.compile(
    r"(?P<sign>[+-])?(?P<before>(?:US\$|[$€£₹¥]) ?|[A-Za-z]{3} ?(?=[\d.+-]))?(?P<inner_sign>[+-])?"
    r"(?P<number>\d[\d.,_]*|\.\d+)(?:e(?P<exponent>[+-]?\d{1,3}))?"
    r"(?: ?(?P<scale>k|m|bn?|t|thousand|million|billion|trillion)(?![a-z]))?(?P<after>.*)",
    re.ASCII | re.IGNORECASE,
)
_PLAIN = re.compile(r"(\d*)(?:\.(\d+))?", re.ASCII)
_COMMAS = re.compile(r"([1-9]\d{0,2}(?:,\d{3})+)(?:\.(\d+))?", re.ASCII)
_UNDERSCORES = re.compile(r"(\d+(?:_\d+)+)(?:\.(\d+))?", re.ASCII)
_COUNTED = re.compile(
    r"(?:(?P<tokens>tokens?)|(?P<gpu>gpu[- ]?(?:h|hrs?|hours?)))"
    r"(?:(?: of |:)(?P<kind>[a-z0-9][a-z0-9._-]{0,63})| ?\((?P<bracketed>[a-z0-9][a-z0-9._-]{0,63})\))?",
    re.ASCII | re.IGNORECASE,
)

_EXAMPLES = "an amount such as $1,250, 2_000 USD, 100M tokens or 1.5 GPU-h"
_NUMBERS = "a point before the decimals and commas only between groups of three digits, such as 1,250.00"
_UNITS = "a currency (USD), tokens, tokens of <family>, GPU-h or GPU-h (<accelerator>)"


def parse_amount(
    text: str, default_unit: Unit | None = None, *, allow_negative: bool = False, field: str = "amount"
) -> Amount:
    """Read an amount as a person writes it; raise `AmountError`, naming `field`, for whatever is not certain.

    Allowed: a currency by symbol ($, US$, €, £, ₹) or ISO code on either side; `tokens`, `tokens of <family>`,
    `tokens:<family>`; `GPU-h`, `GPU hours (<accelerator>)`, `gpu-h:<accelerator>`; digits plain, in comma groups of
    three or with single underscores; a decimal point; an exponent (`1e3`) or a scale (k, M, B, T or the word), not
    both; a leading `+`, and `-` where `allow_negative`. Without a unit the amount is of `default_unit`. The value must
    be a whole number of nano-units, at most `MAX_NANOS`.
    """
    if not isinstance(text, str):
        raise TypeError(f"{field}: found {type(text).__name__}, expected the text of an amount")
    shown = repr(text if len(text) <= MAX_TEXT_CHARS else text[:40] + "...")
    if len(text) > MAX_TEXT_CHARS:
        raise AmountError(field, f"{len(text)} characters ({shown})", f"at most {MAX_TEXT_CHARS}")
    text = text.strip(" \t\r\n")
    strange = sorted({char for char in text if char not in "€£₹¥" and not " " <= char <= "~"})
    if strange:
        raise AmountError(field, f"{strange[0]!a} in {shown}", "plain digits, letters and the symbols $ € £ ₹")
    shape = _SHAPE.fullmatch(text)
    if shape is None or (shape["sign"] and shape["inner_sign"]):
        raise AmountError(field, shown if text else "nothing", _EXAMPLES)
    negative = "-" in (shape["sign"], shape["inner_sign"])
    if negative and not allow_negative:
        raise AmountError(field, f"the negative {shown}", "an amount of 0 or more")
    nanos = _read_nanos(shape, shown, field)
    unit = _read_unit(shape, default_unit, shown, field)
    if nanos > MAX_NANOS:
        raise AmountError(field, shown, f"at most {format_amount(Amount(MAX_NANOS, unit), 'exact')}")
    return Amount(-nanos if negative else nanos, unit)


def format_amount(amount: Amount, precision: Literal["person", "exact"] = "person", sign: bool = False) -> str:
    """Print an amount: for a person ($1,250.00, $0.0043, 1.23M tokens) or exact to the nano-unit.

    A person gets a currency's usual decimals, two decimals of a count and its scale, and below one unit two
    significant digits, rounded by `round_half_up_div`. Exact trims zeros down to the currency's usual decimals. With
    `sign` an amount above zero carries a `+`.
    """
    nanos, unit = abs(amount.nanos), amount.unit
    before = "-" if amount.nanos < 0 else "+" if sign and amount.nanos else ""
    if unit.is_currency:
        usual = _MINOR_DECIMALS.get(unit.code, 2)
        decimals = NANO_DECIMALS if precision == "exact" else _decimals_for_a_person(nanos, usual)
        return before + _PRINTED.get(unit.code, f"{unit} ") + _trimmed(_decimal(nanos, decimals), usual)
    if precision == "exact":
        number = _trimmed(_decimal(nanos, NANO_DECIMALS), 0)
    elif unit.base == TOKENS:
        number = _scaled(nanos)
    else:
        number = _trimmed(_decimal(nanos, _decimals_for_a_person(nanos, 2)), 0)
    if unit.base == TOKENS:
        return f"{before}{number} token{'' if number == '1' else 's'}{f' of {unit.kind}' if unit.kind else ''}"
    return f"{before}{number} GPU-h{f' ({unit.kind})' if unit.kind else ''}"


def _read_nanos(shape: re.Match[str], shown: str, field: str) -> int:
    number = shape["number"]
    read = _PLAIN.fullmatch(number) or _COMMAS.fullmatch(number) or _UNDERSCORES.fullmatch(number)
    if read is None or shape["after"].lstrip()[:1].isdigit():
        raise AmountError(field, shown, _NUMBERS)
    if shape["exponent"] and shape["scale"]:
        raise AmountError(field, f"an exponent and {shape['scale']!r} in {shown}", "one of them")
    digits = read[1].replace(",", "").replace("_", "")
    fraction = read[2] or ""
    power = NANO_DECIMALS - len(fraction) + _SCALES[(shape["scale"] or "").lower()] + int(shape["exponent"] or 0)
    up: int = 10 ** max(power, 0)
    down: int = 10 ** max(-power, 0)
    nanos, finer = divmod(int(digits + fraction) * up, down)
    if finer:
        raise AmountError(field, shown, f"at most {NANO_DECIMALS} decimals")
    return nanos


def _read_unit(shape: re.Match[str], default: Unit | None, shown: str, field: str) -> Unit:
    before, after = (shape["before"] or "").strip().upper(), shape["after"].strip()
    if before == "¥":
        raise AmountError(field, f"¥ in {shown}", "JPY or CNY, which share the symbol")
    code = _SYMBOLS.get(before, before)
    if code and code not in CURRENCIES:
        raise AmountError(field, f"the unit {before} in {shown}", _UNITS)
    if not after:
        if not code and default is None:
            raise AmountError(field, f"{shown} without a unit", _UNITS)
        return Unit(code) if code or default is None else default
    if after.upper() in CURRENCIES:
        unit = Unit(after.upper())
    elif counted := _COUNTED.fullmatch(after):
        kind = (counted["kind"] or counted["bracketed"] or "").lower()
        base = TOKENS if counted["tokens"] else GPU_HOURS
        unit = Unit(f"{base}:{kind}" if kind else base)
    else:
        raise AmountError(field, f"the unit {after!r} in {shown}", _UNITS)
    if code and unit.code != code:
        raise AmountError(field, f"both {before} and {after} in {shown}", "one unit")
    return unit


def _decimals_for_a_person(nanos: int, usual: int) -> int:
    """Below one unit, enough decimals for two significant digits."""
    if nanos == 0 or nanos >= NANO:
        return usual
    return min(NANO_DECIMALS, max(usual, NANO_DECIMALS - len(str(nanos)) + 2))


def _scaled(nanos: int) -> str:
    if nanos < NANO:
        return _trimmed(_decimal(nanos, _decimals_for_a_person(nanos, 2)), 0)
    # The scale is chosen after rounding: 999,999 tokens are 1M, not 1,000k. MAX_NANOS stays below 1,000B.
    hundredths = [_rounded(nanos * 100, NANO * scale) for scale in _PRINTED_SCALES.values()]
    letter, number = next(pair for pair in zip(_PRINTED_SCALES, hundredths, strict=True) if pair[1] < 100_000)
    return _trimmed(f"{number // 100:,}.{number % 100:02}", 0) + letter


def _decimal(nanos: int, decimals: int) -> str:
    whole, fraction = divmod(_rounded(nanos, 10 ** (NANO_DECIMALS - decimals)), 10**decimals)
    return f"{whole:,}.{fraction:0{decimals}}" if decimals else f"{whole:,}"


def _trimmed(number: str, least: int) -> str:
    whole, _, fraction = number.partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return f"{whole}.{fraction}" if fraction else whole
