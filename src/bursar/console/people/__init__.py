"""The roster: who is on it, one person's record, and what another system says of everybody."""

from bursar.console.people import importing, record, roster
from bursar.console.people.area import AREA

__all__ = ["AREA", "importing", "record", "roster"]
