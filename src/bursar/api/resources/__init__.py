"""The resources of the API, in the order of its document. A new operation is one function in its resource's module."""

from __future__ import annotations

from bursar.api.resources import granting, planning, scenarios  # noqa: F401 (they add routes to others)
from bursar.api.resources.accounts import ACCOUNTS
from bursar.api.resources.bills import BILLS
from bursar.api.resources.board import BOARD, HOUSE
from bursar.api.resources.books import BOOKS
from bursar.api.resources.closing import CLOSING
from bursar.api.resources.fairness import FAIRNESS
from bursar.api.resources.finance import FINANCE
from bursar.api.resources.grants import GRANTS
from bursar.api.resources.jobs import JOBS
from bursar.api.resources.journal import JOURNAL
from bursar.api.resources.keys import KEYS
from bursar.api.resources.limits import LIMITS
from bursar.api.resources.me import ME
from bursar.api.resources.notices import NOTICES
from bursar.api.resources.offers import OFFERS
from bursar.api.resources.pay import PAY
from bursar.api.resources.people import PEOPLE
from bursar.api.resources.plans import PLANS
from bursar.api.resources.prices import PRICES
from bursar.api.resources.taxes import TAX
from bursar.api.resources.topups import TOPUPS
from bursar.api.resources.usage import USAGE
from bursar.api.resources.wallet import WALLET
from bursar.api.routes import Resource, Route

RESOURCES: tuple[Resource, ...] = (
    ME,
    PEOPLE,
    WALLET,
    USAGE,
    KEYS,
    PLANS,
    GRANTS,
    TOPUPS,
    LIMITS,
    NOTICES,
    PRICES,
    FINANCE,
    CLOSING,
    JOURNAL,
    BILLS,
    BOOKS,
    PAY,
    FAIRNESS,
    TAX,
    OFFERS,
    BOARD,
    HOUSE,
    ACCOUNTS,
    JOBS,
)
ROUTES: tuple[Route, ...] = tuple(route for one in RESOURCES for route in one.routes)
"""Every operation: what a test walks."""
