"""An offer as one HTML file."""

from __future__ import annotations

from bursar.offers.evaluation import Compared


def html(found: Compared) -> str:
    """The report."""
    return str(found.by_cash)
