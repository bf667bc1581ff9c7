"""People of the house: the roster, its imports, pay bands, and what leaving means."""
