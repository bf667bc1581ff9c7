"""Finance's pages: what we are exposed to, where it lands, what it costs, whether it ties out, and the close of a month."""

from bursar.console.finance import close, exposure, landing, pay, reconciliation, spend
from bursar.console.finance.area import AREA

__all__ = ["AREA", "close", "exposure", "landing", "pay", "reconciliation", "spend"]
