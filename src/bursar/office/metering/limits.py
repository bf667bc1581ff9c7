"""What plans do at the limit, as the gateway asks for it: from memory where every request asks, else from the tables."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable

from sqlalchemy import Connection, Engine, select

from bursar.calendar import micros
from bursar.gateway.directory import Limit, LimitStep
from bursar.gateway.velocity import Pace
from bursar.ledger import NEVER, Scope, Store
from bursar.ledger import reading as reading_ledger
from bursar.office.database import reading
from bursar.office.granting import almanac, grants
from bursar.office.granting.grants import NOTHING_DUE, Grant
from bursar.office.tables import consent, control_version, person
from bursar.office.terms import plans
from bursar.plans.schedule import periods_of
from bursar.plans.terms import Step
from bursar.plans.terms import Velocity as PlanVelocity

log = logging.getLogger("bursar.limits")

NO_PACE = PlanVelocity()
POOL_PREFIX = "pool:"
SWEEP_SECONDS = 1.0
"""How often a node looks whether anything fell due for anybody."""


def pool_account(name: str) -> str:
    """The ledger's account of a pool."""
    slug = re.sub(r"[^a-z0-9.-]+", "-", name.strip().lower()).strip("-")
    return f"{POOL_PREFIX}{slug or 'everyone'}"


class LivePromises:
    """Implements the gateway's `Promises` over an installation's tables; `sweep` runs the calendar of everybody."""

    def __init__(self, engine: Engine, store: Callable[[], Store], clock: Callable[[], int], node: str) -> None:
        self._engine, self._open_store, self._clock, self._node = engine, store, clock, node
        self._due: dict[str, int] = {}
        self._paces: dict[str, Pace] = {}
        self._version = -1
        self._limits: dict[str, tuple[int, int, tuple[Limit, ...]]] = {}
        self._store: Store | None = None
        self._one_at_a_time = asyncio.Lock()
        self.refresh()

    def refresh(self) -> None:
        """Read when things fall due again, if anything changed anywhere."""
        with reading(self._engine) as connection:
            version = connection.execute(select(control_version.c.version)).scalar_one()
            if version != self._version:
                self._due = almanac.next_by_person(connection)
                self._paces = _paces(connection, self._clock())
                self._version = version

    def due_at(self, person_id: str) -> int:
        return self._due.get(person_id, NOTHING_DUE)

    def pace_of(self, person_id: str) -> Pace | None:
        return self._paces.get(person_id)

    async def spent_since(self, person_id: str, start: int) -> int:
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._read_spent, person_id, start)

    async def catch_up(self, person_id: str) -> None:
        await self._run(person_id)

    async def sweep(self) -> None:
        """Do what is due for anybody, for ever; a fault is logged and tried again."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                if any(at <= self._clock() for at in self._due.values()):
                    await self._run("")
            except Exception:
                log.exception("the calendar could not be run; it is tried again")

    async def limits_of(self, person_id: str, now: int) -> tuple[Limit, ...]:
        known = self._limits.get(person_id)
        if known is not None and known[0] == self._version and now < known[1]:
            return known[2]
        version = self._version
        found = await asyncio.to_thread(self._read_limits, person_id, now)
        until = min((one.ends for one in found), default=now + 1_000_000)
        self._limits[person_id] = (version, until, found)
        return found

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    async def _run(self, person_id: str) -> None:
        async with self._one_at_a_time:
            await asyncio.to_thread(self._run_now, person_id)

    def _run_now(self, person_id: str) -> None:
        if self._store is None:
            self._store = self._open_store()
        now = self._clock()
        almanac.run(self._engine, self._store, now, now=now, node=self._node, person=person_id)
        self.refresh()

    def _read_spent(self, person_id: str, start: int) -> int:
        if self._store is None:
            self._store = self._open_store()
        spent, before = 0, None
        while True:
            page = self._store.read(
                lambda session, before=before: reading_ledger.recent_charges(session, 500, person_id, before)  # type: ignore[misc]
            )
            recent = [line for line in page if line.usage.at >= start and line.unit == "USD"]
            spent += sum(line.amount for line in recent)
            if len(page) < 500 or len(recent) < len(page):
                return spent
            before = page[-1].seq

    def _read_limits(self, person_id: str, now: int) -> tuple[Limit, ...]:
        with reading(self._engine) as connection:
            running = grants.listed(connection, person=person_id, active_at=now)
            team = connection.execute(select(person.c.team).where(person.c.id == person_id)).scalar_one_or_none() or ""
            agreed = connection.execute(
                select(consent.c.given).where(consent.c.person == person_id, consent.c.withdrawn == 0)
            ).first()
        running.sort(key=lambda grant: (grant.history.segment_at(now).plan.priority, grant.history.starts, grant.id))
        limits = (_limit(grant, team, agreed is not None, now) for grant in running)
        return tuple(limit for limit in limits if limit is not None)


def _paces(connection: Connection, now: int) -> dict[str, Pace]:
    """Everybody whose plan limits the pace; where several plans do, the narrowest."""
    named = {one.name for one in plans.versions(connection) if one.plan.velocity != NO_PACE and one.plan.unit == "USD"}
    found: dict[str, Pace] = {}
    for name in sorted(named):
        for grant in grants.listed(connection, plan=name, active_at=now):
            velocity = grant.history.segment_at(now).plan.velocity
            hour = 0 if velocity.per_hour is None else velocity.per_hour.nanos
            day = 0 if velocity.per_day is None else velocity.per_day.nanos
            other = found.get(grant.person, Pace())
            found[grant.person] = Pace(_narrower(hour, other.per_hour), _narrower(day, other.per_day))
    return {person_id: pace for person_id, pace in found.items() if pace != Pace()}


def _narrower(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other


def _limit(grant: Grant, team: str, agreed: bool, now: int) -> Limit | None:
    segment = grant.history.segment_at(now)
    plan = segment.plan
    if plan.unit != "USD" or any(
        one.start <= now and (one.until is None or now < one.until) for one in grant.history.pauses
    ):
        return None
    period = next(periods_of(grant.history, segment, now, now + 1), None)
    if period is None:
        return None
    starts, ends = max(micros(period.start), segment.start), micros(period.end)
    steps = tuple(
        _step(step, team) for step in plan.at_limit if step.kind != "stop" and (step.kind != "own_money" or agreed)
    )
    scope = Scope(plan.scope.providers, plan.scope.models, plan.scope.purposes)
    once = plan.allotment.every is None
    return Limit(
        grant.id,
        grants.day(starts, plan),
        starts,
        NEVER if once else min(ends, grant.history.stop),
        steps,
        scope,
        min(100, plan.priority + 10),
        plan.title,
    )


def _step(step: Step, team: str) -> LimitStep:
    amount = 0 if step.amount is None else step.amount.nanos
    return LimitStep(
        step.kind,
        amount,
        amount if step.up_to is None else step.up_to.nanos,
        pool_account(team if step.pool == "team" else step.pool) if step.pool else "",
        step.models,
    )
