"""Exact amounts of currency, tokens and GPU hours, in integers of nano-units.

`values` holds the arithmetic and the one rounding rule, `text` reads and prints amounts as people write them.
"""

from bursar.money.text import MAX_TEXT_CHARS, NANO_DECIMALS, format_amount, parse_amount
from bursar.money.values import (
    CURRENCIES,
    GPU_HOURS,
    MAX_NANOS,
    MAX_PARTS,
    NANO,
    TOKENS,
    Amount,
    AmountError,
    Unit,
    UnitMismatch,
    round_half_up_div,
    split,
)

__all__ = [
    "CURRENCIES",
    "GPU_HOURS",
    "MAX_NANOS",
    "MAX_PARTS",
    "MAX_TEXT_CHARS",
    "NANO",
    "NANO_DECIMALS",
    "TOKENS",
    "Amount",
    "AmountError",
    "Unit",
    "UnitMismatch",
    "format_amount",
    "parse_amount",
    "round_half_up_div",
    "split",
]
