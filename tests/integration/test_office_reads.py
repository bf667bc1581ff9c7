"""Who looked: a look by somebody else is written before it happens, once an hour, and the person sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from bursar.errors import Conflict, Forbidden, InvalidInput, NotFound
from bursar.office.access import Actor, Role, Subject, action
from bursar.office.database import reading, transaction
from bursar.office.oversight import reads
from bursar.office.oversight.reads import MICROS_PER_HOUR, Read, look, reads_of
from bursar.office.tables import personal_read, user_account
from bursar.office.workforce import people

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)

BURN, USAGE, TRAFFIC, PERSON = action("burn.read"), action("usage.read"), action("traffic.read"), action("person.read")
NOW = 500_000 * MICROS_PER_HOUR
ADA = Subject("org_1", "per_ada", ("per_mia",))
BEN = Subject("org_1", "per_ben", ("per_mia",))
EVERYBODY = Subject("org_1")


@pytest.fixture
def house(engine: Engine, changing: Changing) -> Engine:
    with changing() as connection:
        for handle in ("mia", "ada", "ben"):
            people.add(connection, {"handle": handle}, f"per_{handle}", NOW)
        for login, name, holder in (("mia", "Mia Moreau", "per_mia"), ("ada", "Ada", "per_ada"), ("kpmg", "", None)):
            row = {"id": f"acc_{login}", "organisation": "org_1", "login": login, "name": name, "person": holder}
            connection.execute(insert(user_account).values(created=1, **row))
    return engine


def actor(login: str, *roles: Role, person: str = "") -> Actor:
    return Actor(f"acc_{login}", person, "org_1", frozenset(roles))


MIA = actor("mia", "person", "manager", person="per_mia")
AUDITOR = actor("kpmg", "auditor")


def of(engine: Engine, person_id: str, **options: int) -> list[Read]:
    with reading(engine) as connection:
        return reads_of(connection, person_id, **options)


def test_the_person_sees_who_looked_in_which_role_at_what(house: Engine) -> None:
    assert look(house, MIA, BURN, [ADA, BEN], "team", NOW + 5) == 2
    assert of(house, "per_ada") == [Read("mia", "Mia Moreau", "manager", "burn.read", "team", NOW + 5, False)]


def test_browsing_for_an_hour_is_one_line_and_the_next_hour_another(house: Engine) -> None:
    assert [look(house, MIA, BURN, [ADA], "team", NOW + step) for step in (0, 1, MICROS_PER_HOUR - 1)] == [1, 0, 0]
    assert look(house, MIA, BURN, [ADA], "team", NOW + MICROS_PER_HOUR) == 1
    assert look(house, MIA, BURN, [ADA], "another page", NOW) == 1
    assert look(house, AUDITOR, BURN, [ADA], "team", NOW) == 1
    assert len(of(house, "per_ada")) == 4


def test_looking_at_oneself_leaves_no_line(house: Engine) -> None:
    me = actor("ada", "person", person="per_ada")
    assert look(house, me, USAGE, [ADA], "usage", NOW) == 0
    assert of(house, "per_ada") == []


def test_the_roster_is_not_a_figure(house: Engine) -> None:
    assert look(house, MIA, PERSON, [ADA], "people", NOW) == 0
    assert of(house, "per_ada") == []


def test_a_look_at_everybody_is_one_line_that_everybody_sees(house: Engine) -> None:
    platform = actor("mia", "platform", person="per_mia")
    assert look(house, platform, TRAFFIC, [EVERYBODY], "live traffic", NOW) == 1
    for person_id in ("per_ada", "per_ben"):
        assert [(one.who, one.everybody) for one in of(house, person_id)] == [("mia", True)]
    assert of(house, "per_mia") == []


def test_what_was_seen_before_somebody_came_was_not_about_them(house: Engine, changing: Changing) -> None:
    look(house, AUDITOR, USAGE, [EVERYBODY], "usage", NOW)
    with changing() as connection:
        people.add(connection, {"handle": "new"}, "per_new", NOW + 1)
    assert of(house, "per_new") == []
    assert of(house, "per_nobody") == []


def test_who_may_not_look_leaves_no_line_and_gets_no_figure(house: Engine) -> None:
    for act, subjects, error in (
        (USAGE, [ADA], Forbidden),
        (BURN, [ADA, Subject("org_1", "per_far")], NotFound),
        (TRAFFIC, [EVERYBODY], Forbidden),
    ):
        with pytest.raises(error):
            look(house, MIA, act, subjects, "page", NOW)
    with reading(house) as connection:
        assert connection.execute(select(personal_read)).all() == []


def test_pages_follow_each_other_by_their_instant(house: Engine) -> None:
    for hour in range(5):
        look(house, MIA, BURN, [ADA], "team", NOW + hour * MICROS_PER_HOUR)
    first = of(house, "per_ada", limit=2)
    second = of(house, "per_ada", limit=2, before=first[-1].at)
    assert [(one.at - NOW) // MICROS_PER_HOUR for one in (*first, *second)] == [4, 3, 2, 1]


@pytest.mark.parametrize("what", ["", "x" * 101, "a\nb"])
def test_a_report_has_a_name_that_can_be_shown(house: Engine, what: str) -> None:
    with pytest.raises(InvalidInput, match="what"):
        look(house, MIA, BURN, [ADA], what, NOW)


def test_a_look_and_an_answer_have_bounds(house: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "MAX_AT_ONCE", 1)
    with pytest.raises(InvalidInput, match="at most 1, else everybody"):
        look(house, MIA, BURN, [ADA, BEN], "team", NOW)
    for limit in (0, reads.MAX_READS + 1):
        with pytest.raises(InvalidInput, match="limit"):
            of(house, "per_ada", limit=limit)


@pytest.mark.parametrize("statement", [update(personal_read).values(what="x"), delete(personal_read)])
def test_nobody_takes_a_look_back(house: Engine, statement: object) -> None:
    look(house, MIA, BURN, [ADA], "team", NOW)
    with pytest.raises(Conflict, match="who looked is append-only"), transaction(house) as connection:
        connection.execute(statement)  # type: ignore[call-overload]
