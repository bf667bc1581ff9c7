"""What the outside may ask of the ledger, and the answers that come back.

`id` makes each command idempotent: the same id with the same content is applied once. An answer is `Applied`, `Refused`
(the money says no) or `Rejected` (the command makes no sense); neither of the latter moves or records anything, so the
same command may be tried again.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from bursar.ledger.values import Draw, LotTerms, Request, Usage


class Release(Struct, frozen=True, gc=False, tag=True):
    """Fund a new lot of a person."""

    id: str
    person: str
    lot: LotTerms
    note: str = ""


class TakeHold(Struct, frozen=True, gc=False, tag=True):
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
    """Who will settle it: `name/generation`, so that a later generation can end what an earlier one left."""
    cap: str = ""
    """The access key whose limit this counts against."""
    cap_limit: int = 0
    note: dict[str, Any] | None = None


class Settle(Struct, frozen=True, gc=False, tag=True):
    """End a hold with the true cost, which is never refused: the hold, then what is free, then overage."""

    id: str
    person: str
    hold: str
    amount: int
    usage: Usage | None = None
    note: str = ""


class Void(Struct, frozen=True, gc=False, tag=True):
    """End a hold without a charge."""

    id: str
    person: str
    hold: str
    reason: str = ""


class Abandon(Struct, frozen=True, gc=False, tag=True):
    """End the hold of a request whose node died, by the hold's own policy, before its time is over."""

    id: str
    person: str
    hold: str


class Charge(Struct, frozen=True, gc=False, tag=True):
    """Charge without a hold: what is free, then overage."""

    id: str
    person: str
    unit: str
    amount: int
    request: Request = Request()
    usage: Usage | None = None
    note: str = ""


class Correct(Struct, frozen=True, gc=False, tag=True):
    """Set the total of an earlier charge; less unwinds in reverse order of drawing, more draws again."""

    id: str
    person: str
    of: str
    """The command that charged: a settlement, a charge, or the `charge` of a rejected settlement."""
    amount: int
    usage: Usage | None = None
    note: str = ""


class Revoke(Struct, frozen=True, gc=False, tag=True):
    """Take back what is unheld and unspent of a lot, and close it."""

    id: str
    person: str
    lot: str
    note: str = ""


class Reduce(Struct, frozen=True, gc=False, tag=True):
    """Take back up to an amount of what is unheld and unspent of a grant's open lots; they stay open.

    The newest give first, and what rolled over from earlier periods last.
    """

    id: str
    person: str
    grant: str
    amount: int
    note: str = ""


class Roll(Struct, frozen=True, gc=False, tag=True):
    """Let a lot that has expired roll over, if it did not by itself: needed only where nothing is left and a floor is."""

    id: str
    person: str
    lot: str


class Tidy(Struct, frozen=True, gc=False, tag=True):
    """Record what has fallen due for a person. Changes no balance that could be read before."""

    id: str
    person: str


Command = Release | TakeHold | Settle | Void | Abandon | Charge | Correct | Revoke | Reduce | Roll | Tidy


class Applied(Struct, frozen=True, gc=False):
    """Done, or done before: `draws` are the lots touched, in order."""

    command: str
    kind: str
    amount: int = 0
    draws: tuple[Draw, ...] = ()
    overage: int = 0
    replayed: bool = False
    """The command had been applied before; this is its first answer but for the three fields below."""
    available: int = 0
    """What remains available to the same kind of request after a hold (0 when replayed)."""
    limit: int = 0
    """For a hold: the amount of the lots that the request may burn (0 when replayed)."""
    resets: int | None = None
    """For a hold: when the first of these lots expires, None if never or replayed."""


class Refused(Struct, frozen=True, gc=False):
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
    cap: str = ""
    """The access key whose limit the figures are about; empty if they are about the person's lots."""


class Rejected(Struct, frozen=True, gc=False):
    """The command makes no sense.

    `conflict`, `no_such_hold`, `hold_ended`, `no_such_lot`, `lot_ended`, `no_such_charge`, `invalid`.
    """

    command: str
    reason: str
    sentence: str
    state: str = ""
    """The state of the hold or lot that has ended."""
    charge: str = ""
    """For a hold that ended `unresolved`: the charge to be corrected once the true cost is known."""


Answer = Applied | Refused | Rejected
