"""The resources of the API, in the order of its document. A new operation is one function in its resource's module."""

from __future__ import annotations

from bursar.api.resources.me import ME
from bursar.api.resources.people import PEOPLE
from bursar.api.resources.wallet import WALLET
from bursar.api.routes import Resource, Route

RESOURCES: tuple[Resource, ...] = (ME, PEOPLE, WALLET)
ROUTES: tuple[Route, ...] = tuple(route for one in RESOURCES for route in one.routes)
"""Every operation: what a test walks."""
