"""Bursar: AI tokens as the fourth pillar of pay, promised, metered and valued on one ledger."""

__version__ = "0.1.0"
