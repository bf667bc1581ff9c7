"""Finance's pages: what we are exposed to, where it lands, what it costs, whether it ties out, the close of a month,
and what payroll takes over."""

from bursar.console.finance import close, exposure, landing, pay, payroll, reconciliation, scenarios, spend
from bursar.console.finance.area import AREA

__all__ = ["AREA", "close", "exposure", "landing", "pay", "payroll", "reconciliation", "scenarios", "spend"]
