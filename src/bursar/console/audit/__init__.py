"""The auditor's pages: the journal, any account at any instant, who changed what, who looked at whom, and whether it is whole."""

from bursar.console.audit import ledger, log, verification
from bursar.console.audit.area import AREA

__all__ = ["AREA", "ledger", "log", "verification"]
