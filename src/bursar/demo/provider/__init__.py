"""A provider that can be run anywhere: four dialects, paced streams, faults on demand, and a bill to compare with.

It is the one fake of the project, because no real provider can be reached from a test. What it generates is filler; what
it counts is exact: tokens are ceil(bytes / 4) of the text, and nothing exceeds the output limit of the request.
"""

from bursar.demo.provider.bill import Bill, Served
from bursar.demo.provider.generation import Defaults
from bursar.demo.provider.server import Provider

__all__ = ["Bill", "Defaults", "Provider", "Served"]
