"""The ledger's values: lots and holds, the commands that move them, and the answers that come back.

Amounts are nano-units of the lot's unit, instants are microseconds UTC, expiry is exclusive. Commands are what the
outside may ask for; an answer is `Applied`, `Refused` (the money says no) or `Rejected` (the command makes no sense).
"""

from __future__ import annotations

from enum import IntEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

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


class Request(Struct, frozen=True, gc=False):
    """What a lot's scope is matched against."""

    provider: str = ""
    model: str = ""
    purpose: str = ""


class Scope(Struct, frozen=True):
    """What a lot may be spent on; an empty tuple admits everything. Models are shell patterns (`claude-*`)."""

    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()

    @property
    def restricted(self) -> bool:
        return bool(self.providers or self.models or self.purposes)

    def admits(self, request: Request) -> bool:
        return (
            (not self.providers or request.provider in self.providers)
            and (not self.purposes or request.purpose in self.purposes)
            and (not self.models or _matches(self.models, request.model))
        )


OPEN_SCOPE = Scope()


@lru_cache(maxsize=4096)
def _matches(patterns: tuple[str, ...], model: str) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in patterns)


class LotTerms(Struct, frozen=True):
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
    label: str = ""


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

    def home(self, now: int) -> Account:
        """Where an amount goes that returns to this lot: a dead lot does not come back to life."""
        if self.revoked_at:
            return Account.REVOKED
        return Account.EXPIRED if now >= self.terms.expires else Account.AVAILABLE


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


class Hold:
    """An amount reserved for one request, with the lots that it was drawn from in burn order."""

    __slots__ = (
        "cap",
        "draws",
        "expires",
        "id",
        "is_new",
        "just_ended",
        "node",
        "note",
        "on_lapse",
        "request",
        "state",
        "taken",
        "unit",
    )

    def __init__(
        self,
        id: str,  # noqa: A002
        *,
        unit: str,
        draws: tuple[Draw, ...],
        taken: int,
        expires: int,
        on_lapse: str,
        node: str,
        cap: str,
        request: Request,
        state: str = "open",
        note: dict[str, Any] | None = None,
        is_new: bool = False,
    ) -> None:
        self.id, self.unit, self.draws = id, unit, draws
        self.taken, self.expires, self.on_lapse = taken, expires, on_lapse
        self.node, self.cap, self.request = node, cap, request
        self.state = state
        self.note = note
        self.is_new = is_new
        self.just_ended = False

    @property
    def amount(self) -> int:
        return sum(draw.amount for draw in self.draws)


class Cap:
    """A limit of one access key across all lots: spent + held never exceeds it."""

    __slots__ = ("held", "id", "limit", "spent")

    def __init__(self, id: str, limit: int, held: int = 0, spent: int = 0) -> None:  # noqa: A002
        self.id, self.limit, self.held, self.spent = id, limit, held, spent

    @property
    def left(self) -> int:
        return max(0, self.limit - self.held - self.spent)


class Usage(Struct, frozen=True):
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
    """`exact` (the provider's own figures), `estimated`, `unresolved`."""
    tokens: dict[str, int] = field(default_factory=dict)
    """Disjoint counts by the field names of `bursar.prices.usage.Usage`, zeros left out."""
    list_nanos: int = 0
    """Value at list price, nano-USD."""
    cost_nanos: int = 0
    """What the organisation pays, nano-USD."""
    at: int = 0
    """The instant whose price was in force."""


# Commands. `id` makes each idempotent: the same id with the same content is applied once.


class Release(Struct, frozen=True, tag=True):
    """Fund a new lot of a person."""

    id: str
    person: str
    lot: LotTerms
    note: str = ""


class TakeHold(Struct, frozen=True, tag=True):
    """Reserve what one request may cost; the hold's id is the command's id.

    The ledger chooses the size: `worst` if a fair share of what is free affords it, never less than `floor`.
    """

    id: str
    person: str
    unit: str
    worst: int
    floor: int
    expires: int
    request: Request = Request()
    share_divisor: int = 8
    on_lapse: str = "unresolved"
    """When it is not settled in time: `unresolved` (a visible charge of the whole hold) or `released`."""
    node: str = ""
    cap: str = ""
    cap_limit: int = 0
    note: dict[str, Any] | None = None


class Settle(Struct, frozen=True, tag=True):
    """End a hold with the true cost, which is never refused: the hold, then what is free, then overage."""

    id: str
    person: str
    hold: str
    amount: int
    usage: Usage | None = None


class Void(Struct, frozen=True, tag=True):
    """End a hold without a charge."""

    id: str
    person: str
    hold: str
    reason: str = ""


class Abandon(Struct, frozen=True, tag=True):
    """End the hold of a request whose node died, by the hold's own policy, before its time is over."""

    id: str
    person: str
    hold: str


class Charge(Struct, frozen=True, tag=True):
    """Charge without a hold: what is free, then overage."""

    id: str
    person: str
    unit: str
    amount: int
    request: Request = Request()
    usage: Usage | None = None
    note: str = ""


class Correct(Struct, frozen=True, tag=True):
    """Set the total of an earlier charge; less unwinds in reverse order of drawing, more draws again."""

    id: str
    person: str
    of: str
    amount: int
    usage: Usage | None = None
    note: str = ""


class Revoke(Struct, frozen=True, tag=True):
    """Take back what is unheld and unspent of a lot, and close it."""

    id: str
    person: str
    lot: str
    note: str = ""


class Tidy(Struct, frozen=True, tag=True):
    """Record what has fallen due for a person. Changes no balance that could be read before."""

    id: str
    person: str


Command = Release | TakeHold | Settle | Void | Abandon | Charge | Correct | Revoke | Tidy


# Answers.


class Applied(Struct, frozen=True):
    """Done, or done before: `draws` are the lots touched, in order."""

    command: str
    kind: str
    amount: int = 0
    draws: tuple[Draw, ...] = ()
    overage: int = 0
    replayed: bool = False
    available: int = 0
    """What remains available to the same kind of request after a hold (0 when replayed)."""
    limit: int = 0
    """For a hold: the amount of the lots that the request may burn (0 when replayed)."""
    resets: int | None = None
    """For a hold: when the first of these lots expires, None if never."""


class Refused(Struct, frozen=True):
    """The money says no. `contention`: the person's own holds will give some back; `exhausted`; `cap`: the key's limit."""

    command: str
    reason: str
    needed: int
    available: int
    held: int
    spent: int
    limit: int
    opens: int | None = None
    """When the next lot of this person opens, None if none is known."""


class Rejected(Struct, frozen=True):
    """The command makes no sense: `conflict`, `no_such_hold`, `hold_ended`, `no_such_lot`, `no_such_charge`, `invalid`."""

    command: str
    reason: str
    sentence: str
    state: str = ""


Answer = Applied | Refused | Rejected


class Posting(Struct, frozen=True, gc=False, array_like=True):
    """An amount that moves from one account to another: balanced by construction."""

    lot: str
    source: int
    destination: int
    amount: int


class Entry(Struct, frozen=True):
    """One line of the journal: a command applied, with everything that it moved."""

    command: str
    content: str
    """Digest of the command as it was sent."""
    kind: str
    person: str
    unit: str
    effective: int
    postings: tuple[Posting, ...]
    hold: str = ""
    corrects: str = ""
    usage: Usage | None = None
    note: str = ""
