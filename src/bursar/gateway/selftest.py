"""The self-test at the start: a gateway whose ledger does not refuse must not serve.

Budgets elsewhere were silently ignored after an upgrade. So before it listens, a gateway plays a canary through its own
writer rules and its own database, in a transaction that is rolled back: a hold that fits is taken and settled, one that
does not fit is refused.
"""

from __future__ import annotations

from bursar.ledger import Applied, LotTerms, Refused, Release, Settle, Store, TakeHold
from bursar.ledger.session import Session
from bursar.ledger.writer import apply_batch

CANARY = "canary"


class Unarmed(Exception):
    """The ledger did not do what it must; the sentence says what."""


class _Undo(Exception):
    pass


def check_armed(store: Store, now: int) -> None:
    """Raise Unarmed unless holds are taken, refused and settled as they must be; leaves nothing behind."""

    def play(session: Session) -> None:
        later = now + 60_000_000
        name = f"{CANARY}_{now}"
        first, second, third = apply_batch(
            session,
            [
                Release(f"{name}.release", name, LotTerms(f"{name}.lot", "USD", 100, now)),
                TakeHold(f"{name}.fits", name, "USD", 60, 60, later),
                TakeHold(f"{name}.exceeds", name, "USD", 60, 60, later),
            ],
            now,
        )
        if not isinstance(first, Applied) or not isinstance(second, Applied) or second.amount != 60:
            raise Unarmed("a hold that fits was not taken")
        if not isinstance(third, Refused):
            raise Unarmed("a hold beyond the allotment was not refused")
        (settled,) = apply_batch(session, [Settle(f"{name}.settle", name, f"{name}.fits", 25)], now)
        if not isinstance(settled, Applied) or settled.amount != 25 or settled.overage:
            raise Unarmed("a hold was not settled at its cost")
        raise _Undo

    try:
        store.transact(play)
    except _Undo:
        return
