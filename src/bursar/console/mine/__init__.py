"""An engineer's own pages: what is left, where it went, how to connect, what is running, what was promised, who looked."""

from bursar.console.mine import (
    connect,
    leaving,
    more,
    running,
    statement,
    tax,
    tax_rules,
    terms,
    usage,
    wallet,
    watchers,
)
from bursar.console.mine.area import AREA

__all__ = [
    "AREA",
    "connect",
    "leaving",
    "more",
    "running",
    "statement",
    "tax",
    "tax_rules",
    "terms",
    "usage",
    "wallet",
    "watchers",
]
