"""Two years of a company of forty: joiners, leavers, a promotion, a reduction, a revocation, leave and rehire, top-ups,
a pool, and real traffic through the gateway in between, while the clock is moved by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from tests.support.house import PROVIDER_KEYS

from bursar.demo.provider import Provider
from bursar.grants.rehearsal import Rehearsal
from bursar.ledger import reading
from bursar.ledger.values import FUNDING
from bursar.office.database import reading as looking
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import reports
from bursar.office.granting import grants, pools, promises, topups
from bursar.office.metering.serving import serving
from bursar.office.oversight import verification
from bursar.office.settings import Settings
from bursar.office.terms import rollout
from bursar.plans.check import load

DOLLAR = 1_000_000_000
PLAN = """
bursar: plan/1
name: engineering
title: Stipend
allotment: {every: month, proration: daily}
tiers: [{name: senior, when: {level: [L5, L6]}, amount: $3}]
otherwise: {name: baseline, amount: $AMOUNT}
rollover: {cap: 50%, periods: 2}
limit: {then: [{pool: team}, {request: {reason: required, approvers: [manager], up_to: $2, expires: 7 days}}, stop]}
notice: {adjust: 14 days, reduce: 30 days, revoke: 14 days}
leaving: {unspent: keep, tail: 30 days}
statements: {tax: none, expectations: none, visibility: totals only, rate_limits: none, changes: HR, approval_time: a day}
"""


class Company:
    """The office with a clock that is moved by hand, and a client for everybody."""

    def __init__(self, folder: Path) -> None:
        self.now = _at("2026-01-01")
        settings = Settings(home=folder, port=0)
        initialise(settings, clock=lambda: self.now)
        self.desk: Desk = open_desk(settings, clock=lambda: self.now, actor="test")
        self.keys: dict[str, str] = {}
        self.chance = Random(20260101)
        self.answers: dict[int, int] = {}

    def hire(self, handle: str, day: str, level: str = "L4", team: str = "core", manager: str = "") -> str:
        self.desk.add_person(handle, level=level, team=team, manager=manager, hire_date=day)
        self.keys[handle] = self.desk.issue_key(handle)["token"]
        grant: str = promises.give(self.desk, handle, "engineering", starts=day)["grant"]
        return grant

    async def ask(self, url: str, client: aiohttp.ClientSession, handle: str, output: int = 4000) -> int:
        body = {
            "model": "gpt-4o",
            "max_completion_tokens": output,
            "messages": [{"role": "user", "content": f"hi [[standin output={output} chunk=4000]]"}],
        }
        headers = {"Authorization": f"Bearer {self.keys[handle]}"}
        async with client.post(f"{url}/v1/chat/completions", headers=headers, json=body) as reply:
            await reply.read()
            self.answers[reply.status] = self.answers.get(reply.status, 0) + 1
            return reply.status

    def lots(self, handle: str) -> list[reading.LotBalance]:
        holder = self.desk.person(handle)["id"]
        return self.desk.store.read(lambda session: reading.balance(session, holder, self.now))

    def released(self, handle: str, since: str, until: str) -> list[tuple[str, float]]:
        """Day and dollars of every release between two days, from the journal."""
        holder = self.desk.person(handle)["id"]
        journal = self.desk.store.read(lambda session: session.entries_of(holder))
        return [
            (
                _day(line.entry.effective),
                sum(one.amount for one in line.entry.postings if one.source == FUNDING) / DOLLAR,
            )
            for line in journal
            if line.entry.kind == "release" and _at(since) <= line.entry.effective < _at(until)
        ]


def _at(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000


def _day(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).date().isoformat()


async def test_two_years_of_a_company_of_forty(tmp_path: Path) -> None:
    company = Company(tmp_path / "home")
    desk = company.desk
    rollout.apply_plan(desk, load(PLAN.replace("AMOUNT", "1")))
    ids = {"grace": company.hire("grace", "2026-01-01", "L6", manager="")}
    for number in range(35):
        name = ("dora", "eve", "frank", "hugo", "ivan")[number] if number < 5 else f"p{number:02}"
        ids[name] = company.hire(name, "2026-01-01", "L5" if number % 7 == 6 else "L4", manager="grace")
    ids["revoked"] = ids["p10"]
    async with Provider(keys=PROVIDER_KEYS) as provider, aiohttp.ClientSession() as client:
        for name, secret in PROVIDER_KEYS.items():
            desk.add_provider(name, base_url=provider.base_url, secret=secret)
        async with serving(desk) as gateway:
            await asyncio.sleep(0.6)
            await _live(company, gateway.base_url, client, ids)
        spent = desk.store.read(lambda session: session.rows("SELECT SUM(amount), SUM(overage) FROM charge"))[0]
        assert spent[1] == 0
        assert len(provider.bill.lines) == company.answers[200]
    assert company.answers[200] > 500
    assert company.answers[429] > 3
    assert set(company.answers) <= {200, 429, 401}
    _what_happened(company, ids)
    _everybodys_statement_is_the_calendars(company)
    assert verification.verified(desk).findings == []
    desk.close()


async def _live(company: Company, url: str, client: aiohttp.ClientSession, ids: dict[str, str]) -> None:
    """The two years, in the order of their days."""
    desk = company.desk
    days = date(2026, 1, 2)
    events = {
        date(2026, 2, 15): lambda: [company.hire(f"j{n}", "2026-02-15", manager="grace") for n in range(4)],
        date(2026, 4, 10): lambda: desk.change_person("dora", level="L5"),
        date(2026, 5, 1): lambda: pools.fund(desk, "core", "$1"),
        date(2026, 6, 1): lambda: rollout.apply_plan(desk, load(PLAN.replace("AMOUNT", "0.80")), note="budget"),
        date(2026, 8, 20): lambda: promises.suspend(
            desk, ids["eve"], start="2026-09-01", until="2027-01-16", reason="parental leave"
        ),
        date(2026, 10, 20): lambda: promises.leave(desk, "frank", "2026-10-31"),
        date(2027, 2, 1): lambda: promises.end_grant(desk, ids["revoked"], kind="revoked", reason="budget"),
        date(2027, 3, 1): lambda: _rehire(company, ids),
        date(2027, 5, 10): lambda: _top_up(company),
    }
    while days <= date(2027, 12, 31):
        company.now = _at(days.isoformat()) + company.chance.randint(0, 86_399) * 1_000_000
        if days in events:
            company.now = _at(days.isoformat())
            events[days]()
            await asyncio.sleep(0.6)
        if company.chance.random() < 0.3:
            promises.run_calendar(desk)
        busy = [name for name in company.keys if name not in ("frank", "eve", "j0")]
        for name in company.chance.sample(busy, 2):
            await company.ask(url, client, name)
        if days.day == 20 and days.month % 3 == 0:  # ivan burns whatever he has, and then the pool
            for _ in range(40):
                if await company.ask(url, client, "ivan", 8000) == 429:
                    break
        ahead = days + timedelta(days=company.chance.randint(1, 3))
        due = [one for one in events if days < one < ahead]
        days = min([ahead, *due])
    company.now = _at("2028-01-01") - 1
    promises.run_calendar(desk)


def _rehire(company: Company, ids: dict[str, str]) -> None:
    company.desk.set_person_state("frank", "active")
    ids["rehired"] = promises.give(company.desk, "frank", "engineering")["grant"]


def _top_up(company: Company) -> None:
    asked = topups.request(company.desk, "hugo", "$1.50", reason="a migration")
    decided = topups.decide(company.desk, asked["id"], by="grace", approve=True, note="go")
    assert decided["state"] == "approved"


def _what_happened(company: Company, ids: dict[str, str]) -> None:
    """Worked out by hand from the plan's words."""
    joiner = company.released("j0", "2026-01-01", "2026-05-01")
    assert joiner == [("2026-02-15", 0.5), ("2026-03-01", 1.0), ("2026-04-01", 1.0)]  # 14 of 28 days
    promoted = company.released("dora", "2026-04-01", "2026-06-01")
    assert promoted == [("2026-04-01", 1.0), ("2026-04-10", 1.4), ("2026-05-01", 3.0)]  # $2 more for 21 of 30 days
    reduced = company.released("j1", "2026-05-01", "2026-09-01")
    assert reduced == [("2026-05-01", 1.0), ("2026-06-01", 1.0), ("2026-07-01", 0.8), ("2026-08-01", 0.8)]
    away = company.released("eve", "2026-08-01", "2027-03-01")
    assert away == [("2026-08-01", 0.8), ("2027-01-16", 0.412903226), ("2027-02-01", 0.8)]  # 16 of 31 days
    left = company.released("frank", "2026-09-01", "2027-05-01")
    assert left == [("2026-09-01", 0.8), ("2026-10-01", 0.8), ("2027-03-01", 0.8), ("2027-04-01", 0.8)]
    revoked = company.released("p10", "2027-01-01", "2028-01-01")
    assert revoked == [("2027-01-01", 0.8), ("2027-02-01", 0.4)]  # 14 of 28 days: the end was known by then
    taken = [lot for lot in company.lots("p10") if lot.terms.grant == ids["revoked"]]
    assert sum(lot.revoked for lot in taken) > 0
    assert not any(lot.open and lot.available for lot in taken)
    helped = company.released("hugo", "2027-05-01", "2027-06-01")
    assert helped == [("2027-05-01", 0.8), ("2027-05-10", 1.5)]
    pool = pools.listed(company.desk)[0]
    assert pool["pool"] == "pool:core"
    assert pool["spent_nanos"] > 0


def _everybodys_statement_is_the_calendars(company: Company) -> None:
    """Month after month a statement adds up, and its lots are those that a rehearsal of the same life has."""
    desk = company.desk
    with looking(desk.engine) as connection:
        everybody = {one["handle"]: grants.listed(connection, person=one["id"]) for one in desk.people()}
    assert len(everybody) == 40
    for handle, held in everybody.items():
        closing = 0
        for month in range(24):
            start, end = (
                date(2026 + month // 12, month % 12 + 1, 1),
                date(2026 + (month + 1) // 12, (month + 1) % 12 + 1, 1),
            )
            told: dict[str, Any] = reports.statement(desk, handle, start.isoformat(), end.isoformat())
            assert told["opening_nanos"] == closing
            closing = told["opening_nanos"] + sum(line["change_nanos"] for line in told["lines"])
            assert told["closing_nanos"] == closing
            assert all(line["balance_nanos"] >= 0 for line in told["lines"])
        rehearsal = Rehearsal([grant.history for grant in held])
        rehearsal.run(company.now)
        planned = {lot.terms.id: lot.terms for lot in rehearsal.lots("person", company.now) if not lot.terms.parent}
        real = {lot.terms.id: lot.terms for lot in company.lots(handle) if not lot.terms.parent}
        assert {name: terms for name, terms in real.items() if not name.startswith("lot_ask_")} == planned, handle
