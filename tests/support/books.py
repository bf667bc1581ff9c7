"""A small house with a clock of its own, on either engine: lots and charges at any instant, for the tests of its figures."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bursar.ledger import Applied, Charge, Command, Correct, LotTerms, Release, Request, Usage, apply_now
from bursar.office.access import Actor
from bursar.office.desk import Desk, open_desk
from bursar.office.settings import Settings
from bursar.office.vault import create_master_key

NANO = 1_000_000_000
DAY = 86_400_000_000
OWNER = Actor("acc_test", "", "org_1", frozenset({"finance"}), "test")


def at(text: str) -> int:
    """An instant of UTC as microseconds: `2026-03-05` or `2026-03-05T12:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


class Books:
    """An opened installation on a migrated database, without prices, whose clock is where the test puts it."""

    def __init__(self, home: Path, url: str, now: str) -> None:
        self.clock = at(now)
        settings = Settings(home=home, database_url=url)
        home.mkdir(parents=True, exist_ok=True)
        create_master_key(home / "master.key")
        self.desk: Desk = open_desk(settings, self.now, "test")
        self.people: dict[str, str] = {}
        """Ids that a test wants to know again, by handle."""
        self._number = 0

    def now(self) -> int:
        return self.clock

    def go_to(self, moment: str) -> None:
        self.clock = at(moment)

    def person(self, handle: str, team: str = "", **fields: str) -> str:
        return str(self.desk.add_person(handle, team=team, **fields)["id"])

    def release(self, person: str, dollars: float, starts: str, ends: str = "", *, unit: str = "USD") -> str:
        """Fund a lot at its opening, whenever that is."""
        self._number += 1
        terms = LotTerms(f"lot_{self._number}", unit, round(dollars * NANO), at(starts), **_end(ends))
        self.apply(Release(f"release:{terms.id}", person, terms), at(starts))
        return terms.id

    def charge(self, person: str, dollars: float, when: str, provider: str = "anthropic", **fields: Any) -> str:
        """Charge list price at an instant, recorded at the clock's; nine tenths of it are the cost."""
        self._number += 1
        nanos, name = round(dollars * NANO), f"charge_{self._number}"
        usage = Usage(
            request_id=name,
            provider=provider,
            list_nanos=nanos,
            cost_nanos=nanos * 9 // 10,
            at=at(when),
            tokens={"input": 1000, "output": 100},
            **{"model": "claude-sonnet-4-5", "purpose": "work", **fields},
        )
        self.apply(Charge(name, person, "USD", nanos, Request(provider, usage.model, "work"), usage), at(when))
        return name

    def correct(self, person: str, charge: str, dollars: float) -> None:
        """Set the total of an earlier charge, now."""
        self._number += 1
        self.apply(Correct(f"correct_{self._number}", person, charge, round(dollars * NANO)), self.clock)

    def apply(self, command: Command, moment: int) -> Applied:
        (answer,) = apply_now(self.desk.store, [command], moment, self.clock)
        assert isinstance(answer, Applied), answer
        return answer

    def close(self) -> None:
        self.desk.close()


def _end(text: str) -> dict[str, int]:
    return {"expires": at(text)} if text else {}
