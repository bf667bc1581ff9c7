"""Secrets of signing in go through every use; afterwards they are looked for wherever a person could look."""

from __future__ import annotations

import base64
import logging
import traceback

import pytest
from sqlalchemy import Engine, select
from tests.support.signing import HOME, NOW, QUICK, VAULT, Dice, add_account, trying

from bursar.errors import BursarError
from bursar.office.database import reading, transaction
from bursar.office.identity import accounts, api_tokens, invitations, second_factor, sessions, sign_in, totp
from bursar.office.identity.sessions import Opened
from bursar.office.tables import metadata
from bursar.office.vault import Secret

pytest_plugins = ("tests.postgres",)

PASSWORD = "canary walks on seven legs"
OTHER = "canary sings with nine voices"
AUTHENTICATOR = b"canary-authenticator"


def use_everything(engine: Engine) -> tuple[list[object], list[str]]:
    """One pass through signing in: what it hands out, and every secret that it was given or made."""
    dice = Dice()
    add_account(engine, "ada", PASSWORD)
    opened = trying(engine, dice)("ada", PASSWORD)
    assert isinstance(opened, Opened)
    out: list[object] = [opened, opened.cookie, sessions.resume(engine, VAULT, opened.cookie.reveal(), NOW)]
    trying(engine, dice)("ada", OTHER)
    trying(engine, dice)(OTHER, PASSWORD)
    with transaction(engine) as connection:
        enrolment = second_factor.enrol(
            connection, VAULT, "acc_ada", randomness=lambda size: AUTHENTICATOR[:size], by="acc_ada", now=NOW
        )
        code = totp.code_at(AUTHENTICATOR, NOW // 30_000_000)
        codes = second_factor.confirm(connection, VAULT, "acc_ada", code, randomness=dice, by="acc_ada", now=NOW)
        assert second_factor.accepts(connection, VAULT, "acc_ada", codes[0].reveal(), by="acc_ada", now=NOW)
        link = invitations.invite(connection, VAULT, "acc_ada", entropy=dice(32), by="x", now=NOW)
        token = api_tokens.issue(
            connection, VAULT, "acc_ada", ["*:read"], token_id="tok_1", entropy=dice(32), by="x", now=NOW
        )
    out += [enrolment, codes, link, token, api_tokens.authenticate(engine, VAULT, token.secret.reveal(), NOW)]
    arguments = {"address": "", "randomness": dice, "now": NOW, "hashing": QUICK}
    sign_in.change_password(engine, VAULT, opened.session, Secret(PASSWORD), Secret(OTHER), **arguments)  # type: ignore[arg-type]
    with reading(engine) as connection:
        out += [accounts.listed(connection), sessions.listed(connection, "acc_ada", NOW)]
        out += [api_tokens.listed(connection)]
    secrets = [PASSWORD, OTHER, AUTHENTICATOR.decode(), totp.base32(AUTHENTICATOR), enrolment.uri.reveal()]
    secrets += [base64.b64encode(AUTHENTICATOR).decode(), opened.cookie.reveal(), link.token.reveal()]
    secrets += [token.secret.reveal(), *(one.reveal() for one in codes)]
    return out, secrets


def assert_unseen(seen: str, secrets: list[str]) -> None:
    assert [one for one in secrets if one in seen] == []


def test_values_and_logs_show_no_secret(
    request: pytest.FixtureRequest,
    migrated_url: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "sqlalchemy.engine"):
        out, secrets = use_everything(request.getfixturevalue("engine"))
        for one in out:
            logging.getLogger("test").info("%s %r", one, one)
    shown = capsys.readouterr()
    assert "INSERT INTO web_session" in caplog.text
    assert_unseen(caplog.text + shown.out + shown.err + "".join(f"{one} {one!r}" for one in out), secrets)


def test_the_database_and_its_audit_log_hold_no_secret(engine: Engine) -> None:
    _, secrets = use_everything(engine)
    with reading(engine) as connection:
        rows = [repr(row) for table in metadata.tables.values() for row in connection.execute(select(table))]
    assert len(rows) > 20
    assert_unseen("\n".join(rows), secrets)


def test_errors_show_no_secret(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    _, secrets = use_everything(engine)
    dice = Dice()

    def with_link(text: str) -> None:
        sign_in.by_invitation(engine, VAULT, text, Secret(OTHER), randomness=dice, now=NOW, hashing=QUICK)

    def issue_named(name: str) -> None:
        with transaction(engine) as connection:
            api_tokens.issue(connection, VAULT, "acc_ada", [name], token_id="t", entropy=dice(32), by="x", now=NOW)

    def revoke(text: str) -> None:
        with transaction(engine) as connection:
            api_tokens.revoke(connection, text, by="x", now=NOW)

    def confirm(code: str) -> None:
        with transaction(engine) as connection:
            second_factor.confirm(connection, VAULT, "acc_ada", code, randomness=dice, by="x", now=NOW)

    def add(login: str) -> None:
        with transaction(engine) as connection:
            accounts.add(connection, login, account_id="acc_x", by="x", now=NOW)

    link, token, code = secrets[-12], secrets[-11], secrets[-10]
    for act in (
        lambda: with_link(link),
        lambda: with_link(f"{link}x"),
        lambda: revoke(token),
        lambda: confirm(code),
        lambda: add(PASSWORD),
        lambda: sign_in.passwords.check(Secret("canary2026!!"), ("canary",)),
        lambda: issue_named("walet.read"),
    ):
        with pytest.raises(BursarError) as caught:
            act()
        chain = "".join(line for line in traceback.format_exception(caught.value) if not line.startswith("  File"))
        assert_unseen(chain + repr(caught.value) + caught.value.hint, [*secrets, "canary2026!!"])
    assert HOME.address not in caplog.text
    assert_unseen(caplog.text, secrets)
