"""Together: the leaderboard of those who chose to stand on it, and what the organisation has opened."""

from bursar.console.board import leaderboard, openings
from bursar.console.board.area import AREA

__all__ = ["AREA", "leaderboard", "openings"]
