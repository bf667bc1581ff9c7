"""Crash recovery: the holds of a node's earlier lives end by their own policy before it serves again.

A dead process can no longer settle; its holds become visible `unresolved` charges (or are given back, if that is the
policy), within seconds of the restart instead of hours later when they lapse.
"""

from __future__ import annotations

from bursar.ledger import Abandon, Answer, Store, apply_now

BATCH = 256


def recover(store: Store, node: str, now: int) -> list[Answer]:
    """End every open hold of the node named `node`, of whatever generation; returns the answers."""
    left = store.read(lambda session: session.open_holds(node=node))
    answers: list[Answer] = []
    for start in range(0, len(left), BATCH):
        commands = [Abandon(f"abandon:{hold.id}", person, hold.id) for person, hold in left[start : start + BATCH]]
        answers += apply_now(store, commands, now)
    return answers
