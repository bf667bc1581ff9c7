"""A key that runs away: seen at the next look, told to who can stop it, paused where that is set; on both engines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.ledger import NEVER, Applied, Charge, LotTerms, Release, Usage, apply_now
from bursar.office import audit, openings
from bursar.office.database import reading, transaction
from bursar.office.desk import Desk, open_desk
from bursar.office.identity import accounts
from bursar.office.metering import serving
from bursar.office.settings import Settings
from bursar.office.telling import notices, unusual
from bursar.office.vault import create_master_key

pytest_plugins = ("tests.postgres",)

DOLLAR = 10**9
MINUTE = 60_000_000
LOOK = 30_000_000
BEGAN = 1_790_000_000_000_000


class House:
    """Ada with a key that costs five cents a minute, Otto who owns the place, and a clock that is moved by hand."""

    def __init__(self, url: str, home: Path) -> None:
        create_master_key(home / "master.key")
        self.now = BEGAN
        self.desk: Desk = open_desk(Settings(home=home, database_url=url), lambda: self.now, "test")
        self.ada = self.desk.add_person("ada")["id"]
        otto = self.desk.add_person("otto")["id"]
        self.key = self.desk.issue_key("ada", label="swarm")["id"]
        with transaction(self.desk.engine) as connection:
            accounts.add(
                connection,
                "otto@x.example",
                account_id="acc_o",
                person_id=otto,
                roles=["owner"],
                by="test",
                now=self.now,
            )
        self.count = 0
        terms = LotTerms("lot", "USD", 10_000 * DOLLAR, self.now, NEVER)
        self.do([Release("release:lot", self.ada, terms, "")])

    def do(self, commands: list[Any]) -> None:
        for answer in apply_now(self.desk.store, commands, self.now):
            assert isinstance(answer, Applied), answer

    def spend(self, nanos: int, requests: int = 1) -> None:
        self.count += 1
        usage = Usage(at=self.now, key=self.key)
        each = [nanos // requests] * requests
        self.do([Charge(f"c:{self.count}:{n}", self.ada, "USD", one, usage=usage) for n, one in enumerate(each)])

    def usual_days(self, minutes: int = 40) -> None:
        for _ in range(minutes):
            self.spend(DOLLAR // 20)
            self.now += 7 * MINUTE

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        found = notices.listed(self.desk, limit=100)
        return sorted((one["person"], one["fields"]) for one in found if one["kind"] == "key_unusual")

    def state(self) -> str:
        (one,) = self.desk.keys("ada")
        return str(one["state"])


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    found = House(migrated_url, tmp_path / "home")
    yield found
    found.desk.close()


def test_a_key_that_jumps_forty_times_is_told_of_at_the_next_look_and_once_and_goes_on_working(house: House) -> None:
    house.usual_days()
    assert unusual.look(house.desk, house.now) == []
    house.spend(2 * DOLLAR, requests=40)  # a swarm of forty
    house.now += LOOK
    (found,) = unusual.look(house.desk, house.now)
    assert (found.key, found.minute.times) == (house.key, 40)
    (ada, fields), (otto, same) = house.told()
    assert (ada, otto, fields) == ("ada", "otto", same)
    assert (fields["times"], fields["who"], fields["amount_nanos"]) == ("40", "ada", 2 * DOLLAR)
    assert house.state() == "live"
    house.spend(2 * DOLLAR)
    assert unusual.look(house.desk, house.now) == []
    assert len(house.told()) == 2


def test_with_the_pause_open_the_key_stops_the_log_says_why_and_one_command_lets_it_go_on(house: House) -> None:
    with transaction(house.desk.engine) as connection:
        openings.change(connection, "pause-unusual-keys", to=True, by="otto", now=house.now)
    house.usual_days()
    house.spend(2 * DOLLAR)
    house.now += LOOK
    unusual.look(house.desk, house.now)
    assert house.state() == "paused"
    with reading(house.desk.engine) as connection:
        (line,) = audit.lines(connection, action="key.pause")
    assert (line["actor"], line["subject"], line["detail"]["times"]) == (unusual.ACTOR, house.key, 40)
    assert {fields["paused"] for _, fields in house.told()} == {"yes"}
    house.desk.resume_key(house.key)
    assert house.state() == "live"


def test_a_new_key_may_burn_and_an_old_burst_is_over(house: House) -> None:
    house.spend(2 * DOLLAR)
    assert unusual.look(house.desk, house.now) == []
    house.now += 10 * MINUTE
    house.usual_days()
    house.spend(2 * DOLLAR)
    house.now += 2 * MINUTE
    assert unusual.look(house.desk, house.now) == []


def test_what_a_running_gateway_does_by_itself_within_a_minute_finds_it(house: House) -> None:
    assert serving.NOTICE_SECONDS <= 60
    house.usual_days()
    house.spend(2 * DOLLAR, requests=40)
    house.now += LOOK
    serving._tell_once(house.desk, threading.Event())
    assert [person for person, _ in house.told()] == ["ada", "otto"]
