"""`bursar account ...`: who signs in, and what they may."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import typer

from bursar.cli.options import Json, Yes, desk
from bursar.cli.render import Column, console, instant, iso, show_json, show_table
from bursar.errors import Conflict
from bursar.office import audit
from bursar.office.access import ROLES, SIGNS, TABLE, page
from bursar.office.database import reading, transaction
from bursar.office.desk import Desk
from bursar.office.identity import account_desk, accounts, api_tokens, invitations, second_factor, sessions
from bursar.office.identity.accounts import Account
from bursar.office.identity.api_tokens import DEFAULT_DAYS, ApiToken
from bursar.office.identity.invitations import Invitation
from bursar.office.keyring.tokens import RANDOM_BYTES

app = typer.Typer(no_args_is_help=True)
tokens_app = typer.Typer(no_args_is_help=True)
app.add_typer(tokens_app, name="token", help="API tokens. Example: bursar account token list")

FEW = 3
"""Scopes that a table spells out; `--json` has them all."""
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="Login, handle of its person, or id of an account.")]


@app.command()
def add(
    login: Annotated[str, typer.Argument(help="What is typed to sign in: an e-mail address or a short name.")],
    name: Annotated[str, typer.Option(help="Full name.")] = "",
    person: Annotated[str, typer.Option(help="Who of the roster this is.")] = "",
    role: Annotated[list[str] | None, typer.Option(help="compensation, finance, payroll ... (repeatable).")] = None,
    owner: Annotated[bool, typer.Option("--owner", help="May say who has which role.")] = False,
    json: Json = False,
) -> None:
    """Add an account and print the link that sets its password. Example: bursar account add ada --person ada --owner"""
    with desk() as office:
        made, link = add_account(office, login, name, person, [*(role or ()), *(["owner"] if owner else [])])
        shown = _linked(office, link)
    if json:
        show_json({**_account(made), **shown})
    else:
        console.print(f"Added {made.login} ({made.id}).", markup=False)
        tell_link(made, shown)


@app.command("list")
def list_(json: Json = False) -> None:
    """List accounts, their roles and when they were last used. Example: bursar account list"""
    with desk() as office, reading(office.engine) as connection:
        found = accounts.listed(connection)
    if json:
        show_json([_account(one) for one in found])
        return
    names = ("login", "person", "roles", "signs in with", "last", "status")
    show_table(
        (*(Column(one) for one in names), Column("id", quiet=True)),
        [
            (
                one.login,
                one.person,
                " ".join([*one.roles, *(f"{role} (groups)" for role in one.mapped)]),
                _means(one),
                instant(one.signed_in) if one.signed_in else "never",
                one.status,
                one.id,
            )
            for one in found
        ],
        empty="No accounts yet. The first one: `bursar account add ada --owner`.",
    )


@app.command()
def role(
    login: Login,
    add: Annotated[list[str] | None, typer.Option("--add", help="Give this role (repeatable).")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Take this role (repeatable).")] = None,
    json: Json = False,
) -> None:
    """Give and take roles; they hold at once. Example: bursar account role ada --add finance --remove payroll"""
    with desk() as office, transaction(office.engine) as connection:
        found = accounts.named(connection, login)
        now = office.now()
        found = accounts.change_roles(
            connection, found.id, add=add or (), remove=remove or (), by=office.actor, now=now
        )
    if json:
        show_json(_account(found))
    else:
        console.print(f"{found.login}: {', '.join(found.roles) or 'no role of their own'}.", markup=False)


@app.command()
def link(
    login: Login,
    person: Annotated[str, typer.Argument(help="Who of the roster this is; left out, nobody.")] = "",
    json: Json = False,
) -> None:
    """Say which person an account is. Example: bursar account link ada@example.com ada"""
    with desk() as office:
        person_id = office.person(person)["id"] if person else ""
        with transaction(office.engine) as connection:
            found = accounts.named(connection, login)
            found = accounts.link(connection, found.id, person_id, by=office.actor, now=office.now())
    if json:
        show_json(_account(found))
    else:
        console.print(f"{found.login} is {found.person or 'no person of the roster'}.", markup=False)


@app.command()
def invite(login: Login, json: Json = False) -> None:
    """Print a link by which its owner sets a password, once. Example: bursar account invite ada"""
    with desk() as office:
        with transaction(office.engine) as connection:
            found = accounts.named(connection, login)
            made = invitations.invite(
                connection,
                office.vault,
                found.id,
                entropy=secrets.token_bytes(RANDOM_BYTES),
                by=office.actor,
                now=office.now(),
            )
        shown = _linked(office, made)
    if json:
        show_json({"account": found.id, **shown})
    else:
        tell_link(found, shown)


@app.command()
def suspend(login: Login, json: Json = False) -> None:
    """Shut an account at once: sessions end, tokens stop. Example: bursar account suspend ada"""
    with desk() as office, transaction(office.engine) as connection:
        found = accounts.named(connection, login)
        accounts.suspend(connection, found.id, by=office.actor, now=office.now())
        found = accounts.by_id(connection, found.id)
    show_json(_account(found)) if json else console.print(f"{found.login} is suspended.", markup=False)


@app.command()
def reinstate(login: Login, json: Json = False) -> None:
    """Open a suspended account again. Example: bursar account reinstate ada"""
    with desk() as office, transaction(office.engine) as connection:
        found = accounts.named(connection, login)
        accounts.reinstate(connection, found.id, by=office.actor, now=office.now())
        found = accounts.by_id(connection, found.id)
    show_json(_account(found)) if json else console.print(f"{found.login} is active.", markup=False)


@app.command("sessions")
def sessions_(
    login: Login,
    end: Annotated[bool, typer.Option("--end", help="End them all.")] = False,
    json: Json = False,
) -> None:
    """List an account's sessions, or end them all. Example: bursar account sessions ada --end"""
    with desk() as office, transaction(office.engine) as connection:
        account, now = accounts.named(connection, login), office.now()
        found = sessions.listed(connection, account.id, now)
        if end:
            count = sessions.end_others(connection, account.id, "", now)
            audit.record(connection, now, office.actor, "session.end_all", account.id, {"ended": count})
    rows = [
        {"id": one.id, "from": one.address, "with": one.agent, "since": iso(one.created), "seen": iso(one.seen)}
        for one in found
    ]
    if json:
        show_json(rows)
    elif end:
        console.print(f"{len(rows)} sessions of {account.login} are ended.", markup=False)
    else:
        columns = (Column("since", kept=True), Column("seen"), Column("from"), Column("with"), Column("id", quiet=True))
        show_table(
            columns,
            [(one["since"], one["seen"], one["from"], one["with"], one["id"]) for one in rows],
            empty="Nobody is signed in.",
        )


@app.command()
def factor(
    login: Login,
    remove: Annotated[bool, typer.Option("--remove", help="For a lost authenticator: sign in without.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Show, or take away, an account's second factor. Example: bursar account factor ada --remove"""
    with desk() as office:
        with reading(office.engine) as connection:
            found = accounts.named(connection, login)
            left = second_factor.codes_left(connection, found.id)
        if remove:
            if not yes and not json:
                typer.confirm(f"Take the second factor of {found.login} away?", abort=True)
            with transaction(office.engine) as connection:
                second_factor.remove(connection, found.id, by=office.actor, now=office.now())
    holds = found.has_second_factor and not remove
    if json:
        show_json({"account": found.id, "second_factor": holds, "recovery_codes_left": left if holds else 0})
    else:
        told = f"a second factor, {left} recovery codes left" if holds else "no second factor"
        console.print(f"{found.login} has {told}.", markup=False)


@app.command()
def identity(
    login: Login,
    remove: Annotated[bool, typer.Option("--remove", help="Unlink; the roles of its groups go with it.")] = False,
    json: Json = False,
) -> None:
    """Show, or end, an account's link with the identity provider. Example: bursar account identity ada --remove"""
    with desk() as office, transaction(office.engine) as connection:
        found = accounts.named(connection, login)
        if remove:
            accounts.forget_identity(connection, found.id, by=office.actor, now=office.now())
            found = accounts.by_id(connection, found.id)
    if json:
        show_json(_account(found))
    else:
        console.print(f"{found.login} is linked with {found.issuer or 'no identity provider'}.", markup=False)


@app.command()
def roles(
    markdown: Annotated[bool, typer.Option("--markdown", help="The whole reference, with the reasons.")] = False,
    json: Json = False,
) -> None:
    """Print who may see and do what. Example: bursar account roles"""
    if markdown:
        typer.echo(page(), nl=False)
    elif json:
        show_json(
            [{"action": one.name, "about": one.about, "kind": one.kind, "scopes": dict(one.scopes)} for one in TABLE]
        )
    else:
        columns = (Column("action", kept=True), *(Column(role) for role in ROLES))
        show_table(columns, [(one.name, *(SIGNS.get(one.scopes.get(role, ""), "") for role in ROLES)) for one in TABLE])


@tokens_app.command("issue")
def issue_token(
    login: Login,
    scope: Annotated[list[str], typer.Option(help="wallet.read, usage:read, *:read ... (repeatable).")],
    label: Annotated[str, typer.Option(help="What the token is for.")] = "",
    days: Annotated[int, typer.Option(help="How long it lives.")] = DEFAULT_DAYS,
    json: Json = False,
) -> None:
    """Issue a token; it is shown once. Example: bursar account token issue ada --scope wallet:read --label report"""
    with desk() as office, transaction(office.engine) as connection:
        found = accounts.named(connection, login)
        made = api_tokens.issue(
            connection,
            office.vault,
            found.id,
            scope,
            token_id=office.new_id("tok"),
            entropy=secrets.token_bytes(RANDOM_BYTES),
            by=office.actor,
            now=office.now(),
            label=label,
            days=days,
        )
    secret = made.secret.reveal()  # the only time that it is shown
    if json:
        show_json({**_token(made.token, made.token.created), "token": secret})
        return
    console.print(secret, markup=False, style="bold", soft_wrap=True)
    console.print(f"This is the only time that token {made.token.id} is shown.", style="dim")


@tokens_app.command("list")
def list_tokens(login: Annotated[str, typer.Argument(help="Only of this account.")] = "", json: Json = False) -> None:
    """List tokens without their secrets. Example: bursar account token list ada"""
    with desk() as office, reading(office.engine) as connection:
        account = accounts.named(connection, login).id if login else ""
        found, now = api_tokens.listed(connection, account), office.now()
    if json:
        show_json([_token(one, now) for one in found])
        return
    names = ("token", "account", "label", "scopes", "expires", "last used", "state")
    show_table(
        (*(Column(one) for one in names), Column("id", quiet=True)),
        [
            (
                one.hint,
                one.login,
                one.label,
                " ".join(one.scopes) if len(one.scopes) <= FEW else f"{len(one.scopes)} actions",
                instant(one.expires),
                one.last_used or "never",
                one.state(now),
                one.id,
            )
            for one in found
        ],
        empty="No tokens yet. Issue one with `bursar account token issue ada --scope wallet:read`.",
    )


@tokens_app.command("revoke")
def revoke_token(token: Annotated[str, typer.Argument(help="Id of the token.")], json: Json = False) -> None:
    """Revoke a token at once. Example: bursar account token revoke tok_x"""
    with desk() as office, transaction(office.engine) as connection:
        api_tokens.revoke(connection, token, by=office.actor, now=office.now())
    if json:
        show_json({"id": token, "state": "revoked"})
    else:
        console.print(f"{token} is revoked.", markup=False)


def add_account(office: Desk, login: str, name: str, person: str, roles: list[str]) -> tuple[Account, Invitation]:
    """Add an account with its link, in one transaction."""
    return account_desk.add(office, login, name=name, person=person, roles=roles)


def add_first_owner(office: Desk, login: str) -> tuple[Account, dict[str, str]]:
    """The account that sets the others up. Raises Conflict if there are accounts already."""
    with reading(office.engine) as connection:
        if accounts.listed(connection):
            raise Conflict("there are accounts already", "`bursar account add NAME --owner` adds another owner")
    made, link = add_account(office, login, "", "", ["owner"])
    return made, _linked(office, link)


def tell_link(account: Account, shown: dict[str, str]) -> None:
    """Print a link, with who should get it."""
    console.print(shown["link"], markup=False, style="bold", soft_wrap=True)
    console.print(
        f"Whoever opens this link until {shown['until']} sets the password of {account.login}, once: give it to nobody else.",
        style="dim",
        markup=False,
    )


def _linked(office: Desk, made: Invitation) -> dict[str, str]:
    return {"link": made.link(office.settings.console_url).reveal(), "until": iso(made.expires)}


def _means(one: Account) -> str:
    means = [
        (one.issuer, bool(one.issuer)),
        ("password", one.has_password),
        ("second factor", one.has_second_factor),
    ]
    return " and ".join(name for name, there in means if there) or "nothing yet"


def _account(one: Account) -> dict[str, Any]:
    return {
        "id": one.id,
        "login": one.login,
        "name": one.name,
        "person": one.person,
        "roles": list(one.roles),
        "roles_by_groups": list(one.mapped),
        "identity_provider": one.issuer,
        "status": one.status,
        "password": one.has_password,
        "second_factor": one.has_second_factor,
        "created_micros": one.created,
        "signed_in_micros": one.signed_in,
    }


def _token(one: ApiToken, now: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "hint": one.hint,
        "account": one.login,
        "label": one.label,
        "scopes": list(one.scopes),
        "created_micros": one.created,
        "expires_micros": one.expires,
        "last_used": one.last_used,
        "state": one.state(now),
    }
