"""Names for the ids that logs keep: who an actor is, whom or what a subject names. One look-up for a whole page."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from bursar.office.tables import access_key, person, plan_grant, user_account

_BY = " by "
_VIA = {"session": "", "token": "by an API token"}
_COMMAND_LINE = "cli:"


def actors(connection: Connection, labels: Iterable[str]) -> dict[str, str]:
    """What each label of the audit log is called: a login, how they came in where it was not by signing in."""
    found = {label: label.partition(_BY) for label in set(labels)}
    ids = {account for account, _, _ in found.values()}
    query = select(user_account.c.id, user_account.c.login).where(user_account.c.id.in_(ids))
    logins = {row.id: row.login for row in connection.execute(query)}
    return {label: _called(account, via, logins) for label, (account, _, via) in found.items()}


def _called(account: str, via: str, logins: dict[str, str]) -> str:
    if account.startswith(_COMMAND_LINE):
        return f"{account.removeprefix(_COMMAND_LINE)}, command line"
    came = _VIA.get(via.partition(":")[0], "")
    return ", ".join(part for part in (logins.get(account, account), came) if part)


def subjects(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """What subjects are called: handles of people, logins of accounts, labels of keys, plan and person of grants."""
    wanted = set(ids)
    found: dict[str, str] = {}
    queries = (
        select(person.c.id, person.c.handle.label("name")).where(person.c.id.in_(wanted)),
        select(user_account.c.id, user_account.c.login.label("name")).where(user_account.c.id.in_(wanted)),
        select(access_key.c.id, person.c.handle.label("name"))
        .join(person, person.c.id == access_key.c.person)
        .where(access_key.c.id.in_(wanted)),
        select(plan_grant.c.id, person.c.handle.label("name"))
        .join(person, person.c.id == plan_grant.c.person)
        .where(plan_grant.c.id.in_(wanted)),
    )
    for query in queries:
        found |= {row.id: row.name for row in connection.execute(query)}
    return found
