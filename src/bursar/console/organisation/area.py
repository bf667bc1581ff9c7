"""The area that all of these pages are in."""

from bursar.console.area import Area

AREA = Area("Organisation", ("/organisation/accounts", "/prices", "/organisation/settings", "/policy"))
