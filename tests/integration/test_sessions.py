"""Sessions: a random cookie kept as a keyed hash, that ends by itself, by hand, and for the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, text
from tests.support.signing import HOUR, NOW, SECOND, VAULT, Dice, add_account

from bursar.errors import Conflict, NotFound
from bursar.office.database import reading, transaction
from bursar.office.identity import accounts, sessions
from bursar.office.identity.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS, TOUCH_SECONDS, Opened
from bursar.office.tables import web_session
from bursar.office.vault import Vault

pytest_plugins = ("tests.postgres",)


@pytest.fixture
def dice() -> Dice:
    return Dice()


@pytest.fixture
def house(engine: Engine) -> Engine:
    for login in ("ada", "ben"):
        add_account(engine, login, "")
    return engine


def start(engine: Engine, dice: Dice, account: str = "acc_ada", now: int = NOW, **fields: str) -> Opened:
    with transaction(engine) as connection:
        return sessions.start(
            connection, VAULT, account, session_id=dice.id("ses"), entropy=dice(32), now=now, **fields
        )  # type: ignore[arg-type]


def lives(engine: Engine, opened: Opened, now: int, vault: Vault = VAULT) -> bool:
    return sessions.resume(engine, vault, opened.cookie.reveal(), now) is not None


def test_what_is_stored_is_neither_the_cookie_nor_a_plain_hash_of_it(house: Engine, dice: Dice) -> None:
    opened = start(house, dice)
    with reading(house) as connection:
        row = connection.execute(select(web_session)).one()
    assert len(opened.cookie.reveal()) == sessions.COOKIE_CHARS
    assert opened.cookie.reveal() not in repr(row) + repr(opened)
    assert not lives(house, opened, NOW, Vault(bytes(32)))


def test_a_session_ends_twelve_hours_after_its_beginning_however_busy_it_is(house: Engine, dice: Dice) -> None:
    opened, now = start(house, dice), NOW
    while now < NOW + ABSOLUTE_SECONDS * SECOND:
        assert lives(house, opened, now)
        now += HOUR
    assert not lives(house, opened, NOW + ABSOLUTE_SECONDS * SECOND)


def test_a_session_ends_after_two_idle_hours(house: Engine, dice: Dice) -> None:
    opened = start(house, dice)
    idle = IDLE_SECONDS * SECOND
    assert lives(house, opened, NOW + idle - 1)
    assert lives(house, opened, NOW + 2 * idle - 2)
    assert not lives(house, opened, NOW + 3 * idle - 2)


def test_a_busy_session_writes_once_a_minute(house: Engine, dice: Dice) -> None:
    opened = start(house, dice)

    def seen() -> int:
        with reading(house) as connection:
            return int(connection.execute(select(web_session.c.seen)).scalar_one())

    for past, expected in ((1, 0), (TOUCH_SECONDS - 1, 0), (TOUCH_SECONDS, TOUCH_SECONDS), (90, TOUCH_SECONDS)):
        assert lives(house, opened, NOW + past * SECOND)
        assert seen() == NOW + expected * SECOND


@pytest.mark.parametrize("cookie", ["", "A" * 43, "A" * 42, "é" * 43, "\x00" * 43, "\ud800" * 43, "x" * 100_000])
def test_a_cookie_that_is_none_opens_nothing(house: Engine, dice: Dice, cookie: str) -> None:
    start(house, dice)
    assert sessions.resume(house, VAULT, cookie, NOW) is None
    assert sessions.sign_out(house, VAULT, cookie, NOW) is None
    start(house, dice, instead_of=cookie)


def test_a_form_carries_what_fits_its_own_session_only(house: Engine, dice: Dice) -> None:
    one, other = start(house, dice).cookie.reveal(), start(house, dice).cookie.reveal()
    token = sessions.csrf_token(VAULT, one)
    assert sessions.csrf_fits(VAULT, one, token)
    for cookie, given in (
        (other, token),
        (one, ""),
        (one, token[:-1]),
        (one, token + "x"),
        (one, one),
        (one, "\ud800"),
    ):
        assert not sessions.csrf_fits(VAULT, cookie, given)
    assert not sessions.csrf_fits(Vault(bytes(32)), one, token)
    assert not sessions.csrf_fits(VAULT, "", sessions.csrf_token(VAULT, ""))
    assert one not in token


def test_one_sees_and_ends_ones_own_sessions_and_no_others(house: Engine, dice: Dice) -> None:
    laptop = start(house, dice, address="203.0.113.7", agent="Firefox\non Linux" + "x" * 500)
    phone = start(house, dice, now=NOW + 1)
    start(house, dice, "acc_ben")
    with reading(house) as connection:
        found = sessions.listed(connection, "acc_ada", NOW + 1)
        assert sessions.listed(connection, "acc_ada", NOW + 13 * HOUR) == []
    assert [one.id for one in found] == [phone.session.id, laptop.session.id]
    assert (found[1].address, found[1].agent[:17], len(found[1].agent)) == ("203.0.113.7", "Firefox on Linuxx", 200)
    with pytest.raises(NotFound), transaction(house) as connection:
        sessions.end(connection, "acc_ben", laptop.session.id, by="acc_ben", now=NOW)
    with transaction(house) as connection:
        sessions.end(connection, "acc_ada", laptop.session.id, by="acc_ada", now=NOW)
    assert (lives(house, laptop, NOW), lives(house, phone, NOW + 1)) == (False, True)
    with pytest.raises(NotFound), transaction(house) as connection:
        sessions.end(connection, "acc_ada", laptop.session.id, by="acc_ada", now=NOW)


def test_signing_out_ends_the_session_and_says_who_vouched_for_it(house: Engine, dice: Dice) -> None:
    opened = start(house, dice, issuer="https://id.example")
    ended = sessions.sign_out(house, VAULT, opened.cookie.reveal(), NOW)
    assert ended == replace(opened.session)
    assert not lives(house, opened, NOW)
    assert sessions.sign_out(house, VAULT, opened.cookie.reveal(), NOW) is None


def test_another_master_key_starts_no_session(house: Engine, dice: Dice) -> None:
    start(house, dice)
    with pytest.raises(Conflict, match="belongs to master key"), transaction(house) as connection:
        sessions.start(connection, Vault(bytes(32)), "acc_ada", session_id="ses_x", entropy=bytes(32), now=NOW)


def test_a_house_that_never_sealed_anything_starts_sessions_too(engine: Engine, dice: Dice) -> None:
    with transaction(engine) as connection:
        accounts.add(connection, "ada", account_id="acc_ada", by="test", now=NOW)
    assert lives(engine, start(engine, dice), NOW)


def test_a_session_takes_all_of_its_randomness(house: Engine) -> None:
    with pytest.raises(ValueError, match="32 random bytes"), transaction(house) as connection:
        sessions.start(connection, VAULT, "acc_ada", session_id="ses_x", entropy=b"short", now=NOW)


def test_a_cookie_is_looked_up_by_an_index(house: Engine) -> None:
    if house.dialect.name != "sqlite":
        pytest.skip("the plan of SQLite says it in words")
    with reading(house) as connection:
        plan = connection.execute(text("EXPLAIN QUERY PLAN SELECT * FROM web_session WHERE mark = 'x'")).all()
    assert "USING INDEX" in repr(plan)
