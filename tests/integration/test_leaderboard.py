"""Who stands on the leaderboard chose to: on both engines, from joining to leaving, and when the organisation closes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bursar.errors import Conflict, InvalidInput
from bursar.insight.leaderboard import Shown
from bursar.ledger import Charge, Release, Request, Usage, apply_now
from bursar.ledger.values import LotTerms
from bursar.money import NANO
from bursar.office import openings
from bursar.office.database import reading, transaction
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import leaderboard
from bursar.office.settings import Settings
from bursar.office.tables import audit, leaderboard_member
from bursar.office.workforce import people

pytest_plugins = ("tests.postgres",)

DAY = 86_400_000_000
ORG = "org_1"
EVERYBODY = ("ada", "ben", "cleo", "dora", "emil", "fay", "gus")


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


class Office:
    """A desk whose clock is moved by hand; it begins on a Wednesday."""

    def __init__(self, url: str, home: Path) -> None:
        self.now = micros("2026-11-18T12:00Z")
        settings = Settings(home=home, database_url=url)
        initialise(settings)
        self.desk: Desk = open_desk(settings, clock=lambda: self.now, actor="test")
        self.people = {one: self.desk.add_person(one, name=f"{one.capitalize()} Doe") for one in EVERYBODY}
        opening, end = micros("2026-10-01T00:00Z"), micros("2027-10-01T00:00Z")
        released, charged = [], []
        for number, one in enumerate(EVERYBODY):
            terms = LotTerms(f"lot_{one}", "USD", 10_000 * NANO, opening, end)
            released.append(Release(f"release:{one}", self.people[one]["id"], terms))
            for day in range(4 + number):
                charged += self.charges(one, f"{day}", 10, micros("2026-11-02T09:00Z") + day * DAY)
        apply_now(self.desk.store, released, opening)
        apply_now(self.desk.store, charged, self.now)

    def charges(self, who: str, name: str, dollars: int, at: int, provider: str = "anthropic") -> list[Charge]:
        """Ten requests that cost so much together."""
        nanos, person = dollars * NANO // 10, self.people[who]["id"]
        tokens = {"input": 1_000, "cache_read": 3_000, "output": 500}
        usage = Usage(provider=provider, model="m", at=at, tokens=tokens, list_nanos=nanos, cost_nanos=nanos)
        request = Request(provider, "m", "work")
        return [Charge(f"{who}:{name}:{time}", person, "USD", nanos, request, usage) for time in range(10)]

    def charge(self, who: str, name: str, dollars: int, at: int, provider: str = "anthropic") -> None:
        apply_now(self.desk.store, self.charges(who, name, dollars, at, provider), self.now)

    def open(self, *, to: bool = True) -> None:
        with transaction(self.desk.engine) as connection:
            openings.change(connection, "leaderboard", to=to, by="owner", now=self.now)

    def join(self, *who: str, by_name: bool = False) -> None:
        for one in who:
            leaderboard.join(self.desk, self.people[one], f"animal {one}", by_name=by_name)

    def leave(self, who: str) -> None:
        leaderboard.leave(self.desk, self.people[who])

    def shown(self) -> list[str]:
        return sorted(row.shown for _, row in leaderboard.standing(self.desk, ORG).rows)

    def next_week(self) -> None:
        self.now += 7 * DAY


@pytest.fixture
def office(migrated_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(migrated_url, tmp_path / "home")
    yield made
    made.desk.close()


FIVE = EVERYBODY[:5]


def test_it_is_closed_until_an_owner_opens_it_and_nobody_can_join_before(office: Office) -> None:
    assert not leaderboard.standing(office.desk, ORG).open
    with pytest.raises(Conflict):
        office.join("ada")
    office.open()
    office.join(*FIVE)
    office.next_week()
    assert office.shown() == sorted(f"animal {one}" for one in FIVE)


def test_who_joins_appears_with_the_next_week_and_who_leaves_is_gone_at_once(office: Office) -> None:
    office.open()
    office.join(*FIVE)
    office.next_week()
    office.join("fay")
    assert "animal fay" not in office.shown()
    with reading(office.desk.engine) as connection:
        mine = leaderboard.member(connection, office.people["fay"]["id"])
    assert mine is not None
    assert mine.appears == micros("2026-11-30T00:00Z")
    office.now = mine.appears - 1
    assert "animal fay" not in office.shown()
    office.now += 1
    assert "animal fay" in office.shown()
    office.leave("ben")
    assert "animal ben" not in office.shown()
    assert len(office.shown()) == 5
    office.leave("cleo")
    assert office.shown() == []


def test_another_name_takes_effect_with_the_next_week_so_that_nobody_can_follow_a_row(office: Office) -> None:
    office.open()
    office.join(*EVERYBODY)
    office.next_week()
    leaderboard.join(office.desk, office.people["ada"], "grey heron")
    assert not {"grey heron", "animal ada"} & set(office.shown())
    office.next_week()
    assert "grey heron" in office.shown()


def test_whoever_wants_to_stands_there_under_their_name(office: Office) -> None:
    office.open()
    office.join(*FIVE[1:])
    office.join("ada", by_name=True)
    office.next_week()
    assert "Ada Doe" in office.shown()


def test_joining_again_under_the_same_name_changes_nothing(office: Office) -> None:
    office.open()
    office.join(*FIVE)
    office.next_week()
    office.join("ada")
    assert "animal ada" in office.shown()


def test_nobody_else_s_use_moves_the_board(office: Office) -> None:
    office.open()
    office.join(*FIVE)
    office.next_week()
    before = leaderboard.standing(office.desk, ORG)
    office.charge("gus", "flood", 3_000, micros("2026-11-12T09:00Z"))
    office.desk.add_person("hal")
    assert leaderboard.standing(office.desk, ORG) == before


def test_only_whole_weeks_count_so_today_never_shows(office: Office) -> None:
    office.open()
    office.join(*FIVE)
    office.next_week()
    before = leaderboard.standing(office.desk, ORG)
    assert (before.first_day, before.last_day) == ("2026-10-26", "2026-11-22")
    office.charge("ada", "today", 500, office.now)
    assert leaderboard.standing(office.desk, ORG) == before
    office.next_week()
    assert leaderboard.standing(office.desk, ORG) != before


def test_what_no_gateway_metered_does_not_count(office: Office) -> None:
    office.open()
    office.join(*FIVE)
    office.next_week()
    before = leaderboard.standing(office.desk, ORG)
    for provider in ("recorded", "seat"):
        office.charge("ada", provider, 900, micros("2026-11-12T09:00Z"), provider)
    assert leaderboard.standing(office.desk, ORG) == before


def test_who_left_the_company_or_is_suspended_has_no_row(office: Office) -> None:
    office.open()
    office.join(*EVERYBODY)
    office.next_week()
    office.desk.set_person_state("ada", "suspended")
    with transaction(office.desk.engine) as connection:
        people.leave(connection, office.people["ben"]["id"], "2026-11-20", office.now)
        office.desk.note(connection, "person.leave", "ben", {})
    assert not {"animal ada", "animal ben"} & set(office.shown())


def test_closing_it_lets_everybody_go_and_opening_it_again_begins_empty(office: Office) -> None:
    office.open()
    office.join(*EVERYBODY)
    office.next_week()
    office.open(to=False)
    assert not leaderboard.standing(office.desk, ORG).open
    with reading(office.desk.engine) as connection:
        assert connection.execute(select(leaderboard_member)).all() == []
    office.open()
    office.next_week()
    assert office.shown() == []


def test_a_pseudonym_is_short_plain_and_nobody_s_name(office: Office) -> None:
    office.open()
    wrong = ("", "ab", "---", "x" * 25, "<script>", "otter\u202e", "ot\u200bter", "Ada", "ada  doe", "BEN", "a.d.a")
    for pseudonym in wrong:
        with pytest.raises(InvalidInput) as refused:
            leaderboard.join(office.desk, office.people["cleo"], pseudonym)
        assert refused.value.field == "pseudonym"
    with reading(office.desk.engine) as connection:
        assert leaderboard.member(connection, office.people["cleo"]["id"]) is None


def test_a_pseudonym_is_one_person_s_whatever_its_case(office: Office) -> None:
    office.open()
    leaderboard.join(office.desk, office.people["ada"], "Quiet Otter")
    with pytest.raises(InvalidInput) as refused:
        leaderboard.join(office.desk, office.people["ben"], "quiet-OTTER")
    assert refused.value.expected == "one that nobody else goes by"


def test_the_audit_log_tells_who_opened_it_and_never_who_stands_behind_a_pseudonym(office: Office) -> None:
    office.open()
    office.join(*FIVE)
    office.leave("ada")
    with reading(office.desk.engine) as connection:
        lines = [(row.action, row.subject, row.detail) for row in connection.execute(select(audit))]
    assert ("setting.change", "leaderboard", '{"open":true}') in lines
    assert not [line for line in lines if "animal" in str(line) or "leaderboard.join" in line]


def test_one_sees_one_s_own_row_before_anybody_else_does(office: Office) -> None:
    row = leaderboard.preview(office.desk, office.people["ada"], Shown("quiet otter", False))
    assert row is not None
    assert (row.cost, row.cache, row.days) == (NANO, 75, "under 5")
    assert leaderboard.preview(office.desk, office.desk.add_person("ina"), Shown("quiet hare", False)) is None


def test_what_is_open_is_asked_by_name(office: Office) -> None:
    with reading(office.desk.engine) as connection:
        assert {one.opening.name: one.open for one in openings.listed(connection)} == {
            "offers-for-visitors": False,
            "leaderboard": False,
            "pause-unusual-keys": False,
            "works-council": False,
            "grants-on-hire": False,
        }
    with pytest.raises(InvalidInput), transaction(office.desk.engine) as connection:
        openings.change(connection, "everything", to=True, by="owner", now=office.now)
