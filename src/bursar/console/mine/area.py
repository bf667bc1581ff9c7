"""The area that all of these pages are in."""

from bursar.console.area import Area

AREA = Area(
    "Mine",
    (
        "/wallet",
        "/usage",
        "/running",
        "/connect",
        "/more",
        "/terms",
        "/leaving",
        "/statement",
        "/total-pay",
        "/tax",
        "/watchers",
    ),
)
