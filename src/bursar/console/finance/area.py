"""The area that all of these pages are in."""

from bursar.console.area import Area

AREA = Area(
    "Finance",
    (
        "/finance",
        "/finance/lots",
        "/finance/landing",
        "/finance/ahead",
        "/finance/cost",
        "/finance/spend",
        "/finance/scenarios",
        "/finance/pay",
        "/finance/reconciliation",
        "/finance/billed-seats",
        "/finance/close",
        "/finance/journal",
        "/payroll",
    ),
)
