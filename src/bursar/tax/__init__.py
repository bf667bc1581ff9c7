"""Tax: dated rules of countries as data, and a pure engine that says what they make of somebody's use.

Nothing here is advice. A rule carries its source and how sure it is; what no rule matches needs an adviser and is never zero.
"""

from bursar.tax.case import Assessment, Case, Charge, Exchange, Flag, Line, Step, Use, YearToDate
from bursar.tax.charges import GrossUp, charges, gross_up
from bursar.tax.engine import assess, assess_all
from bursar.tax.facts import FACTS, PURPOSES, TIMINGS, Assumption
from bursar.tax.reading import loaded, read, read_folder
from bursar.tax.values import CONFIDENCES, EFFECTS, Country, Rule, Rules

__all__ = [
    "CONFIDENCES",
    "EFFECTS",
    "FACTS",
    "PURPOSES",
    "TIMINGS",
    "Assessment",
    "Assumption",
    "Case",
    "Charge",
    "Country",
    "Exchange",
    "Flag",
    "GrossUp",
    "Line",
    "Rule",
    "Rules",
    "Step",
    "Use",
    "YearToDate",
    "assess",
    "assess_all",
    "charges",
    "gross_up",
    "loaded",
    "read",
    "read_folder",
]
