"""The platform team's pages: what runs and whether it is well, live traffic, refusals, providers, everybody's keys."""

from bursar.console.platform import health, keys, providers, traffic
from bursar.console.platform.area import AREA

__all__ = ["AREA", "health", "keys", "providers", "traffic"]
