"""Accounts: added, found, linked, given roles; what they may is worked out from the roster at every instant."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, insert, select, update
from tests.support.signing import DAY, NOW, VAULT, Dice, add_account, trying

from bursar.errors import BursarError, Conflict, InvalidInput, NotFound
from bursar.office.access import Actor
from bursar.office.database import reading, transaction
from bursar.office.identity import accounts, sessions
from bursar.office.identity.accounts import MAPPED_MICROS, Account
from bursar.office.identity.sessions import Opened
from bursar.office.tables import account_identity, user_account
from bursar.office.tables import audit as log
from bursar.office.workforce import people

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)


@pytest.fixture
def house(engine: Engine, changing: Changing) -> Engine:
    """mia leads ada; everybody has an account of the same name, and olga owns the place and is no person of it."""
    with changing() as connection:
        people.add(connection, {"handle": "mia"}, "per_mia", 1)
        people.add(connection, {"handle": "ada", "manager": "mia", "email": "ada@example.com"}, "per_ada", 1)
    add_account(engine, "mia", "", person_id="per_mia")
    add_account(engine, "ada", "", person_id="per_ada", roles=["finance"])
    add_account(engine, "olga", "", roles=["owner"])
    return engine


def actor(engine: Engine, account_id: str, now: int = NOW) -> Actor | None:
    with reading(engine) as connection:
        return accounts.actor_of(connection, account_id, "test", now)


def roles(engine: Engine, account_id: str, now: int = NOW) -> set[str]:
    found = actor(engine, account_id, now)
    assert found is not None
    return set(found.roles)


def found(engine: Engine, name: str) -> Account:
    with reading(engine) as connection:
        return accounts.named(connection, name)


def test_who_has_reports_is_a_manager_and_who_is_a_person_is_one(house: Engine) -> None:
    assert roles(house, "acc_mia") == {"person", "manager"}
    assert roles(house, "acc_ada") == {"person", "finance"}
    assert roles(house, "acc_olga") == {"owner"}
    with transaction(house) as connection:
        people.change(connection, "per_ada", {"manager": ""})
        accounts.link(connection, "acc_ada", "", by="olga", now=NOW)
    assert roles(house, "acc_mia") == {"person"}
    assert roles(house, "acc_ada") == {"finance"}


@pytest.mark.parametrize("role", ["person", "manager", "king", ""])
def test_only_roles_that_can_be_given_are_given(house: Engine, role: str) -> None:
    with pytest.raises(InvalidInput, match="role"), transaction(house) as connection:
        accounts.change_roles(connection, "acc_ada", add=[role], by="olga", now=NOW)


def test_roles_are_given_and_taken_at_once_and_written_down(house: Engine) -> None:
    with transaction(house) as connection:
        changed = accounts.change_roles(
            connection, "acc_ada", add=["payroll", "auditor"], remove=["finance"], by="olga", now=NOW
        )
    assert changed.roles == ("payroll", "auditor")
    assert roles(house, "acc_ada") == {"person", "payroll", "auditor"}
    with reading(house) as connection:
        line = connection.execute(select(log).order_by(log.c.seq.desc())).first()
    assert line is not None
    assert (line.action, line.actor, line.subject) == ("account.roles", "olga", "acc_ada")
    assert line.detail == '{"from":["finance"],"to":["payroll","auditor"]}'


def test_nothing_changed_is_nothing_written(house: Engine) -> None:
    with transaction(house) as connection:
        accounts.change_roles(connection, "acc_ada", add=["finance"], by="olga", now=NOW)
    with reading(house) as connection:
        assert "account.roles" not in connection.execute(select(log.c.action)).scalars().all()


def test_the_last_owner_stays(house: Engine) -> None:
    for act in (
        lambda connection: accounts.change_roles(connection, "acc_olga", remove=["owner"], by="olga", now=NOW),
        lambda connection: accounts.suspend(connection, "acc_olga", by="olga", now=NOW),
    ):
        with pytest.raises(Conflict, match="last owner"), transaction(house) as connection:
            act(connection)
    with transaction(house) as connection:
        accounts.change_roles(connection, "acc_mia", add=["owner"], by="olga", now=NOW)
        accounts.suspend(connection, "acc_mia", by="olga", now=NOW)
    with pytest.raises(Conflict, match="last owner"), transaction(house) as connection:
        accounts.suspend(connection, "acc_olga", by="olga", now=NOW)


def test_two_owners_cannot_take_each_others_role_at_once(house: Engine) -> None:
    with transaction(house) as connection:
        accounts.change_roles(connection, "acc_mia", add=["owner"], by="olga", now=NOW)
    together, failed = threading.Barrier(2), []

    def take(account_id: str) -> None:
        together.wait()
        try:
            with transaction(house) as connection:
                accounts.change_roles(connection, account_id, remove=["owner"], by="x", now=NOW)
        except BursarError as error:
            failed.append(error)

    threads = [threading.Thread(target=take, args=(one,)) for one in ("acc_mia", "acc_olga")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [type(one) for one in failed] == [Conflict]
    assert ("owner" in found(house, "mia").roles) != ("owner" in found(house, "olga").roles)


def test_who_left_keeps_their_own_page_and_nothing_else(house: Engine) -> None:
    day = datetime.fromtimestamp(NOW // 1_000_000, UTC).date().isoformat()
    with transaction(house) as connection:
        people.leave(connection, "per_ada", day, NOW)
        people.leave(connection, "per_mia", day, NOW)
        accounts.change_roles(connection, "acc_ada", by="x", now=NOW, add=["auditor"])
    assert roles(house, "acc_ada") == {"person", "finance", "auditor"}
    assert roles(house, "acc_ada", NOW + DAY) == {"person"}
    assert roles(house, "acc_mia", NOW + DAY) == {"person"}


def test_a_suspended_account_may_nothing_and_its_sessions_end(house: Engine) -> None:
    add_account(house, "ben")
    opened = trying(house, Dice())("ben")
    assert isinstance(opened, Opened)
    with transaction(house) as connection:
        accounts.suspend(connection, "acc_ben", by="olga", now=NOW)
    assert actor(house, "acc_ben") is None
    assert sessions.resume(house, VAULT, opened.cookie.reveal(), NOW) is None
    with transaction(house) as connection:
        accounts.reinstate(connection, "acc_ben", by="olga", now=NOW)
    assert actor(house, "acc_ben") is not None
    assert sessions.resume(house, VAULT, opened.cookie.reveal(), NOW) is None


def test_roles_of_groups_lapse_when_nobody_comes_from_there_any_more(house: Engine, changing: Changing) -> None:
    row = {"organisation": "org_1", "issuer": "https://id", "subject": "1", "account": "acc_ada", "linked": NOW}
    with changing() as connection:
        connection.execute(
            insert(account_identity).values(roles='["platform", "manager", "king"]', confirmed=NOW, **row)
        )
    assert found(house, "ada").mapped == ("platform",)
    assert roles(house, "acc_ada", NOW + MAPPED_MICROS - 1) == {"person", "finance", "platform"}
    assert roles(house, "acc_ada", NOW + MAPPED_MICROS) == {"person", "finance"}
    with transaction(house) as connection:
        accounts.forget_identity(connection, "acc_ada", by="olga", now=NOW)
        with pytest.raises(Conflict, match="no identity provider"):
            accounts.forget_identity(connection, "acc_ada", by="olga", now=NOW)
    assert roles(house, "acc_ada") == {"person", "finance"}


def test_a_role_of_a_newer_bursar_gives_nothing(house: Engine, changing: Changing) -> None:
    with changing() as connection:
        connection.execute(
            update(user_account).where(user_account.c.id == "acc_ada").values(roles='["wizard", "person", "payroll"]')
        )
    assert roles(house, "acc_ada") == {"person", "payroll"}


def test_an_account_is_found_by_login_id_or_its_persons_handle(house: Engine) -> None:
    with transaction(house) as connection:
        accounts.add(connection, "grace@example.com", account_id="acc_7", by="x", now=NOW, name="Grace")
    assert {found(house, name).id for name in ("grace@example.com", " GRACE@example.com", "acc_7")} == {"acc_7"}
    for name in ("", "grace", "acc_8", "\x00", "%"):
        with pytest.raises(NotFound):
            found(house, name)
    with reading(house) as connection:
        assert [one.login for one in accounts.listed(connection)] == ["ada", "grace@example.com", "mia", "olga"]


def test_a_listed_account_says_how_it_is_protected_and_when_it_was_used(house: Engine) -> None:
    add_account(house, "ben")
    trying(house, Dice())("ben", now=NOW + 5)
    ben, mia = found(house, "ben"), found(house, "mia")
    assert (ben.has_password, ben.has_second_factor, ben.signed_in) == (True, False, NOW + 5)
    assert (mia.has_password, mia.signed_in, mia.person) == (False, 0, "mia")


@pytest.mark.parametrize("login", ["", "Ada Abara", "a\nb", "é", "@x", "-x", "a" * 255, "a\x00"])
def test_a_login_that_cannot_be_one_is_refused_without_being_repeated(house: Engine, login: str) -> None:
    with pytest.raises(InvalidInput, match="login") as caught, transaction(house) as connection:
        accounts.add(connection, login, account_id="acc_x", by="x", now=NOW)
    assert not login.strip() or login not in str(caught.value)


def test_one_login_one_person_one_account(house: Engine) -> None:
    for arguments, error, match in (
        ({"login": "ADA"}, Conflict, "an account ada already"),
        ({"login": "ada2", "person_id": "per_ada"}, Conflict, "ada has the account ada already"),
        ({"login": "new", "person_id": "per_none"}, NotFound, "no such person"),
        ({"login": "new", "name": "a\nb"}, InvalidInput, "name"),
    ):
        with pytest.raises(error, match=match), transaction(house) as connection:
            accounts.add(connection, **arguments, account_id="acc_x", by="x", now=NOW)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="ada has the account"), transaction(house) as connection:
        accounts.link(connection, "acc_olga", "per_ada", by="x", now=NOW)
    with transaction(house) as connection:
        assert accounts.link(connection, "acc_ada", "per_ada", by="x", now=NOW).person == "ada"


def test_what_is_not_there_is_said(house: Engine) -> None:
    for act in (accounts.suspend, accounts.reinstate, accounts.change_roles):
        with pytest.raises(NotFound), transaction(house) as connection:
            act(connection, "acc_none", by="x", now=NOW)
    assert actor(house, "acc_none") is None
