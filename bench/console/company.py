"""A large company in an SQLite file: people, a plan and its lots by Bursar's own calendar, usage by the million beside them.

The roster, the plan, the grants and every release go through the use cases. The usage goes into the tables directly, in
the shape that imported usage has (entry, posting, charge, daily rollup), month by month between the releases, so that every
balance adds up; only the seals over it are left out, which no page but the verification reads.
"""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bursar.ledger.values import AVAILABLE, SPENT
from bursar.office.database import transaction
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import kept_usage
from bursar.office.granting import promises
from bursar.office.identity import accounts
from bursar.office.settings import Settings
from bursar.office.terms import rollout
from bursar.plans.check import load

MICROS_PER_DAY = 86_400_000_000
MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11")
TODAY = "2026-11-21T12:00:00+00:00"
TEAM_SIZE = 12
ROLES = ("compensation", "finance", "payroll", "platform", "auditor", "owner")
PLAN = """\
bursar: plan/1
name: stipend
title: Token stipend
class: provisioned_tool
allotment: {amount: $400, every: month, anchor: calendar, proration: none, expires: period}
rollover: none
limit: {warnings: [75%, 95%], then: [{request: {reason: required, approvers: [manager], up_to: $500, expires: 7 days}}, stop]}
notice: {adjust: 30 days, reduce: 30 days, revoke: 30 days}
leaving: {unspent: keep, tail: 14 days}
statements: {tax: none, expectations: none, visibility: totals, rate_limits: none, changes: People team, approval_time: a day}
"""
MODELS = (
    ("anthropic", "claude-sonnet-4-5", "anthropic.messages"),
    ("anthropic", "claude-opus-4-1", "anthropic.messages"),
    ("openai", "gpt-5.1", "openai.responses"),
    ("google", "gemini-2.5-pro", "gemini"),
)
PROJECTS = ("mobile", "payments", "search", "platform", "support", "")


@dataclass(frozen=True, slots=True)
class Size:
    """How large the company is."""

    people: int
    rows: int


def build(home: Path, size: Size) -> Settings:
    """Make it, or take what an earlier run made of the same size."""
    settings = Settings(home=home, port=0)
    done = home / f"built-{size.people}-{size.rows}"
    if done.exists():
        return settings
    now = [_instant(f"{MONTHS[0]}-01T00:00:00+00:00")]
    initialise(settings, clock=lambda: now[0])
    desk = open_desk(settings, clock=lambda: now[0], actor="bench")
    _people(desk, home, size.people)
    rollout.apply_plan(desk, load(PLAN))
    for number in range(size.people):
        promises.give(desk, f"p{number:05}", "stipend", starts=f"{MONTHS[0]}-01")
    days = [_instant(f"{month}-01T00:00:00+00:00") for month in MONTHS] + [_instant(TODAY)]
    for number, begins in enumerate(days[:-1]):
        now[0] = begins
        promises.run_calendar(desk)
        share = (days[number + 1] - begins) / (days[-1] - days[0])
        _usage(settings, begins, days[number + 1], round(size.rows * share), MONTHS[number])
    now[0] = days[-1]
    promises.run_calendar(desk)
    _accounts(desk)
    desk.close()
    done.touch()
    return settings


def keep_days(settings: Settings) -> None:
    """What a running gateway does by itself every half a minute: what came since is added to the kept sums."""
    with closing(open_desk(settings, clock=today, actor="bench")) as desk:
        while kept_usage.follow(desk):
            pass


def today() -> int:
    """The instant at which the company is looked at."""
    return _instant(TODAY)


def _people(desk: Desk, home: Path, count: int) -> None:
    lines = ["handle,name,email,level,job_family,team,manager,location,hire_date"]
    for number in range(count):
        boss = "" if number % TEAM_SIZE == 0 else f"p{number - number % TEAM_SIZE:05}"
        lines.append(
            f"p{number:05},Person {number},p{number:05}@example.com,L{3 + number % 4},engineering,"
            f"team-{number // TEAM_SIZE:04},{boss},{('Lisbon', 'Austin', 'Pune')[number % 3]},2025-0{1 + number % 9}-15"
        )
    roster = home / "roster.csv"
    roster.write_text("\n".join(lines) + "\n", encoding="utf-8")
    desk.import_people(roster.read_text(encoding="utf-8"))


def _usage(settings: Settings, begins: int, ends: int, rows: int, month: str) -> None:
    """Usage of one month, spread evenly over everybody and every moment of it."""
    path = settings.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        connection.execute("DROP TABLE IF EXISTS temp.who")
        connection.execute(
            "CREATE TEMP TABLE who AS SELECT row_number() OVER (ORDER BY person) - 1 AS place, person, id AS lot, "
            "(SELECT MAX(seq) FROM entry WHERE entry.person = lot.person) AS newest FROM lot WHERE id LIKE ?",
            (f"%{month}-01%",),
        )
        people = connection.execute("SELECT COUNT(*) FROM temp.who").fetchone()[0]
        connection.execute("CREATE UNIQUE INDEX temp.who_place ON who (place)")
        head = connection.execute("SELECT seq FROM head").fetchone()[0]
        fields = {"head": head, "people": people, "rows": rows, "begins": begins, "step": (ends - begins) // rows}
        connection.execute("DROP TABLE IF EXISTS temp.n")
        connection.execute(
            "CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows) "
            "SELECT i, :head + 1 + i AS seq, i % :people AS place, :begins + i * :step AS at, "
            "3000000 + (i * 7919) % 40000000 AS amount, (i / :people + i) % 4 AS model FROM n",
            fields,
        )
        connection.execute(
            "INSERT INTO entry (seq, command, content, kind, person, unit, effective, recorded, hold, corrects, note, prior) "
            "SELECT seq, printf('use:%012d', seq), printf('%032x', seq), 'charge', person, 'USD', at, at, '', '', '', "
            "CASE WHEN i < :people THEN newest ELSE seq - :people END FROM n JOIN who USING (place)",
            fields,
        )
        connection.execute(
            f"INSERT INTO posting (seq, line, lot, source, destination, amount) "
            f"SELECT seq, 0, lot, {AVAILABLE}, {SPENT}, amount FROM n JOIN who USING (place)"
        )
        provider, model, dialect = (_one_of("model", [one[part] for one in MODELS]) for part in range(3))
        project = _one_of(f"(place + at / {MICROS_PER_DAY}) % {len(PROJECTS)}", PROJECTS)
        connection.execute(
            "INSERT INTO charge (seq, person, unit, amount, overage, at, request_id, access_key, provider, model, dialect, "
            "purpose, project, session, agent, service_tier, price_version, status, tokens, list_nanos, cost_nanos) "
            f"SELECT seq, person, 'USD', amount, 0, at, printf('req_%012d', seq), '', {provider}, {model}, {dialect}, "
            f"CASE WHEN place % 9 = 0 THEN 'personal' ELSE 'work' END, {project}, printf('s%d', seq / 40), '', '', '', "
            '\'exact\', printf(\'{"input":%d,"cache_read":%d,"output":%d}\', amount / 90000, amount / 20000, amount / 100000), '
            "amount, amount * 4 / 5 FROM n JOIN who USING (place)"
        )
        connection.execute(
            "INSERT INTO usage_day (person, day, unit, provider, model, purpose, project, requests, input_tokens, "
            "cached_tokens, output_tokens, amount, list_nanos, cost_nanos, overage) "
            f"SELECT person, at / {MICROS_PER_DAY}, unit, provider, model, purpose, project, COUNT(*), SUM(amount / 90000), "
            "SUM(amount / 20000), SUM(amount / 100000), SUM(amount), SUM(list_nanos), SUM(cost_nanos), 0 FROM charge "
            f"WHERE seq > :head GROUP BY person, at / {MICROS_PER_DAY}, provider, model, purpose, project",
            fields,
        )
        connection.execute(
            "UPDATE lot SET spent = found.amount, available = lot.available - found.amount FROM "
            "(SELECT lot AS id, SUM(amount) AS amount FROM n JOIN who USING (place) GROUP BY lot) AS found "
            "WHERE found.id = lot.id"
        )
        connection.execute("UPDATE head SET seq = seq + ?, recorded = ?", (rows, ends - 1))


def _one_of(place: str, values: tuple[str, ...] | list[str]) -> str:
    """SQL for the value at a place."""
    cases = " ".join(f"WHEN {number} THEN '{value}'" for number, value in enumerate(values))
    return f"CASE {place} {cases} END"


def _accounts(desk: Desk) -> None:
    """One account for each role; the engineer and the manager are people of the roster."""
    for login, person, roles in (
        ("engineer", "p00001", ()),
        ("manager", "p00000", ()),
        *((role, "", (role,)) for role in ROLES),
    ):
        with transaction(desk.engine) as connection:
            accounts.add(
                connection,
                login,
                account_id=f"acc_{secrets.token_hex(6)}",
                by="bench",
                now=desk.now(),
                name=login.capitalize(),
                person_id=desk.person(person)["id"] if person else "",
                roles=roles,
            )


def _instant(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000_000
