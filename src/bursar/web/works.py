"""Long work that a request asks for: begun, and waited for a moment, since most of it is short."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request

from bursar.office.access import Actor
from bursar.office.database import reading, transaction
from bursar.office.desk import new_id
from bursar.office.works import work
from bursar.office.works.work import Work
from bursar.office.works.working import Workers
from bursar.web.callers import desks_of

WAIT_SECONDS = 1.0
"""How long a form waits for work that may be short."""
LOOK_SECONDS = 0.05


def begin(
    request: Request,
    actor: Actor,
    kind: str,
    title: str,
    asked: dict[str, Any],
    *,
    shared: bool = False,
    wait_seconds: float = 0.0,
) -> Work:
    """Have work done. Raises work.TooMuch, and Conflict if shared work of this kind is not done yet."""
    desks = desks_of(request)
    with transaction(desks.engine) as connection:
        found = work.begin(
            connection, actor, kind, title, asked, shared=shared, work_id=new_id("wrk"), now=desks.clock()
        )
    _workers(request).nudge()
    end = time.monotonic() + wait_seconds
    while found.is_open and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
        with reading(desks.engine) as connection:
            found = work.named(connection, found.id)
    return found


def looked_at(request: Request, found: Work | None) -> None:
    """Somebody waits for this work: whoever was at it may be gone, and asking costs one look at the table."""
    if found is not None and found.is_open:
        _workers(request).nudge()


def _workers(request: Request) -> Workers:
    found: Workers = request.app.state.workers
    return found
