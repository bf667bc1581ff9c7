"""The area that all of these pages are in."""

from bursar.console.area import Area

AREA = Area("Audit", ("/audit/ledger", "/audit/verify", "/audit/log", "/audit/looks"))
