"""Whoever leads people: who runs out, what waits for a decision, where the team's allotment goes. Never a prompt."""

from bursar.console.team import approvals, burn, fairness, runways
from bursar.console.team.area import AREA

__all__ = ["AREA", "approvals", "burn", "fairness", "runways"]
