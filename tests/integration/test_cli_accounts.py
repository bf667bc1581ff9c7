"""`bursar account`: the first owner, links, roles, suspension, second factors and tokens, as a user types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.signing import PASSWORD, QUICK, Dice
from tests.support.terminal import Terminal

from bursar.office.access import page
from bursar.office.database import transaction
from bursar.office.desk import Desk, open_desk
from bursar.office.identity import second_factor, sign_in, totp
from bursar.office.identity.api_tokens import authenticate
from bursar.office.identity.sessions import Opened
from bursar.office.identity.sign_in import Origin
from bursar.office.settings import Settings
from bursar.office.vault import Secret


@pytest.fixture
def bare(tmp_path: Path) -> Terminal:
    """An installation without accounts."""
    one = Terminal(tmp_path / "home")
    one.environment["BURSAR_PUBLIC_URL"] = "https://bursar.example/"
    return one


def office(terminal: Terminal) -> Desk:
    return open_desk(Settings(home=Path(terminal.environment["BURSAR_HOME"])))


def signed_in(terminal: Terminal, link: str, login: str) -> Opened:
    """Somebody takes their link up and signs in."""
    desk, dice = office(terminal), Dice()
    try:
        token = link.rpartition("/")[2]
        now = desk.now()
        sign_in.by_invitation(desk.engine, desk.vault, token, Secret(PASSWORD), randomness=dice, now=now, hashing=QUICK)
        opened = sign_in.with_password(
            desk.engine,
            desk.vault,
            login,
            Secret(PASSWORD),
            Origin("203.0.113.7", "Firefox"),
            session_id="ses_1",
            randomness=dice,
            now=now,
            hashing=QUICK,
        )
    finally:
        desk.close()
    assert isinstance(opened, Opened)
    return opened


def test_the_first_owner_comes_with_init_and_sets_their_own_password(bare: Terminal) -> None:
    made = bare.json("init", "--owner", "olga@example.com")
    assert made["new"] is True
    assert made["link"].startswith("https://bursar.example/invitation/bur_inv_")
    assert bare.json("account", "list")[0]["roles"] == ["owner"]
    signed_in(bare, made["link"], "olga@example.com")
    assert "there are accounts already" in bare.run("init", "--owner", "mallory", expect=4)
    listed = bare.json("account", "list")
    assert [(one["login"], one["password"], one["signed_in_micros"] > 0) for one in listed] == [
        ("olga@example.com", True, True)
    ]


def test_an_account_of_a_person_has_the_roles_that_were_given(terminal: Terminal) -> None:
    added = terminal.run("account", "add", "ada@example.com", "--person", "ada", "--role", "finance", "--owner")
    assert "/invitation/bur_inv_" in added
    assert "give it to nobody else" in added
    found = terminal.json("account", "list")
    assert [(one["person"], one["roles"], one["status"]) for one in found] == [("ada", ["finance", "owner"], "active")]
    assert "finance owner" in terminal.run("account", "list")
    terminal.run("account", "role", "ada", "--add", "auditor", "--remove", "finance")
    assert terminal.json("account", "role", "ada")["roles"] == ["auditor", "owner"]
    assert "is the last owner" in terminal.run("account", "role", "ada", "--remove", "owner", expect=4)
    assert "the roster says who that is" in terminal.run("account", "role", "ada", "--add", "manager", expect=2)
    terminal.run("account", "link", "ada@example.com")
    assert terminal.json("account", "link", "ada@example.com", "ada")["person"] == "ada"
    assert "there is no account" in terminal.run("account", "invite", "nobody", expect=3)


def test_a_suspended_account_is_out_and_comes_back(terminal: Terminal) -> None:
    terminal.run("account", "add", "olga", "--owner")
    made = terminal.json("account", "add", "ben", "--role", "auditor")
    opened = signed_in(terminal, made["link"], "ben")
    assert [one["from"] for one in terminal.json("account", "sessions", "ben")] == ["203.0.113.7"]
    assert "Firefox" in terminal.run("account", "sessions", "ben")
    assert "1 sessions of ben are ended" in terminal.run("account", "sessions", "ben", "--end")
    assert "Nobody is signed in" in terminal.run("account", "sessions", "ben")
    assert terminal.json("account", "suspend", "ben")["status"] == "suspended"
    assert "ben is suspended" in terminal.run("account", "invite", "ben", expect=4)
    assert "ben is active" in terminal.run("account", "reinstate", "ben")
    assert opened.cookie.reveal() not in terminal.run("account", "list")


def test_a_lost_authenticator_is_taken_away(terminal: Terminal) -> None:
    terminal.run("account", "add", "ben")
    desk = office(terminal)
    account, now = terminal.json("account", "list")[0]["id"], desk.now()
    with transaction(desk.engine) as connection:
        second_factor.enrol(connection, desk.vault, account, randomness=lambda size: b"s" * size, by="ben", now=now)
        code = totp.code_at(b"s" * 20, now // 30_000_000)
        second_factor.confirm(connection, desk.vault, account, code, randomness=Dice(), by="ben", now=now)
    desk.close()
    assert "10 recovery codes left" in terminal.run("account", "factor", "ben")
    assert terminal.json("account", "factor", "ben", "--remove")["second_factor"] is False
    assert "no second factor" in terminal.run("account", "factor", "ben")
    assert "linked with no identity provider" in terminal.run("account", "identity", "ben")
    assert "linked with no identity provider" in terminal.run("account", "identity", "ben", "--remove", expect=4)
    assert "there is no second factor" in terminal.run("account", "factor", "ben", "--remove", "--yes", expect=4)


def test_a_token_is_shown_once_and_revoked(terminal: Terminal) -> None:
    assert "No tokens yet" in terminal.run("account", "token", "list")
    terminal.run("account", "add", "ada", "--person", "ada")
    made = terminal.json(
        "account", "token", "issue", "ada", "--scope", "wallet:read", "--label", "report", "--days", "7"
    )
    assert made["scopes"] == ["wallet.read"]
    desk = office(terminal)
    found = authenticate(desk.engine, desk.vault, made["token"], desk.now())
    desk.close()
    assert found is not None
    assert found.roles == {"person"}
    for words in (("token", "list"), ("token", "list", "ada"), ("token", "list", "--json")):
        text = terminal.run("account", *words)
        assert made["token"] not in text
        assert "report" in text
    many = terminal.run("account", "token", "issue", "ada", "--scope", "*:read")
    assert "only time" in many
    assert "actions" in terminal.run("account", "token", "list")
    terminal.run("account", "token", "revoke", made["id"])
    assert "revoked already" in terminal.run("account", "token", "revoke", made["id"], expect=4)
    assert "wallet.read" in terminal.run("account", "token", "issue", "ada", "--scope", "walet.read", expect=2)
    assert "bur_api_" not in terminal.run("account", "token", "revoke", made["token"], expect=3)


def test_the_reference_of_roles_is_printed(terminal: Terminal) -> None:
    assert terminal.run("account", "roles", "--markdown") == page()
    assert {"wallet.read", "account.manage"} <= {one["action"] for one in terminal.json("account", "roles")}
    assert "all" in terminal.run("account", "roles")


def test_who_changed_accounts_is_in_the_audit_log_and_the_ledger_stays_clean(terminal: Terminal) -> None:
    terminal.run("account", "add", "olga", "--owner")
    terminal.run("account", "token", "issue", "olga", "--scope", "*:read")
    assert "clean" in terminal.run("ledger", "verify")


def test_a_link_leads_to_where_the_console_is(bare: Terminal) -> None:
    bare.environment["BURSAR_PUBLIC_URL"] = "http://bursar.example"
    assert "https" in bare.run("init", expect=2)
    bare.environment["BURSAR_PUBLIC_URL"] = ""
    assert bare.json("init", "--owner", "ada")["link"].startswith("http://127.0.0.1:8788/invitation/")
