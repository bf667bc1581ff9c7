"""Finance's pages: what we are exposed to, where it lands, what if prices change, what it costs, whether it ties out, the close
of a month, its journal, and what payroll takes over."""

from bursar.console.finance import (
    ahead,
    bills,
    close,
    exposure,
    journal,
    landing,
    lots,
    pay,
    payroll,
    reconciliation,
    scenarios,
    spend,
)
from bursar.console.finance.area import AREA

__all__ = [
    "AREA",
    "ahead",
    "bills",
    "close",
    "exposure",
    "journal",
    "landing",
    "lots",
    "pay",
    "payroll",
    "reconciliation",
    "scenarios",
    "spend",
]
