"""Figures: what was used, promised, left and worth, for a person, a team and the house."""
