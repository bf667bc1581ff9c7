"""The price book: what a model charged on a date, what we pay for it, and what a request can cost at worst."""

from bursar.prices.book import PriceBook, recompute
from bursar.prices.limits import DEFAULT_MAXIMUM_OUTPUT, maximum_output
from bursar.prices.overlay import Overlay, read_overlay
from bursar.prices.snapshot import Snapshot, digest, list_prices
from bursar.prices.tariff import Band, Quote, Tariff
from bursar.prices.usage import Usage

__all__ = [
    "DEFAULT_MAXIMUM_OUTPUT",
    "Band",
    "Overlay",
    "PriceBook",
    "Quote",
    "Snapshot",
    "Tariff",
    "Usage",
    "digest",
    "list_prices",
    "maximum_output",
    "read_overlay",
    "recompute",
]
