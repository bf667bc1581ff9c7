"""`bursar demo`: everything at once, and `--check`, which lets three independent bills be compared."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bursar.demo import money, tour
from bursar.demo.company import Employee, first_day, history, plan_document, roster
from bursar.demo.provider import Defaults, Provider
from bursar.demo.provider.past import on_the_bill
from bursar.demo.swarm import Agent, AgentTally, run_agent
from bursar.ledger import apply_now
from bursar.money import Amount, Unit, format_amount
from bursar.office.books import bills
from bursar.office.catalogue import pricing
from bursar.office.database import transaction
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import reports
from bursar.office.granting import promises, topups
from bursar.office.metering.serving import serving
from bursar.office.oversight import verification
from bursar.office.settings import Settings
from bursar.office.telling import watch
from bursar.office.terms import rollout
from bursar.plans.check import load
from bursar.prices import PriceBook

MICROS_PER_HOUR = 3_600_000_000
MICROS_PER_DAY = 24 * MICROS_PER_HOUR
PROVIDER_KEYS = {"openai": "sk-standin-openai", "anthropic": "sk-standin-anthropic", "google": "standin-google"}
ADMINISTERED = ("openai", "anthropic")
"""Providers whose administration tells usage and costs."""
SPENDTHRIFT_DOLLARS = "$0.06"
SETTLE_SECONDS = 5.0
WATCH_SECONDS = 0.5
AGENTS = 18
"""Of the swarm: two for each of eight people, and two of somebody with little left."""

Show = Callable[[dict[str, Any], list[str]], None]
"""Draws the live picture: what `reports.snapshot` says, and lines below it."""


async def run_demo(
    *,
    check: bool,
    seconds: float,
    home: Path | None,
    port: int,
    people: int,
    seed: int,
    agents: int = AGENTS,
    as_json: bool = False,
    console_port: int | None = None,
    show: Show,
) -> bool:
    """Run the demo until interrupted, or the check for `seconds`; true if all bills agree.

    With `console_port` (0: a free one) the console runs beside the gateway.
    """
    folder = home or Path(tempfile.mkdtemp(prefix="bursar-demo-"))
    started = time.monotonic()
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(
            Provider(keys=PROVIDER_KEYS, defaults=Defaults(pace_ms=2.0), seed=seed)
        )
        desk, staff = _company(folder, provider.base_url, people, seed)
        stack.callback(desk.close)
        _bills(desk, provider)
        keys = _keys(desk, staff)
        gateway = await stack.enter_async_context(_listening(desk, 0 if check else port))
        console, stops = "", []
        if console_port is not None:
            stops = tour.prepare(desk, staff)
            console = await stack.enter_async_context(_console(desk, gateway.base_url, console_port, stops))
        if not check:
            _welcome(gateway.base_url, keys, folder, staff, time.monotonic() - started)
            _show_console(console, stops)
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(name, stop.set)
        swarm, tallies = await _swarm(stack, gateway.base_url, keys, staff, stop, seed, agents)
        if check:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
        else:
            await _watch(desk, tallies, stop, show)
        stop.set()
        await asyncio.gather(*swarm, return_exceptions=True)
        end = time.monotonic() + SETTLE_SECONDS
        while len(gateway.live) and time.monotonic() < end:
            await asyncio.sleep(0.05)
        outcome = compare(desk, provider, tallies)
        _print_outcome(outcome, as_json)
        return bool(outcome["agree"])


def _listening(desk: Desk, port: int) -> Any:
    return serving(desk, port=port)


def _console(desk: Desk, gateway_url: str, port: int, stops: list[tour.Stop]) -> Any:
    """The console on the demo's installation, which shows the gateway's real address and offers the tour."""
    from bursar.api import api_face
    from bursar.console import console_app
    from bursar.demo.tour_pages import tour_face
    from bursar.scim import scim_face
    from bursar.web import Desks
    from bursar.web import serving as serving_console

    settings = desk.settings.model_copy(update={"gateway_url": gateway_url})
    faces = (api_face(), scim_face(), tour_face(stops))
    return serving_console(console_app(Desks.open(settings), *faces), settings, port=port)


def _company(folder: Path, provider_url: str, size: int, seed: int) -> tuple[Desk, list[tuple[str, Employee]]]:
    """A fresh installation with its people, providers and three months of history."""
    settings = Settings(home=folder, port=0, ask_at="#ai-budget on chat, or your manager", drain_seconds=5.0)
    fresh = initialise(settings)
    desk = open_desk(settings, actor="demo")
    employees = roster(seed, size)
    if not fresh:
        known = {one["handle"]: one["id"] for one in desk.people()}
        for name, secret in PROVIDER_KEYS.items():
            desk.add_provider(name, base_url=provider_url, secret=secret)
        return desk, [(known[one.handle], one) for one in employees if one.handle in known]
    staff = []
    for one in employees:
        row = desk.add_person(
            one.handle,
            name=one.name,
            email=one.email,
            team=one.team,
            level=one.seat.level,
            job_family=one.seat.family,
            location=one.location,
            zone=one.zone,
            hire_date=one.hire_date,
            manager=one.manager,
        )
        staff.append((row["id"], one))
    for name, secret in PROVIDER_KEYS.items():
        desk.add_provider(name, base_url=provider_url, secret=secret)
    _live(desk, staff, seed)
    return desk, staff


def _bills(desk: Desk, provider: Provider) -> None:
    """The provider knows its past, and finance may read its bills."""
    today = datetime.fromtimestamp(desk.now() // 1_000_000, UTC).date()
    provider.past = on_the_bill(desk, PROVIDER_KEYS, first_day(desk.now()).date(), today + timedelta(days=1))
    for name in ADMINISTERED:
        bills.set_admin(desk, name, f"sk-standin-admin-{name}", base_url=provider.base_url)


def _live(desk: Desk, staff: list[tuple[str, Employee]], seed: int) -> None:
    """The past three months, with the office's clock moved through them: the calendar runs as it would have."""
    clock, until = desk.clock, desk.now()
    money.agree(desk, first_day(until))
    with transaction(desk.engine) as connection:
        book = pricing.current_book(connection)
    moment = [int(first_day(until).timestamp()) * 1_000_000]
    desk.clock = lambda: moment[0]
    try:
        tinkering = money.Tinkering.begin(desk, staff, book, seed)
        rollout.apply_plan(desk, load(plan_document()))
        for _, employee in staff:
            promises.give(desk, employee.handle, "tern-and-hale")
        tour.open_house(desk, staff)
        asks = [(until - ask.hours_ago * MICROS_PER_HOUR, ask) for ask in tour.past_asks(staff)]
        open_asks: list[tuple[int, str, tour.Ask]] = []
        today = 0
        for at, commands in history(staff, book, book.version, until, seed):
            moment[0] = at
            if at // MICROS_PER_DAY != today:
                today = at // MICROS_PER_DAY
                promises.run_calendar(desk)
                commands = [*tinkering.day(at), *commands]
            for start in range(0, len(commands), 256):
                apply_now(desk.store, commands[start : start + 256], at)
            while asks and asks[0][0] <= at:
                _, ask = asks.pop(0)
                made = topups.request(desk, ask.person, ask.amount, reason=ask.reason)
                open_asks.append((at + ask.hours_taken * MICROS_PER_HOUR, made["id"], ask))
            while open_asks and open_asks[0][0] <= at:
                _, number, ask = open_asks.pop(0)
                topups.decide(desk, number, by=ask.approver, approve=ask.approved)
        # What the gateway's watch would have read as it went along: forecasts are made of it.
        watch.watch(desk, until)
    finally:
        desk.clock = clock


def _keys(desk: Desk, staff: list[tuple[str, Employee]]) -> dict[str, str]:
    """A key for the first people, and one for a visitor with a small allotment who will run out."""
    known = {one["handle"] for one in desk.people()}
    if "visitor" not in known:
        desk.add_person("visitor", name="A visitor", team="guests")
        desk.add_person("spendthrift", name="Somebody who runs out", team="guests")
    desk.give("visitor", "$25", label="Welcome credit")
    desk.give("spendthrift", SPENDTHRIFT_DOLLARS, label="What is left of the month")
    names = ["visitor", "spendthrift", *(one.handle for _, one in staff[:8])]
    return {name: desk.issue_key(name, label="demo", project="demo")["token"] for name in names}


async def _swarm(
    stack: AsyncExitStack,
    base_url: str,
    keys: dict[str, str],
    staff: list[tuple[str, Employee]],
    stop: asyncio.Event,
    seed: int,
    most: int,
) -> tuple[list[asyncio.Task[None]], dict[str, AgentTally]]:
    """Agents in every dialect; two of one person with little left, so that somebody is refused politely."""
    session = await stack.enter_async_context(
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=120))
    )
    shapes = (
        ("anthropic", "claude-sonnet-4-5", True),
        ("chat", "gpt-4o", True),
        ("responses", "gpt-5-mini", True),
        ("gemini", "gemini-2.5-flash", True),
        ("chat", "gpt-4o-mini", False),
        ("anthropic", "claude-haiku-4-5", False),
    )
    agents = [
        Agent(f"{one.handle}-{number}", keys[one.handle], *shapes[number % len(shapes)], hang_up_share=0.05)
        for number, (_, one) in enumerate(staff[:8] * 2)
    ]
    agents += [Agent(f"spendthrift-{n}", keys["spendthrift"], "chat", "gpt-4o", True, 600) for n in range(2)]
    agents = agents[:most]
    tallies = {agent.name: AgentTally() for agent in agents}
    tasks = [
        asyncio.create_task(run_agent(session, base_url, agent, tallies[agent.name], stop, seed)) for agent in agents
    ]
    return tasks, tallies


async def _watch(desk: Desk, tallies: dict[str, AgentTally], stop: asyncio.Event, show: Show) -> None:
    """Show the live picture until stopped."""
    while not stop.is_set():
        refusals = [f"{name} was told: {tally.refusal}" for name, tally in tallies.items() if tally.refusal]
        show(reports.snapshot(desk), [*refusals[:2], "Ctrl-C ends the demo."])
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), WATCH_SECONDS)


def compare(desk: Desk, provider: Provider, tallies: dict[str, AgentTally]) -> dict[str, Any]:
    """Three bills of the same requests, from three places: the journal's postings, the usage rows, the provider."""
    with transaction(desk.engine) as connection:
        book = pricing.current_book(connection)
    charges = desk.store.read(
        lambda session: session.rows(
            "SELECT c.seq, c.amount, c.list_nanos, c.status, c.model, c.tokens, c.overage FROM charge c "
            "WHERE c.request_id LIKE 'req_%' AND c.access_key <> ''"
        )
    )
    numbers = [row[0] for row in charges]
    posted = desk.store.read(
        lambda session: sum(
            int(row[0])
            for row in session.rows(f"SELECT amount FROM posting WHERE destination = 3 AND seq {session.IN}", numbers)
        )
    )
    billed = Counter(_billed(book, line) for line in provider.bill.lines if line.usage.total_input)
    charged = Counter(int(row[2]) for row in charges)
    checked = verification.verified(desk).ledger
    statuses = Counter(row[3] for row in charges)
    open_holds = desk.store.read(lambda session: len(session.open_holds()))
    totals = {
        "ledger_nanos": posted,
        "usage_rows_nanos": sum(int(row[2]) for row in charges),
        "provider_bill_nanos": sum(amount * count for amount, count in billed.items()),
    }
    return {
        "agree": len(set(totals.values())) == 1
        and billed == charged
        and checked.clean
        and not open_holds
        and not sum(int(row[6]) for row in charges),
        **totals,
        "requests_charged": len(charges),
        "requests_billed": sum(billed.values()),
        "statuses": dict(statuses),
        "overage_nanos": sum(int(row[6]) for row in charges),
        "open_holds": open_holds,
        "ledger": {"clean": checked.clean, "entries": checked.entries, "findings": checked.findings},
        "agents": {
            "requests": sum(one.requests for one in tallies.values()),
            "answered": sum(one.answered for one in tallies.values()),
            "hung_up": sum(one.hung_up for one in tallies.values()),
            "contended": sum(one.contended for one in tallies.values()),
            "refused": sum(1 for one in tallies.values() if one.refusal),
            "errors": dict(sum((one.errors for one in tallies.values()), Counter[str]())),
        },
        "refusal": next((one.refusal for one in tallies.values() if one.refusal), ""),
    }


def _billed(book: PriceBook, line: Any) -> int:
    tariff = book.tariff(line.provider, line.model, line.at, line.service_tier)
    if tariff is None:
        raise LookupError(f"no price for {line.model}")
    return tariff.list_nanos(line.usage)


def _print_outcome(outcome: dict[str, Any], as_json: bool) -> None:
    if as_json:
        json.dump(outcome, sys.stdout, indent=2)
        print()
        return
    for name, key in (
        ("ledger postings", "ledger_nanos"),
        ("usage rows", "usage_rows_nanos"),
        ("provider's bill", "provider_bill_nanos"),
    ):
        print(f"{name:18}{format_amount(Amount(outcome[key], Unit('USD')), precision='exact'):>22}")
    agents = outcome["agents"]
    print(
        f"{outcome['requests_charged']} requests charged, {outcome['requests_billed']} billed; {agents['answered']} answered, "
        f"{agents['hung_up']} hung up on, {agents['contended']} waited, {agents['refused']} agents refused for good; "
        f"{outcome['open_holds']} holds open, overage {outcome['overage_nanos']}"
    )
    if outcome["refusal"]:
        print(f"a refusal reads: {outcome['refusal']}")
    if agents["errors"]:
        print(f"errors: {agents['errors']}")
    ledger = outcome["ledger"]
    print(f"ledger {'clean' if ledger['clean'] else 'BROKEN'}: {ledger['entries']} entries")
    for finding in ledger["findings"]:
        print(f"  {finding}")
    print("the three bills agree to the nano-dollar" if outcome["agree"] else "THE BILLS DO NOT AGREE")


def _show_console(console: str, stops: list[tour.Stop]) -> None:
    if console:
        print(f"Look around as anybody of the company: {console}/tour")
        print(f"The console is on {console}; the password is: {tour.PASSWORD}")
        for stop in stops:
            print(f"  {stop.login:14}{stop.role}")
        print(f"A candidate needs no account: {console}/offer\n", flush=True)


def _welcome(base_url: str, keys: dict[str, str], folder: Path, staff: list[tuple[str, Employee]], took: float) -> None:
    key = keys["visitor"]
    print(f"""
Tern & Hale: {len(staff)} people, three months of history, ready in {took:.1f} s.
The gateway listens on {base_url}. You are `visitor` with a welcome credit of $25. Point a client at it:

  Claude Code   ANTHROPIC_BASE_URL={base_url} ANTHROPIC_AUTH_TOKEN={key} claude -p "hi"
  Codex         BURSAR_KEY={key} codex exec --skip-git-repo-check -c model_provider=bursar \\
                  -c 'model_providers.bursar={{name="Bursar",base_url="{base_url}/v1",env_key="BURSAR_KEY",wire_api="responses"}}' "hi"
  Gemini CLI    GOOGLE_GEMINI_BASE_URL={base_url} GEMINI_API_KEY={key} gemini -p "hi"
  OpenAI SDK    OPENAI_BASE_URL={base_url}/v1 OPENAI_API_KEY={key}
  curl          curl {base_url}/v1/chat/completions -H "Authorization: Bearer {key}" \\
                  -d '{{"model":"gpt-4o-mini","messages":[{{"role":"user","content":"hi"}}]}}'

In another terminal: export BURSAR_HOME={folder}
  .venv/bin/bursar balance visitor     .venv/bin/bursar top     .venv/bin/bursar usage --by person
""", flush=True)  # fmt: skip
