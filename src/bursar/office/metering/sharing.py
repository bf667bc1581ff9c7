"""What nodes tell each other of requests and tokens per minute: a row for each subject, minute and node.

Every node writes rows of its own only and reads the sum of the others', so no row is hot; half a second lies between two
tellings, and nothing is told or asked while nothing with a limit is asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Engine, delete, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from bursar.gateway.rates import Rates, Subject, Use
from bursar.office.database import key_of, transaction
from bursar.office.tables import rate_use

log = logging.getLogger("bursar.rates")

SHARE_SECONDS = 0.5
"""Between two tellings of a node."""
KEEP_MINUTES = 10
ROWS = 200
"""Of one statement."""


async def share(engine: Engine, rates: Rates, node: str, clock: Callable[[], int]) -> None:
    """Tell and learn for ever; a fault is logged and tried again, and each node holds its limits alone meanwhile."""
    swept = failing = 0
    while True:
        await asyncio.sleep(SHARE_SECONDS)
        minute, told = rates.take(clock())
        if not rates.active:
            continue
        try:
            others = await asyncio.to_thread(_exchange, engine, node, minute, told)
            rates.learn(minute, others)
            if minute != swept:
                swept = minute
                await asyncio.to_thread(_sweep, engine, minute)
            failing = 0
        except Exception as error:
            rates.give_back(minute, told)
            failing += 1
            if failing == 1:
                log.warning("rates cannot be shared with other nodes now: %s", error)


def tell(connection: Connection, node: str, minute: int, told: Mapping[Subject, Use]) -> dict[Subject, Use]:
    """Write this node's sums of a minute; returns what the others told of it."""
    postgres = connection.dialect.name == "postgresql"
    insert = (postgresql if postgres else sqlite).insert
    rows = [
        {"minute": minute, "subject": subject, "node": node, "requests": requests, "tokens": tokens}
        for subject, (requests, tokens) in sorted(told.items())
    ]
    for start in range(0, len(rows), ROWS):
        one = insert(rate_use).values(rows[start : start + ROWS])
        connection.execute(
            one.on_conflict_do_update(
                index_elements=key_of(connection, "minute", "subject", "node"),
                set_={"requests": one.excluded.requests, "tokens": one.excluded.tokens},
            )
        )
    row = rate_use.c
    sums = select(row.subject, func.sum(row.requests), func.sum(row.tokens)).group_by(row.subject)
    found = connection.execute(sums.where(row.minute == minute, row.node != node))
    return {subject: (int(requests), int(tokens)) for subject, requests, tokens in found}


def _exchange(engine: Engine, node: str, minute: int, told: Mapping[Subject, Use]) -> dict[Subject, Use]:
    with transaction(engine) as connection:
        if connection.dialect.name == "postgresql":  # a lost count of a crash is no lost money
            connection.execute(text("SET LOCAL synchronous_commit = off"))
        return tell(connection, node, minute, told)


def _sweep(engine: Engine, minute: int) -> None:
    with transaction(engine) as connection:
        connection.execute(delete(rate_use).where(rate_use.c.minute < minute - KEEP_MINUTES))
