"""Subjects from the roster: the chain of managers, a manager's team, and one answer for whoever may not be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, insert

from bursar.errors import Forbidden, NotFound
from bursar.office.access import Actor, Role, Subject, action
from bursar.office.database import as_owner, reading
from bursar.office.oversight.subjects import everybody, required, subject_of, team_of
from bursar.office.tables import organisation, person
from bursar.office.workforce import people

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)

BURN, WALLET = action("burn.read"), action("wallet.read")


@pytest.fixture
def house(engine: Engine, changing: Changing) -> Engine:
    """root - mia - (ada, ben - cy); zoe is nobody's; and a namesake of another organisation."""
    with changing() as connection:
        for handle, manager in (
            ("root", ""),
            ("mia", "root"),
            ("ada", "mia"),
            ("ben", "mia"),
            ("cy", "ben"),
            ("zoe", ""),
        ):
            people.add(connection, {"handle": handle, "manager": manager}, f"per_{handle}", 1)
    with as_owner(engine, "org_2" if apart(engine) else "org_1") as owner, owner.begin() as connection:
        connection.execute(insert(organisation).values(id="org_2"))
        for handle, manager in (("mia", ""), ("eve", "mia")):
            row = {"id": f"per_2_{handle}", "organisation": "org_2", "handle": handle, "manager": manager, "created": 1}
            connection.execute(insert(person).values(**row))
    return engine


def apart(engine: Engine) -> bool:
    """Whether the database itself hides other organisations; where it does not, the code must."""
    return engine.dialect.name == "postgresql"


def me(person_id: str, *roles: Role) -> Actor:
    return Actor("acc_1", person_id, "org_1", frozenset(roles))


def test_a_subject_has_the_chain_of_managers_above_it(house: Engine) -> None:
    with reading(house) as connection:
        assert subject_of(connection, "per_cy") == Subject("org_1", "per_cy", ("per_ben", "per_mia", "per_root"))
        assert subject_of(connection, "per_zoe", named=frozenset({"per_ada"})).named == {"per_ada"}
        if not apart(house):
            assert subject_of(connection, "per_2_eve") == Subject("org_2", "per_2_eve", ("per_2_mia",))
        for stranger in ("per_nobody", "per_2_eve") if apart(house) else ("per_nobody",):
            with pytest.raises(NotFound):
                subject_of(connection, stranger)


def test_a_team_is_everybody_below_and_nobody_of_another_house(house: Engine) -> None:
    with reading(house) as connection:
        assert team_of(connection, "per_mia") == ["per_ada", "per_ben", "per_cy"]
        assert team_of(connection, "per_zoe") == []
        assert team_of(connection, "per_2_mia") == ([] if apart(house) else ["per_2_eve"])


def test_a_ring_that_was_written_past_the_roster_does_not_hang(house: Engine, changing: Changing) -> None:
    with changing() as connection:
        connection.execute(person.update().where(person.c.id == "per_root").values(manager="cy"))
    with reading(house) as connection:
        assert set(subject_of(connection, "per_cy").managers) == {"per_ben", "per_mia", "per_root", "per_cy"}
        assert set(team_of(connection, "per_mia")) >= {"per_ada", "per_ben", "per_cy"}


def test_a_manager_reaches_the_team_by_any_of_their_names(house: Engine) -> None:
    with reading(house) as connection:
        for name in ("cy", "CY", "per_cy"):
            subject, decision = required(connection, me("per_mia", "person", "manager"), BURN, name)
            assert (subject.person, decision.role) == ("per_cy", "manager")
        with pytest.raises(Forbidden):
            required(connection, me("per_mia", "person", "manager"), WALLET, "cy")


def test_unseen_strangers_and_nobody_get_one_answer(house: Engine) -> None:
    told = set()
    with reading(house) as connection:
        for name in ("root", "nobody", "eve", "per_2_eve", ""):
            with pytest.raises(NotFound) as caught:
                required(connection, me("per_ada", "person"), WALLET, name)
            told.add((caught.value.sentence.replace(repr(name), "NAME"), caught.value.hint))
    assert told == {("there is no person NAME", ""), ("there is nothing of that name", "")}


def test_an_auditor_of_one_house_does_not_see_the_namesake_of_another(house: Engine) -> None:
    with reading(house) as connection:
        assert required(connection, me("", "auditor"), WALLET, "mia")[0].person == "per_mia"
        with pytest.raises(NotFound):
            required(connection, me("", "auditor"), WALLET, "per_2_mia")
    assert everybody(me("", "auditor")) == Subject("org_1")
