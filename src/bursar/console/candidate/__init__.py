"""Offers weighed live: what a token line is worth in cash, beside others, as questions, as a file, a report or a link."""

from bursar.console.candidate import beside, keeping, mine, weigh
from bursar.console.candidate.area import AREA

__all__ = ["AREA", "beside", "keeping", "mine", "weigh"]
