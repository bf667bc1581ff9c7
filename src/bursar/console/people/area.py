"""The area that all of these pages are in."""

from bursar.console.area import Area

AREA = Area("People", ("/people",))
