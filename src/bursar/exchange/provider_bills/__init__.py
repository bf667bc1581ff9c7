"""What providers say that they served and charge, from their administration or a file, and how it compares.

Each provider's module knows its shapes and no socket; `fetching` has the socket and knows no shape. A reading is whole or
refused: a page that is cut, a cursor that leads back, a bucket told twice with different figures end it with their names.
"""

from bursar.exchange.provider_bills.csv_file import FromFile, joined, read_csv
from bursar.exchange.provider_bills.fetching import fetch
from bursar.exchange.provider_bills.sources import SOURCES, Source, source
from bursar.exchange.provider_bills.values import Bill, Cost, Line, Oddity, Seat

__all__ = [
    "SOURCES",
    "Bill",
    "Cost",
    "FromFile",
    "Line",
    "Oddity",
    "Seat",
    "Source",
    "fetch",
    "joined",
    "read_csv",
    "source",
]
