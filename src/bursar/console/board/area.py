"""The area that these pages are in."""

from bursar.console.area import Area

AREA = Area("Together", ("/leaderboard", "/openings"))
