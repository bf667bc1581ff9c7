"""A house whose API is really served: people of every role with tokens, a second organisation, a socket to ask."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert

from bursar.api import PREFIX, api_face
from bursar.console import console_face
from bursar.office import organisations
from bursar.office.access import ASSIGNABLE
from bursar.office.database import transaction
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.identity import accounts, api_tokens, sessions
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.settings import Settings
from bursar.office.tables import organisation, person
from bursar.office.terms import rollout
from bursar.plans.check import load
from bursar.scim import scim_face
from bursar.web import Desks, make_app, serving

PLAN = """\
bursar: plan/1
name: stipend
title: AI stipend
class: provisioned_tool
allotment: {amount: $500, every: month, proration: none}
limit:
  then:
    - pool: team
    - request: {approvers: [manager], up_to: $300, expires: 7 days}
    - stop
notice: {adjust: 30 days, reduce: 30 days, revoke: 30 days}
statements:
  tax: A tool; not taxed.
  expectations: None.
  visibility: Your manager sees totals.
  rate_limits: Those of the providers.
  changes: People team.
  approval_time: Within a day.
"""
STAFF = {
    "ada": "person",
    "mia": "manager",
    "cora": "compensation",
    "fin": "finance",
    "pay": "payroll",
    "plat": "platform",
}
"""People of the roster and the role that they stand for; `aud` and `own` are accounts that are no people."""
OTHERS = {"aud": "auditor", "own": "owner"}


@dataclass
class Served:
    """A served installation and how to ask it."""

    url: str
    settings: Settings
    desk: Desk
    tokens: dict[str, str] = field(default_factory=dict)
    """By login: the secret of a token that may do whatever its account may."""
    cookies: dict[str, str] = field(default_factory=dict)
    client: httpx.Client = field(default_factory=httpx.Client)

    def ask(self, login: str, method: str, path: str, **more: Any) -> httpx.Response:
        """One request as somebody, with a token; nobody for an empty login."""
        headers = {**({"Authorization": f"Bearer {self.tokens[login]}"} if login else {}), **more.pop("headers", {})}
        return self.client.request(method, f"{self.url}{PREFIX}{path}", headers=headers, **more)

    def ask_signed_in(self, login: str, method: str, path: str, **more: Any) -> httpx.Response:
        """The same with the cookie of a session."""
        headers = {"Cookie": f"bursar={self.cookies[login]}", **more.pop("headers", {})}
        return self.client.request(method, f"{self.url}{PREFIX}{path}", headers=headers, **more)

    def page(self, login: str, method: str, path: str, **fields: str) -> httpx.Response:
        """A page of the console as somebody who is signed in sees it, or a form that they send."""
        headers = {"Cookie": f"bursar={self.cookies[login]}", "Sec-Fetch-Site": "same-origin"}
        return self.client.request(method, f"{self.url}{path}", headers=headers, data=fields or None)

    def get(self, login: str, path: str, **more: Any) -> httpx.Response:
        return self.ask(login, "GET", path, **more)

    def post(self, login: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return self.ask(login, "POST", path, json=json, **more)


@contextmanager
def served(folder: Path, database_url: str = "", **settings: Any) -> Iterator[Served]:
    """An installation with people, a plan, accounts and tokens, and its API on a free port."""
    chosen = Settings(home=folder / "home", database_url=database_url, console_port=0, **settings)
    initialise(chosen)
    desk = open_desk(chosen, actor="test")
    try:
        _hire(desk)
        rollout.apply_plan(desk, load(PLAN))
        with _running(chosen) as url, httpx.Client(timeout=60.0, verify=False) as client:
            found = Served(url, chosen, desk, client=client)
            with _elsewhere(desk) as theirs:
                for login in (*STAFF, *OTHERS, "eve"):
                    whose = theirs if login == "eve" else desk
                    found.tokens[login] = token_of(whose, f"acc_{login}")
                    found.cookies[login] = _cookie(whose, f"acc_{login}")
            yield found
    finally:
        desk.close()


def _hire(desk: Desk) -> None:
    """root - mia - (ada, ben); zoe and the staff are nobody's; eve is of another organisation, with every role there."""
    desk.add_person("root", name="Root")
    desk.add_person("mia", name="Mia", team="core", manager="root")
    desk.add_person("ada", name="Ada Abara", team="core", level="L5", manager="mia", email="ada@example.com")
    desk.add_person("ben", name="Ben", team="core", level="L4", manager="mia")
    desk.add_person("zoe", name="Zoe", team="other")
    for handle in ("cora", "fin", "pay", "plat"):
        desk.add_person(handle, team="staff")
    with transaction(desk.engine) as connection:
        for login, role in {**STAFF, **OTHERS}.items():
            holder = desk.person(login)["id"] if login in STAFF else ""
            roles = (role,) if role in ASSIGNABLE else ()
            accounts.add(
                connection, login, account_id=f"acc_{login}", by="test", now=desk.now(), person_id=holder, roles=roles
            )


@contextmanager
def _elsewhere(desk: Desk) -> Iterator[Desk]:
    """The desk of another organisation, with `eve` and every role: in a file the same desk, for the code must hide her;
    in PostgreSQL one of its own, for the database does."""
    if desk.engine.dialect.name == "postgresql":
        organisations.add(desk.settings, "org_2", "", actor="test")
        theirs = open_desk(desk.settings.model_copy(update={"organisation": "org_2"}), actor="test")
    else:
        theirs = desk
    try:
        with transaction(theirs.engine) as connection:
            if theirs is desk:
                connection.execute(insert(organisation).values(id="org_2"))
            row = {"id": "per_eve", "organisation": "org_2", "handle": "eve", "created": desk.now()}
            connection.execute(insert(person).values(**row))
            accounts.add(
                connection,
                "eve",
                account_id="acc_eve",
                by="test",
                now=desk.now(),
                person_id="per_eve",
                roles=ASSIGNABLE,
                organisation="org_2",
            )
        yield theirs
    finally:
        if theirs is not desk:
            theirs.close()


def token_of(desk: Desk, account: str, *scopes: str) -> str:
    """A new token of an account, limited to scopes."""
    with transaction(desk.engine) as connection:
        issued = api_tokens.issue(
            connection,
            desk.vault,
            account,
            scopes or ["*:write"],
            token_id=desk.new_id("tok"),
            entropy=secrets.token_bytes(RANDOM_BYTES),
            by="test",
            now=desk.now(),
        )
    return issued.secret.reveal()


def _cookie(desk: Desk, account: str) -> str:
    with transaction(desk.engine) as connection:
        opened = sessions.start(
            connection,
            desk.vault,
            account,
            session_id=desk.new_id("ses"),
            entropy=secrets.token_bytes(RANDOM_BYTES),
            now=desk.now(),
        )
    return opened.cookie.reveal()


@contextmanager
def _running(settings: Settings) -> Iterator[str]:
    """The app on a thread of its own, as `bursar console` serves it."""
    started, stopping, found = threading.Event(), threading.Event(), []

    async def run() -> None:
        async with serving(
            make_app(Desks.open(settings), [console_face(), api_face(), scim_face()]), settings, port=0
        ) as url:
            found.append(url)
            started.set()
            await asyncio.to_thread(stopping.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="api", daemon=True)
    thread.start()
    if not started.wait(30):
        raise AssertionError("the API did not start")
    try:
        yield found[0]
    finally:
        stopping.set()
        thread.join(30)
