"""Signing in on both engines: passwords, waits, second factors, links, changed passwords."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, select, update
from tests.support.signing import (
    DAY,
    HOME,
    HOUR,
    NOW,
    PASSWORD,
    QUICK,
    SECOND,
    VAULT,
    Dice,
    add_account,
    trying,
)

from bursar.errors import Conflict, Forbidden, InvalidInput
from bursar.office import audit
from bursar.office.database import reading, transaction
from bursar.office.identity import accounts, invitations, second_factor, sessions, sign_in, totp
from bursar.office.identity.lockout import OF_AN_ACCOUNT
from bursar.office.identity.passwords import Hashing
from bursar.office.identity.sessions import Opened
from bursar.office.identity.sign_in import CLOSED, WAIT, WRONG, WRONG_CODE, Origin, Refused
from bursar.office.tables import account_password, sign_in_failure
from bursar.office.tables import audit as log
from bursar.office.vault import Secret, Vault, rotate_master

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)

Try = Callable[..., Opened | Refused]
NEW = "eleven blue tramways sleep"


@pytest.fixture
def dice() -> Dice:
    return Dice()


@pytest.fixture
def house(engine: Engine) -> Engine:
    add_account(engine, "ada@example.com", name="Ada Abara")
    return engine


@pytest.fixture
def try_it(house: Engine, dice: Dice) -> Try:
    return trying(house, dice)


def opened(found: Opened | Refused) -> Opened:
    assert isinstance(found, Opened), found
    return found


def live(engine: Engine, found: Opened, now: int = NOW, stage: sessions.Stage = "full") -> bool:
    return sessions.resume(engine, VAULT, found.cookie.reveal(), now, stage) is not None


def lines(engine: Engine) -> list[tuple[str, str]]:
    with reading(engine) as connection:
        return [(row.action, row.actor) for row in connection.execute(select(log).order_by(log.c.seq))]


def test_the_right_password_opens_a_session_that_says_from_where(house: Engine, try_it: Try) -> None:
    found = opened(try_it(" Ada@Example.com "))
    assert (found.session.address, found.session.agent, found.session.stage) == (HOME.address, HOME.agent, "full")
    assert live(house, found)
    actor = sessions.actor_of(house, found.session, NOW)
    assert actor is not None
    assert (actor.account, actor.roles, actor.via) == ("acc_ada", frozenset(), f"session:{found.session.id}")


def test_one_sentence_answers_for_wrong_unknown_suspended_and_without_a_password(house: Engine, try_it: Try) -> None:
    add_account(house, "ben")
    add_account(house, "cy", password="")
    with transaction(house) as connection:
        accounts.suspend(connection, "acc_ben", by="test", now=NOW)
    for login in ("ada@example.com", "nobody", "acc_ada", "", "\x00", "\ud800", "x" * 10_000, "ADA", "cy", "ben"):
        password = PASSWORD if login in ("ben", "cy") else "wrong and wrong again"
        assert try_it(login, password) == Refused(WRONG), login


def test_after_some_failures_there_is_a_wait_and_the_right_password_waits_too(house: Engine, try_it: Try) -> None:
    for _ in range(OF_AN_ACCOUNT.free):
        assert try_it("ada@example.com", "wrong and wrong again") == Refused(WRONG)
    assert try_it("ada@example.com") == Refused(WAIT, 2)
    assert try_it("ADA@example.com ", now=NOW + SECOND) == Refused(WAIT, 1)
    opened(try_it("ada@example.com", now=NOW + 2 * SECOND))
    opened(try_it("ada@example.com", now=NOW + 2 * SECOND))


def test_a_login_that_does_not_exist_makes_wait_as_one_that_does(house: Engine, try_it: Try) -> None:
    answers = [[try_it(login, "wrong and wrong again") for _ in range(7)] for login in ("nobody", "ada@example.com")]
    assert answers[0] == answers[1]


def test_an_address_that_tries_many_logins_waits_and_others_do_not(house: Engine, try_it: Try) -> None:
    for number in range(50):
        assert try_it(f"user{number}", "wrong and wrong again") == Refused(WRONG)
    assert try_it("ada@example.com") == Refused(WAIT, 1)
    opened(try_it("ada@example.com", origin=Origin("203.0.113.8")))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unix", "unix", True),
    ],
)
def test_a_network_of_ipv6_counts_as_one_address(one: str, other: str, same: bool) -> None:
    from bursar.office.identity.attempts import marked

    assert (marked(VAULT, "org_1", "x", one).address == marked(VAULT, "org_1", "x", other).address) == same


def test_neither_logins_nor_addresses_are_stored_with_failures(house: Engine, try_it: Try) -> None:
    try_it("my secret password typed here")
    with reading(house) as connection:
        rows = connection.execute(select(sign_in_failure)).all()
    assert len(rows) == 2
    assert not any(typed in repr(rows) for typed in ("secret", HOME.address))


def test_a_hundred_failures_close_the_account_until_a_new_link_opens_it(house: Engine, try_it: Try, dice: Dice) -> None:
    now = NOW
    for number in range(100):
        found = try_it("ada@example.com", "wrong and wrong again", now, Origin(f"198.51.100.{number}"))
        assert found == Refused(WRONG), number
        now += 900 * SECOND
    assert try_it("ada@example.com", now=now + 30 * DAY) == Refused(CLOSED)
    with transaction(house) as connection:
        link = invitations.invite(connection, VAULT, "acc_ada", entropy=dice(32), by="owner", now=now)
    sign_in.by_invitation(house, VAULT, link.token.reveal(), Secret(NEW), randomness=dice, now=now, hashing=QUICK)
    opened(try_it("ada@example.com", NEW, now))


def test_a_thousand_at_once_are_no_more_than_one_after_the_other(house: Engine) -> None:
    answers: list[Opened | Refused] = []

    def guess(number: int) -> None:
        answers.append(trying(house, Dice())("ada@example.com", f"wrong and wrong again {number}"))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len([one for one in answers if one == Refused(WRONG)]) == OF_AN_ACCOUNT.free
    assert len(answers) == 12


def test_what_is_forgotten_is_removed_at_the_next_sign_in(house: Engine, try_it: Try) -> None:
    try_it("nobody", "wrong and wrong again")
    first = opened(try_it("ada@example.com", now=NOW + 25 * HOUR))
    with reading(house) as connection:
        assert connection.execute(select(sign_in_failure)).all() == []
    opened(try_it("ada@example.com", now=NOW + 200 * DAY))
    with transaction(house) as connection:
        assert sessions.sweep(connection, NOW + 200 * DAY) == 0
        assert sessions.sweep(connection, NOW + 400 * DAY) == 1
    assert not live(house, first)


def test_a_password_is_hashed_anew_when_the_parameters_rise(house: Engine, dice: Dice) -> None:
    risen = Hashing(memory_kib=128, passes=2, lanes=1)
    arguments = {"randomness": dice, "now": NOW, "hashing": risen}
    found = sign_in.with_password(
        house, VAULT, "ada@example.com", Secret(PASSWORD), HOME, session_id="ses_1", **arguments
    )
    opened(found)
    with reading(house) as connection:
        assert "$m=128,t=2,p=1$" in connection.execute(select(account_password.c.hash)).scalar_one()
    opened(
        sign_in.with_password(house, VAULT, "ada@example.com", Secret(PASSWORD), HOME, session_id="ses_2", **arguments)
    )


def test_signing_in_again_ends_the_session_that_the_browser_came_with(house: Engine, try_it: Try) -> None:
    first = opened(try_it("ada@example.com"))
    second = opened(try_it("ada@example.com", origin=Origin(cookie=first.cookie.reveal())))
    assert (live(house, first), live(house, second)) == (False, True)
    planted = "A" * 43
    third = opened(try_it("ada@example.com", origin=Origin(cookie=planted)))
    assert third.cookie.reveal() != planted


# The second factor.


@pytest.fixture
def authenticator(house: Engine, dice: Dice) -> tuple[bytes, list[str]]:
    """The secret that ada's authenticator holds, and her recovery codes."""
    with transaction(house) as connection:
        enrolment = second_factor.enrol(
            connection, VAULT, "acc_ada", randomness=lambda size: b"s" * size, by="acc_ada", now=NOW
        )
        assert not second_factor.holds(connection, "acc_ada")
        codes = second_factor.confirm(
            connection,
            VAULT,
            "acc_ada",
            totp.code_at(b"s" * 20, NOW // SECOND // 30 - 10),
            randomness=dice,
            by="acc_ada",
            now=NOW - 300 * SECOND,
        )
    assert enrolment.key.reveal() == totp.base32(b"s" * 20)
    return b"s" * 20, [one.reveal() for one in codes]


def code_at(secret: bytes, now: int) -> str:
    return totp.code_at(secret, now // SECOND // totp.STEP_SECONDS)


def second_step(engine: Engine, dice: Dice, first: Opened, code: str, now: int = NOW) -> Opened | Refused:
    session = sessions.resume(engine, VAULT, first.cookie.reveal(), now, "code")
    assert session is not None
    origin = Origin(HOME.address, HOME.agent, first.cookie.reveal())
    return sign_in.with_code(engine, VAULT, session, code, origin, session_id=dice.id("ses"), randomness=dice, now=now)


def test_the_second_factor_comes_after_the_password_and_changes_the_cookie(
    house: Engine, try_it: Try, dice: Dice, authenticator: tuple[bytes, list[str]]
) -> None:
    first = opened(try_it("ada@example.com"))
    assert first.session.stage == "code"
    assert not live(house, first)
    second = opened(second_step(house, dice, first, code_at(authenticator[0], NOW)))
    assert second.cookie != first.cookie
    assert live(house, second)
    assert not live(house, first, stage="code")


def test_a_code_is_good_once(house: Engine, try_it: Try, dice: Dice, authenticator: tuple[bytes, list[str]]) -> None:
    code = code_at(authenticator[0], NOW)
    opened(second_step(house, dice, opened(try_it("ada@example.com")), code))
    again = opened(try_it("ada@example.com"))
    assert second_step(house, dice, again, code) == Refused(WRONG_CODE)
    opened(second_step(house, dice, again, code_at(authenticator[0], NOW + 30 * SECOND), NOW + 30 * SECOND))


def test_a_known_password_buys_no_more_guesses_at_codes(
    house: Engine, try_it: Try, dice: Dice, authenticator: tuple[bytes, list[str]]
) -> None:
    guesses = 0
    for number in range(10):
        first = try_it("ada@example.com")
        if isinstance(first, Refused):
            break
        if second_step(house, dice, first, f"{number:06}") == Refused(WRONG_CODE):
            guesses += 1
    assert guesses <= 2
    assert isinstance(try_it("ada@example.com"), Refused)


def test_many_who_sign_in_properly_from_one_office_never_wait(
    house: Engine, try_it: Try, dice: Dice, authenticator: tuple[bytes, list[str]]
) -> None:
    for number in range(60):
        now = NOW + number * 30 * SECOND
        first = opened(try_it("ada@example.com", now=now))
        opened(second_step(house, dice, first, code_at(authenticator[0], now), now))
    with reading(house) as connection:
        assert connection.execute(select(sign_in_failure)).all() == []


def test_the_step_between_is_over_after_five_minutes(
    house: Engine, try_it: Try, authenticator: tuple[bytes, list[str]]
) -> None:
    first = opened(try_it("ada@example.com"))
    assert live(house, first, NOW + 299 * SECOND, "code")
    assert not live(house, first, NOW + 300 * SECOND, "code")


def test_a_recovery_code_stands_in_once_however_it_is_typed(
    house: Engine, try_it: Try, dice: Dice, authenticator: tuple[bytes, list[str]]
) -> None:
    code = authenticator[1][3]
    typed = code.replace("-", " ").upper()
    opened(second_step(house, dice, opened(try_it("ada@example.com")), typed))
    assert second_step(house, dice, opened(try_it("ada@example.com")), code) == Refused(WRONG_CODE)
    with reading(house) as connection:
        assert second_factor.codes_left(connection, "acc_ada") == second_factor.RECOVERY_CODES - 1
    assert ("account.recovery_code", "acc_ada") in [(action, actor.partition(" ")[0]) for action, actor in lines(house)]


def test_the_recovery_codes_of_somebody_else_are_worth_nothing(
    house: Engine, try_it: Try, dice: Dice, authenticator: tuple[bytes, list[str]]
) -> None:
    add_account(house, "ben")
    with transaction(house) as connection:
        second_factor.enrol(connection, VAULT, "acc_ben", randomness=lambda size: b"b" * size, by="acc_ada", now=NOW)
        code = totp.code_at(b"b" * 20, NOW // SECOND // 30)
        second_factor.confirm(connection, VAULT, "acc_ben", code, randomness=dice, by="acc_ben", now=NOW)
    first = opened(try_it("ben"))
    assert second_step(house, dice, first, authenticator[1][0]) == Refused(WRONG_CODE)


def test_new_recovery_codes_end_the_old_ones(
    house: Engine, try_it: Try, dice: Dice, authenticator: tuple[bytes, list[str]]
) -> None:
    with transaction(house) as connection:
        fresh = second_factor.renew_codes(connection, VAULT, "acc_ada", randomness=dice, by="acc_ada", now=NOW)
    first = opened(try_it("ada@example.com"))
    assert second_step(house, dice, first, authenticator[1][0]) == Refused(WRONG_CODE)
    opened(second_step(house, dice, first, fresh[0].reveal()))


def test_a_second_factor_waits_for_its_first_code(house: Engine, try_it: Try, dice: Dice) -> None:
    with transaction(house) as connection:
        second_factor.enrol(connection, VAULT, "acc_ada", randomness=dice, by="acc_ada", now=NOW)
        with pytest.raises(InvalidInput, match="code"):
            second_factor.confirm(connection, VAULT, "acc_ada", "123456", randomness=dice, by="acc_ada", now=NOW)
    assert opened(try_it("ada@example.com")).session.stage == "full"
    with transaction(house) as connection, pytest.raises(Conflict, match="no second factor"):
        second_factor.renew_codes(connection, VAULT, "acc_ada", randomness=dice, by="acc_ada", now=NOW)


def test_a_second_factor_that_holds_is_not_replaced_but_removed(
    house: Engine, try_it: Try, dice: Dice, authenticator: tuple[bytes, list[str]]
) -> None:
    with transaction(house) as connection:
        with pytest.raises(Conflict, match="a second factor already"):
            second_factor.enrol(connection, VAULT, "acc_ada", randomness=dice, by="acc_ada", now=NOW)
        with pytest.raises(Conflict, match="no second factor waits"):
            second_factor.confirm(connection, VAULT, "acc_ada", "1", randomness=dice, by="acc_ada", now=NOW)
        second_factor.remove(connection, "acc_ada", by="acc_ada", now=NOW)
        with pytest.raises(Conflict, match="no second factor"):
            second_factor.remove(connection, "acc_ada", by="acc_ada", now=NOW)
        assert second_factor.codes_left(connection, "acc_ada") == 0
    assert opened(try_it("ada@example.com")).session.stage == "full"


def test_factors_and_recovery_codes_outlive_the_exchange_of_the_master_key(
    house: Engine, dice: Dice, authenticator: tuple[bytes, list[str]], changing: Changing
) -> None:
    successor = Vault(bytes(32))
    with changing() as connection:
        assert rotate_master(connection, VAULT, successor) == 1
    with transaction(house) as connection:
        for code in (code_at(authenticator[0], NOW), authenticator[1][0]):
            assert second_factor.accepts(connection, successor, "acc_ada", code, by="acc_ada", now=NOW)


# Links and changes.


def link_of(engine: Engine, dice: Dice, now: int = NOW) -> str:
    with transaction(engine) as connection:
        return invitations.invite(connection, VAULT, "acc_ada", entropy=dice(32), by="owner", now=now).token.reveal()


def set_by(engine: Engine, dice: Dice, token: str, password: str = NEW, now: int = NOW) -> None:
    sign_in.by_invitation(engine, VAULT, token, Secret(password), randomness=dice, now=now, hashing=QUICK)


def test_a_link_sets_a_password_once_and_ends_every_session(house: Engine, try_it: Try, dice: Dice) -> None:
    before = opened(try_it("ada@example.com"))
    token = link_of(house, dice)
    set_by(house, dice, token)
    assert not live(house, before)
    assert try_it("ada@example.com") == Refused(WRONG)
    opened(try_it("ada@example.com", NEW))
    with pytest.raises(Forbidden):
        set_by(house, dice, token)


def test_a_link_ends_after_three_days_and_with_a_newer_one(house: Engine, dice: Dice) -> None:
    old = link_of(house, dice)
    with pytest.raises(Forbidden):
        set_by(house, dice, old, now=NOW + 3 * DAY)
    newer = link_of(house, dice)
    with pytest.raises(Forbidden):
        set_by(house, dice, old)
    set_by(house, dice, newer, now=NOW + 3 * DAY - 1)


def test_a_link_that_is_nonsense_is_not_repeated(house: Engine, dice: Dice) -> None:
    for token in ("", "bur_inv_" + "0" * 49, "\ud800", link_of(house, dice)[:-1], link_of(house, dice) + "x"):
        with pytest.raises(Forbidden) as caught:
            set_by(house, dice, token)
        assert not token or token not in f"{caught.value} {caught.value.hint}"


def test_a_link_stays_good_while_the_password_is_refused(house: Engine, dice: Dice) -> None:
    token = link_of(house, dice)
    for poor in ("short", "password1234", "ada@example.com"):
        with pytest.raises(InvalidInput, match="password"):
            set_by(house, dice, token, poor)
    set_by(house, dice, token)


def test_a_link_of_a_suspended_account_is_worth_nothing(house: Engine, dice: Dice) -> None:
    token = link_of(house, dice)
    with transaction(house) as connection:
        accounts.suspend(connection, "acc_ada", by="owner", now=NOW)
        with pytest.raises(Conflict, match="suspended"):
            invitations.invite(connection, VAULT, "acc_ada", entropy=dice(32), by="owner", now=NOW)
    with pytest.raises(Forbidden):
        set_by(house, dice, token)


def test_a_link_is_told_with_its_address_and_printed_without(house: Engine, dice: Dice) -> None:
    with transaction(house) as connection:
        made = invitations.invite(connection, VAULT, "acc_ada", entropy=dice(32), by="owner", now=NOW)
    assert made.link("https://bursar.example/").reveal() == f"https://bursar.example/invitation/{made.token.reveal()}"
    assert made.token.reveal() not in repr(made)


def test_a_changed_password_ends_the_other_sessions_and_open_links(house: Engine, try_it: Try, dice: Dice) -> None:
    mine, other = opened(try_it("ada@example.com")), opened(try_it("ada@example.com"))
    link = link_of(house, dice)
    arguments = {"address": "", "randomness": dice, "now": NOW, "hashing": QUICK}
    change = sign_in.change_password
    assert change(house, VAULT, mine.session, Secret("wrong and wrong"), Secret(NEW), **arguments) == Refused(WRONG)
    with pytest.raises(InvalidInput):
        change(house, VAULT, mine.session, Secret(PASSWORD), Secret("ada@example.com"), **arguments)
    assert change(house, VAULT, mine.session, Secret(PASSWORD), Secret(NEW), **arguments) is None
    assert (live(house, mine), live(house, other)) == (True, False)
    with pytest.raises(Forbidden):
        set_by(house, dice, link)
    opened(try_it("ada@example.com", NEW))


def test_guessing_the_old_password_in_a_stolen_session_is_slowed_down_too(house: Engine, try_it: Try) -> None:
    mine = opened(try_it("ada@example.com"))
    answers = [
        sign_in.prove(house, VAULT, mine.session, Secret("wrong and wrong"), address="", now=NOW, hashing=QUICK)
        for _ in range(6)
    ]
    assert answers == [Refused(WRONG)] * 5 + [Refused(WAIT, 2)]
    assert (
        sign_in.prove(house, VAULT, mine.session, Secret(PASSWORD), address="", now=NOW + 2 * SECOND, hashing=QUICK)
        is None
    )


def test_everything_that_changed_is_in_the_audit_log_and_no_secret_is(
    house: Engine, try_it: Try, dice: Dice, authenticator: tuple[bytes, list[str]]
) -> None:
    token = link_of(house, dice)
    set_by(house, dice, token)
    found = lines(house)
    assert [action for action, _ in found] == [
        "account.add",
        "account.invite",
        "account.password",
        "account.second_factor.begin",
        "account.second_factor.add",
        "account.invite",
        "account.password",
    ]
    with reading(house) as connection:
        text = repr(connection.execute(select(log)).all())
        assert audit.verify(connection).broken is None
    for secret in (token, PASSWORD, NEW, *authenticator[1], totp.base32(authenticator[0]), "argon2"):
        assert secret not in text


def test_a_hash_that_was_tampered_with_lets_nobody_in(house: Engine, try_it: Try) -> None:
    with transaction(house) as connection:
        connection.execute(update(account_password).values(hash="plain:seven green herons walk"))
    assert try_it("ada@example.com") == Refused(WRONG)
