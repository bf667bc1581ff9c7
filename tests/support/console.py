"""A house with its console: a real uvicorn beside a real gateway, on either engine, in a thread of its own.

Tests are plain functions with an httpx client; what happens in the house happens on sockets.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.support.house import House, running_house
from tests.support.signing import QUICK

from bursar.console import console_app
from bursar.office.database import reading, transaction
from bursar.office.desk import Desk
from bursar.office.granting import promises
from bursar.office.identity import accounts, invitations, sessions, sign_in
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.terms import rollout
from bursar.office.vault import Secret
from bursar.plans.check import load
from bursar.web import Desks, Face, serving

PASSWORD = "seven green herons walk"
SCRIPT = "<script>alert('x')</script>\"&'"
"""A name that nobody has and every page has to bear."""
ROLES = ("compensation", "finance", "payroll", "platform", "auditor", "owner")
PLAN = """\
bursar: plan/1
name: stipend
title: Token stipend
class: provisioned_tool
allotment: {amount: $100, every: month, anchor: calendar, proration: none, expires: period}
rollover: {cap: 25%, periods: 1}
limit:
  warnings: [75%, 95%]
  then:
    - request: {reason: required, approvers: [manager], up_to: $500, expires: 7 days}
    - stop
notice: {adjust: 30 days, reduce: 30 days, revoke: 30 days}
leaving: {unspent: keep, tail: 14 days}
statements:
  tax: A tool; not taxed.
  expectations: None.
  visibility: Your manager sees totals.
  rate_limits: Those of the providers.
  changes: People team.
  approval_time: Within a day.
"""
_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@dataclass
class ConsoleHouse:
    """The house, its console's address, and a way into its event loop."""

    house: House
    url: str
    loop: asyncio.AbstractEventLoop

    @property
    def desk(self) -> Desk:
        return self.house.desk

    def run(self, work: Any) -> Any:
        """Let a coroutine run where the house lives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def spend(self) -> None:
        """One real request of Ada's through the gateway, settled."""
        status, _, _ = self.run(self.house.chat("hello"))
        assert status == 200
        self.run(self.house.settled())

    def ask(self, key: str) -> int:
        """The status of one real request with this key, settled, once the gateway knows the key."""
        for _ in range(100):
            status, _, _ = self.run(self.house.chat("hello", key=key))
            if status != 401:
                break
            time.sleep(0.05)
        self.run(self.house.settled())
        return int(status)

    def client(self, login: str = "") -> httpx.Client:
        """A browser's tab; signed in, if a login is given, with a session that was begun for it."""
        headers = {"sec-fetch-site": "same-origin"}
        # Reading the system's certificates for every tab would take longer than all requests together.
        found = httpx.Client(base_url=self.url, timeout=20, headers=headers, verify=False)
        if login:
            found.cookies.set("bursar", self.session(login), domain="127.0.0.1")
        return found

    def session(self, login: str) -> str:
        """The cookie of a new session of this account, without a password: those have tests of their own."""
        with transaction(self.desk.engine) as connection:
            account = accounts.named(connection, login)
            opened = sessions.start(
                connection,
                self.desk.vault,
                account.id,
                session_id=self.desk.new_id("ses"),
                entropy=secrets.token_bytes(RANDOM_BYTES),
                now=self.desk.now(),
            )
        return opened.cookie.reveal()

    def send(self, client: httpx.Client, path: str, at: str = "", **fields: str) -> httpx.Response:
        """Fill in a form as the page `at` has it (its own path otherwise) and send it."""
        return client.post(path, data={"csrf": self.token(client, at or path), **fields})

    def token(self, client: httpx.Client, at: str) -> str:
        found = _TOKEN.search(client.get(at, follow_redirects=True).text)
        assert found is not None, f"{at} has no form"
        return found[1]


def add_account(desk: Desk, login: str, person: str = "", roles: tuple[str, ...] = ()) -> None:
    """An account with the password of all of them."""
    now = desk.now()
    person_id = desk.person(person)["id"] if person else ""
    with transaction(desk.engine) as connection:
        made = accounts.add(
            connection,
            login,
            account_id=desk.new_id("acc"),
            by="test",
            now=now,
            name=login.capitalize(),
            person_id=person_id,
            roles=roles,
        )
        link = invitations.invite(
            connection, desk.vault, made.id, entropy=secrets.token_bytes(RANDOM_BYTES), by="test", now=now
        )
    sign_in.by_invitation(
        desk.engine,
        desk.vault,
        link.token.reveal(),
        Secret(PASSWORD),
        randomness=secrets.token_bytes,
        now=now,
        hashing=QUICK,
    )


def furnish(desk: Desk) -> None:
    """Ada with a stipend and a key (the house gave her those), Mallory with the name, Grace who leads both, and every role."""
    desk.add_person("grace", name="Grace Hall", team="platform")
    desk.add_person("mallory", name=SCRIPT, team=SCRIPT[:40], manager="grace", zone="Asia/Tokyo")
    desk.change_person("ada", manager="grace", team="platform", zone="Europe/Lisbon")
    rollout.apply_plan(desk, load(PLAN))
    for who in ("ada", "mallory"):
        promises.give(desk, who, "stipend")
    desk.issue_key("mallory", label=SCRIPT[:60])
    for who in ("ada", "grace", "mallory"):
        add_account(desk, who, person=who)
    for role in ROLES:
        add_account(desk, role, roles=(role,))


@contextmanager
def console_house(
    folder: Path, database_url: str = "", *, faces: Callable[[], tuple[Face, ...]] = tuple, **settings: Any
) -> Iterator[ConsoleHouse]:
    """Start everything on free ports, in a thread of its own; stop and drain at the end."""
    ready: threading.Event = threading.Event()
    made: list[ConsoleHouse] = []
    failed: list[BaseException] = []
    stop: list[asyncio.Event] = []

    async def live() -> None:
        async with running_house(folder, database_url=database_url, **settings) as house:
            await asyncio.to_thread(furnish, house.desk)
            shown = house.desk.settings.model_copy(update={"gateway_url": house.url})
            async with serving(console_app(Desks.open(shown), *faces()), shown, port=0) as url:
                stop.append(asyncio.Event())
                made.append(ConsoleHouse(house, url, asyncio.get_running_loop()))
                ready.set()
                await stop[0].wait()

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="house")
    thread.start()
    ready.wait(60)
    try:
        if failed:
            raise failed[0]
        yield made[0]
    finally:
        if made:
            made[0].loop.call_soon_threadsafe(stop[0].set)
        thread.join(30)
    if failed:
        raise failed[0]


def account_of(desk: Desk, login: str) -> accounts.Account:
    with reading(desk.engine) as connection:
        return accounts.named(connection, login)
