"""What belongs to the organisation: accounts and roles, settings, prices, and the table of who may what."""

from bursar.console.organisation import accounts, policy, prices, settings
from bursar.console.organisation.area import AREA

__all__ = ["AREA", "accounts", "policy", "prices", "settings"]
