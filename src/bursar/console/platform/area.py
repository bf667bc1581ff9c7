"""The area that all of these pages are in."""

from bursar.console.area import Area

AREA = Area(
    "Platform",
    (
        "/platform",
        "/platform/traffic",
        "/platform/refusals",
        "/platform/providers",
        "/platform/keys",
    ),
)
