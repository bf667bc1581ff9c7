"""Work that does as it is asked, for the tests of long work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bursar.errors import Conflict
from bursar.office.database import transaction
from bursar.office.desk import Desk
from bursar.office.works.work import Outcome


def work(desk: Desk, asked: dict[str, Any], beat: Callable[[int, int], None]) -> Outcome:
    """Count to `steps`, a fiftieth of a second each, and `fail` as asked; leaves a line in the audit log."""
    with transaction(desk.engine) as connection:
        desk.note(connection, "test.count", "steps", {"steps": asked.get("steps", 0)})
    for step in range(asked.get("steps", 0)):
        beat(step, asked["steps"])
        time.sleep(0.02)
    match asked.get("fail"):
        case "refused":
            raise Conflict("the moon is in the way", "wait a month")
        case "broken":
            raise KeyError("secret.path")
    return Outcome(b"counted", "text/plain", "count.txt")
