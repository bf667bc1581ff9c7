"""Upkeep: recording what has fallen due for everyone, and ending what a dead node left behind.

Neither changes a balance that could be read before but for the holds of a dead node, which end by their own policy.
Both are safe to run at any time, by several nodes at once, and to be interrupted.
"""

from __future__ import annotations

from bursar.ledger import months
from bursar.ledger.commands import Abandon, Answer, Applied, Command, Tidy
from bursar.ledger.store import Store
from bursar.ledger.writer import BATCH_LIMIT, apply_now


def recover(store: Store, node_generation: str, now: int) -> list[Answer]:
    """End every open hold of earlier generations of a node (`name/generation`); one answer for each.

    Run at the start of a node, before it serves. A hold that something else ended meanwhile is answered `hold_ended`.
    """
    node = node_generation.rpartition("/")[0] or node_generation
    left = store.read(lambda session: session.open_holds(node=node))
    return _in_batches(
        store,
        [
            Abandon(f"abandon:{hold.id}", person, hold.id)
            for person, hold in left
            if hold.node != node_generation or hold.node == node
        ],
        now,
    )


def sweep(store: Store, now: int) -> int:
    """Record what has fallen due by `now` for everyone; returns how many people had something due."""
    due = store.read(
        lambda session: session.rows(
            "SELECT person FROM hold WHERE state = 'open' AND expires <= ? "
            "UNION SELECT person FROM lot WHERE live = 1 AND available > 0 AND expires <= ?",
            now,
            now,
        )
    )
    commands = [Tidy(f"tidy:{person}:{now}", person) for (person,) in sorted(due)]
    return sum(isinstance(answer, Applied) for answer in _in_batches(store, commands, now))


def make_months(store: Store, now: int) -> int:
    """Make the months to come, where the engine keeps usage in months; how many were missing."""
    if store.engine != "postgresql":
        return 0
    return store.transact(lambda session: months.make_ahead(session, now))


def _in_batches(store: Store, commands: list[Abandon] | list[Tidy], now: int) -> list[Answer]:
    answers: list[Answer] = []
    for start in range(0, len(commands), BATCH_LIMIT):
        batch: list[Command] = list(commands[start : start + BATCH_LIMIT])
        answers += apply_now(store, batch, now)
    return answers
