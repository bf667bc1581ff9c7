"""The journal for the general ledger: a month's figures and a chart of accounts in, balanced entries out, and as files.

A room of `exchange`, since it is how figures leave the house: pure, it knows neither the ledger nor who is on the roster.
"""

from bursar.exchange.journal.chart import DEFAULT_CHART, Account, Accrual, Chart, Mapping, Purchase, read_chart
from bursar.exchange.journal.drawing_up import Carried, Figure, Month, draw_up, prepaid_close
from bursar.exchange.journal.entries import Entry, Journal, Line, Origin
from bursar.exchange.journal.files import COLUMNS, beancount_text, csv_rows, json_document

__all__ = [
    "COLUMNS",
    "DEFAULT_CHART",
    "Account",
    "Accrual",
    "Carried",
    "Chart",
    "Entry",
    "Figure",
    "Journal",
    "Line",
    "Mapping",
    "Month",
    "Origin",
    "Purchase",
    "beancount_text",
    "csv_rows",
    "draw_up",
    "json_document",
    "prepaid_close",
    "read_chart",
]
