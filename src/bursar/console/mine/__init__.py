"""An engineer's own pages: what is left, where it went, how to connect, what is running, what was promised, who looked."""

from bursar.console.mine import usage, wallet
from bursar.console.mine.area import AREA

__all__ = ["AREA", "usage", "wallet"]
