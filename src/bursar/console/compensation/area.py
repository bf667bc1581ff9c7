"""The area that all of these pages are in."""

from bursar.console.area import Area

AREA = Area("Compensation", ("/plans", "/grants", "/tiers", "/parity", "/letters"))
