"""Finance's pages: what we are exposed to, where it lands, what if prices change, what it costs, whether it ties out, the close
of a month, its journal, and what payroll takes over."""

from bursar.console.finance import (
    bills,
    close,
    exposure,
    journal,
    landing,
    pay,
    payroll,
    reconciliation,
    scenarios,
    spend,
)
from bursar.console.finance.area import AREA

__all__ = [
    "AREA",
    "bills",
    "close",
    "exposure",
    "journal",
    "landing",
    "pay",
    "payroll",
    "reconciliation",
    "scenarios",
    "spend",
]
