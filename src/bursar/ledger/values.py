"""The ledger's values: accounts, lots, holds, caps, usage, and the lines of the journal.

Amounts are nano-units of the lot's unit, instants are microseconds UTC, expiry is exclusive. What the outside may ask
for is in `commands`; how amounts are drawn is in `drawing`.
"""

from __future__ import annotations

from enum import IntEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from bursar.money import round_half_up_div

MAX_AMOUNT = 2**62 - 1
NEVER = 2**62
"""Sorts after every instant: the expiry of a lot that has none."""
BEYOND = ""
"""The lot id of overage postings: money that no lot covers."""


class Account(IntEnum):
    """Where an amount can be. All but FUNDING and OVERAGE are buckets of a lot and add up to its amount."""

    FUNDING = 0
    AVAILABLE = 1
    HELD = 2
    SPENT = 3
    EXPIRED = 4
    REVOKED = 5
    ROLLED = 6
    OVERAGE = 7


FUNDING, OVERAGE = int(Account.FUNDING), int(Account.OVERAGE)
AVAILABLE, HELD, SPENT = int(Account.AVAILABLE), int(Account.HELD), int(Account.SPENT)
EXPIRED, REVOKED, ROLLED = int(Account.EXPIRED), int(Account.REVOKED), int(Account.ROLLED)


class Request(Struct, frozen=True, gc=False):
    """What a lot's scope is matched against."""

    provider: str = ""
    model: str = ""
    purpose: str = ""
    """`work`; with the project that it is for, `work/apollo`."""

    @property
    def kind(self) -> str:
        """The purpose without its project."""
        return self.purpose.partition("/")[0]


class Scope(Struct, frozen=True, gc=False):
    """What a lot may be spent on; an empty tuple admits everything. Models are shell patterns (`claude-*`).

    A purpose admits all of its projects; `/apollo` admits this project whatever its purpose, `work/apollo` both together.
    """

    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()

    @property
    def restricted(self) -> bool:
        return bool(self.providers or self.models or self.purposes)

    def admits(self, request: Request) -> bool:
        return (
            (not self.providers or request.provider in self.providers)
            and (not self.purposes or _is_for(self.purposes, request.purpose))
            and (not self.models or _matches(self.models, request.model))
        )


OPEN_SCOPE = Scope()


def _is_for(purposes: tuple[str, ...], purpose: str) -> bool:
    if purpose in purposes:
        return True
    kind, slash, project = purpose.partition("/")
    return bool(slash) and (kind in purposes or f"/{project}" in purposes)


@lru_cache(maxsize=4096)
def _matches(patterns: tuple[str, ...], model: str) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in patterns)


PARTS = 1_000_000
"""A share is counted in parts per million."""


class Rollover(Struct, frozen=True, gc=False):
    """What becomes of the rest of a lot when it expires: `min(cap, max(floor, share of the rest))` lives on in a new lot.

    All rolled lots of a grant together stay within the cap as well: the oldest is trimmed.
    """

    expires: int
    """Of the rolled lot, exclusive; NEVER for none."""
    cap: int = MAX_AMOUNT
    floor: int = 0
    """What lives on at least, even if less is left: the difference is funded anew."""
    share: int = PARTS
    """Of what is left, in parts per million, rounded half up."""
    priority: int = 50
    """Of the rolled lot."""

    def amount(self, rest: int) -> int:
        """What of `rest` nano-units lives on."""
        return min(self.cap, max(self.floor, round_half_up_div(rest * self.share, PARTS)))


def rolled_id(lot: str) -> str:
    """The id of the lot that the rest of a lot lives on in."""
    return f"{lot}+"


class LotTerms(Struct, frozen=True, gc=False, tag="lot"):
    """A lot as it is promised: it never changes after its release."""

    id: str
    unit: str
    amount: int
    effective: int
    expires: int = NEVER
    priority: int = 50
    promotional: bool = False
    """Promotional or rolled: burns before paid or vested at the same priority and expiry."""
    scope: Scope = OPEN_SCOPE
    grant: str = ""
    parent: str = ""
    """The lot that it was rolled from."""
    label: str = ""
    roll: Rollover | None = None


class Lot:
    """A lot with its buckets: a working copy inside one batch.

    `terms.amount == available + held + spent + expired + revoked + rolled`, always.
    """

    __slots__ = (
        "available",
        "buckets_changed",
        "expired",
        "held",
        "is_new",
        "rank",
        "revoked",
        "revoked_at",
        "rolled",
        "spent",
        "terms",
    )

    def __init__(
        self,
        terms: LotTerms,
        *,
        available: int = 0,
        held: int = 0,
        spent: int = 0,
        expired: int = 0,
        revoked: int = 0,
        rolled: int = 0,
        revoked_at: int = 0,
        is_new: bool = False,
    ) -> None:
        self.terms = terms
        self.available, self.held, self.spent = available, held, spent
        self.expired, self.revoked, self.rolled = expired, revoked, rolled
        self.revoked_at = revoked_at
        self.is_new = is_new
        self.buckets_changed = is_new
        self.rank = burn_rank(terms)

    def is_open(self, now: int) -> bool:
        return not self.revoked_at and self.terms.effective <= now < self.terms.expires

    def home(self, now: int) -> int:
        """The account that an amount returns to: a dead lot does not come back to life."""
        if self.revoked_at:
            return REVOKED
        return EXPIRED if now >= self.terms.expires else AVAILABLE


def burn_rank(terms: LotTerms) -> tuple[int, int, int, int, int, str]:
    """The total burn order: restricted scope, priority, earliest expiry, promotional, oldest, id."""
    return (
        0 if terms.scope.restricted else 1,
        terms.priority,
        terms.expires,
        0 if terms.promotional else 1,
        terms.effective,
        terms.id,
    )


class Draw(Struct, frozen=True, gc=False, array_like=True):
    """An amount taken from one lot."""

    lot: str
    amount: int


class HoldTerms(Struct, frozen=True, gc=False, tag="hold"):
    """What a hold was taken for and how it ends by itself: sealed with the entry that takes it."""

    expires: int
    on_lapse: str
    node: str = ""
    cap: str = ""
    request: Request = Request()
    note: dict[str, Any] | None = None


class Hold:
    """An amount reserved for one request, with the lots that it was drawn from in burn order."""

    __slots__ = ("amount", "charge", "draws", "id", "is_new", "just_ended", "state", "taken", "terms", "unit")

    def __init__(
        self,
        id: str,  # noqa: A002
        *,
        unit: str,
        draws: tuple[Draw, ...],
        amount: int,
        taken: int,
        terms: HoldTerms,
        state: str = "open",
        charge: str = "",
        is_new: bool = False,
    ) -> None:
        self.id, self.unit, self.draws = id, unit, draws
        self.amount = amount
        """What the draws come to."""
        self.taken, self.terms, self.state = taken, terms, state
        self.charge = charge
        """The unresolved charge that it ended in, if it did."""
        self.is_new = is_new
        self.just_ended = False

    @property
    def expires(self) -> int:
        return self.terms.expires

    @property
    def node(self) -> str:
        return self.terms.node

    @property
    def request(self) -> Request:
        return self.terms.request

    @property
    def note(self) -> dict[str, Any] | None:
        return self.terms.note


class Cap:
    """A limit of one access key across all lots of a unit: a hold never takes spent + held above it."""

    __slots__ = ("changed", "held", "id", "limit", "spent", "unit")

    def __init__(
        self,
        id: str,  # noqa: A002
        unit: str,
        limit: int,
        *,
        held: int = 0,
        spent: int = 0,
        changed: bool = False,
    ) -> None:
        self.id, self.unit, self.limit = id, unit, limit
        self.held, self.spent, self.changed = held, spent, changed

    @property
    def left(self) -> int:
        return max(0, self.limit - self.held - self.spent)


class Usage(Struct, frozen=True, gc=False):
    """What a charge was for: everything needed to recompute it, and nothing of what was said."""

    request_id: str = ""
    key: str = ""
    provider: str = ""
    model: str = ""
    dialect: str = ""
    purpose: str = ""
    project: str = ""
    session: str = ""
    agent: str = ""
    service_tier: str = ""
    price_version: str = ""
    status: str = "exact"
    """`exact` (the provider's own figures), `estimated`, `unresolved`, `corrected`."""
    tokens: dict[str, int] = field(default_factory=dict)
    """Disjoint counts by the field names of `bursar.prices.usage.Usage`, zeros left out."""
    list_nanos: int = 0
    """Value at list price, nano-USD."""
    cost_nanos: int = 0
    """What the organisation pays, nano-USD."""
    at: int = 0
    """The instant whose price was in force; 0 stands for the instant of the charge."""


class Posting(Struct, frozen=True, gc=False, array_like=True):
    """An amount that moves from one account to another: balanced by construction."""

    lot: str
    source: int
    destination: int
    amount: int


class Entry(Struct, frozen=True, gc=False):
    """One line of the journal: a command applied, with everything that it moved."""

    command: str
    content: str
    """Digest of the command as it was sent; empty for what fell due by itself."""
    kind: str
    person: str
    unit: str
    effective: int
    postings: tuple[Posting, ...] = ()
    hold: str = ""
    """The hold that it takes or ends."""
    corrects: str = ""
    """What it goes back on: the charge that it corrects, the lot that it revokes."""
    usage: Usage | None = None
    note: str = ""
    terms: LotTerms | HoldTerms | None = None
    """Of the lot that it releases or the hold that it takes."""


class Recorded(Struct, frozen=True, gc=False):
    """An entry in its place in the journal."""

    seq: int
    recorded: int
    """When it was written down, microseconds UTC."""
    prior: int
    """The person's entry before it, 0 for none: nothing can be left out of the middle of a person's journal."""
    entry: Entry
