"""The watch: who is told what about their allotment, once, and when it is forecast to run out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bursar.ledger import NEVER, Applied, Charge, Correct, LotTerms, Release, Rollover, Usage, apply_now
from bursar.office.database import reading
from bursar.office.desk import Desk, open_desk
from bursar.office.figures import reports
from bursar.office.granting import promises
from bursar.office.settings import Settings
from bursar.office.tables import usage_hour
from bursar.office.telling import notices
from bursar.office.telling.watch import EXHAUSTED_PPM, watch
from bursar.office.terms import rollout
from bursar.office.vault import create_master_key
from bursar.plans.check import load

pytest_plugins = ("tests.postgres",)

DOLLAR = 10**9
HOUR = 3_600_000_000
DAY = 24 * HOUR
BERLIN = ZoneInfo("Europe/Berlin")

PLAN = """
bursar: plan/1
name: engineering
title: Engineering compute
zone: Europe/Berlin
allotment: {amount: $AMOUNT, every: month}
limit: {warnings: [50%, 90%]}
statements: {tax: none, expectations: none, visibility: you, rate_limits: none, changes: the board, approval_time: a day}
"""


def plan(amount: str) -> Any:
    return load(PLAN.replace("$AMOUNT", f'"{amount}"'))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 1_000_000


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class Office:
    """A desk with ada, a clock, and a way to spend."""

    def __init__(self, url: str, home: Path, now: int) -> None:
        create_master_key(home / "master.key")
        self.clock = Clock(now)
        self.settings = Settings(home=home, database_url=url, ask_at="ask your lead")
        self.desk = self.another()
        self.ada = self.desk.add_person("ada", name="Ada", zone="Europe/Berlin")["id"]
        self.count = 0

    def another(self) -> Desk:
        return open_desk(self.settings, self.clock, "test")

    def lot(self, dollars: int, *, days: int = 0, opened: int = 0, person: str = "", roll: Any = None) -> str:
        self.count += 1
        name = f"lot_{self.count}"
        now = self.clock.now
        expires = now + days * DAY if days else NEVER
        terms = LotTerms(name, "USD", dollars * DOLLAR, now - opened * DAY, expires, label="stipend", roll=roll)
        self.do(Release(f"release:{name}", person or self.ada, terms, ""))
        return name

    def spend(self, nanos: int, person: str = "") -> str:
        self.count += 1
        self.do(Charge(f"charge:{self.count}", person or self.ada, "USD", nanos, usage=Usage(at=self.clock.now)))
        return f"charge:{self.count}"

    def do(self, command: Any) -> None:
        (answer,) = apply_now(self.desk.store, [command], self.clock.now)
        assert isinstance(answer, Applied), answer

    def look(self) -> list[tuple[str, dict[str, Any]]]:
        """Look once; the notices that are new."""
        before = {one["id"] for one in notices.listed(self.desk, limit=1000)}
        posted = watch(self.desk, self.clock.now)
        new = [one for one in notices.listed(self.desk, limit=1000) if one["id"] not in before]
        assert len(new) == posted
        return [(one["kind"], one["fields"]) for one in new]

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.look()]


@pytest.fixture
def office(migrated_url: str, tmp_path: Path) -> Iterator[Office]:
    found = Office(migrated_url, tmp_path / "home", at("2026-11-10T12:00"))
    yield found
    found.desk.close()


def test_nobody_hears_of_an_allotment_that_is_hardly_used(office: Office) -> None:
    office.lot(100, days=60)
    assert office.look() == []
    office.spend(1)
    assert office.look() == []


def test_one_is_warned_at_the_threshold_itself_and_not_a_nano_dollar_before(office: Office) -> None:
    office.lot(100, days=60)
    office.spend(75 * DOLLAR - 1)
    assert office.kinds() != ["warning"]
    office.spend(1)
    ((kind, fields),) = office.look()
    assert (kind, fields["share_ppm"], fields["used_nanos"]) == ("warning", 750_000, 75 * DOLLAR)
    assert (fields["available_nanos"], fields["amount_nanos"]) == (25 * DOLLAR, 100 * DOLLAR)


def test_each_threshold_is_told_of_once_then_the_end(office: Office) -> None:
    office.lot(100, days=60)
    told = []
    for _ in range(20):
        office.spend(5 * DOLLAR)
        told += [(kind, fields.get("share_ppm")) for kind, fields in office.look() if kind != "forecast"]
        assert office.look() == []
    assert told == [("warning", 750_000), ("warning", 950_000), ("exhausted", None)]


def test_a_charge_that_passes_everything_at_once_is_told_of_once(office: Office) -> None:
    office.lot(100, days=60)
    office.spend(100 * DOLLAR)
    ((kind, fields),) = office.look()
    assert (kind, fields["ask"]) == ("exhausted", "ask your lead")
    assert office.look() == []


def test_crumbs_that_admit_no_request_count_as_used_up(office: Office) -> None:
    office.lot(100, days=60)
    office.spend(100 * DOLLAR * EXHAUSTED_PPM // 1_000_000)
    assert office.kinds() == ["exhausted"]


def test_a_new_allotment_begins_anew(office: Office) -> None:
    office.lot(100, days=20)
    office.spend(80 * DOLLAR)
    assert office.kinds() == ["warning"]
    office.clock.now += 21 * DAY
    office.lot(100, days=20)
    assert office.look() == []
    office.spend(80 * DOLLAR)
    assert office.kinds() == ["warning"]


def test_what_is_given_back_takes_no_warning_back_and_repeats_none(office: Office) -> None:
    office.lot(100, days=60)
    charge = office.spend(80 * DOLLAR)
    assert office.kinds() == ["warning"]
    office.do(Correct("correct:1", office.ada, charge, 10 * DOLLAR))
    assert office.look() == []
    office.spend(70 * DOLLAR)
    assert office.look() == []


def test_the_plan_says_when_to_warn_and_when_the_next_allotment_comes(office: Office) -> None:
    rollout.apply_plan(office.desk, plan("$100"))
    promises.give(office.desk, "ada", "engineering", starts="")
    whole = reports.balance(office.desk, "ada")["available_nanos"]
    office.spend(whole // 2 + 1)
    ((kind, fields),) = office.look()
    assert (kind, fields["share_ppm"], fields["label"]) == ("warning", 500_000, "Engineering compute")
    assert fields["resets_at"] == at("2026-12-01T00:00")
    office.spend(whole // 2 - 1)
    assert office.kinds() == ["exhausted"]
    # A lot on top does not begin a new period.
    office.lot(1, days=10)
    office.spend(DOLLAR // 2)
    assert [kind for kind, fields in office.look() if fields.get("share_ppm") == 500_000] == []
    office.clock.now = at("2026-12-01T09:00")
    promises.run_calendar(office.desk)
    office.spend(60 * DOLLAR)
    assert [(kind, fields["share_ppm"]) for kind, fields in office.look()] == [("warning", 500_000)]


def test_changed_terms_are_told_of_with_what_from_when_and_why(office: Office) -> None:
    rollout.apply_plan(office.desk, plan("$100"))
    grant = promises.give(office.desk, "ada", "engineering")["grant"]
    assert office.look() == []
    promises.amend(office.desk, grant, effective="2026-12-01", amount="$150", reason="promotion")
    ((kind, fields),) = office.look()
    assert (kind, fields["before"], fields["after"]) == ("terms_changed", "$100.00 every month", "$150.00 every month")
    assert (fields["why"], fields["starts_at"]) == ("promotion", at("2026-12-01T00:00"))
    assert office.look() == []


def test_a_lot_that_ends_within_three_days_is_told_of_if_more_than_a_tenth_is_unused(office: Office) -> None:
    ben = office.desk.add_person("ben")["id"]
    office.lot(100, days=20)
    office.lot(50, days=20)
    office.lot(100, days=20, person=ben)
    office.spend(90 * DOLLAR, ben)
    office.clock.now += 17 * DAY - HOUR
    assert "expiring_soon" not in office.kinds()
    office.clock.now += 2 * HOUR
    ((kind, fields),) = office.look()
    assert (kind, fields["amount_nanos"], fields["label"]) == ("expiring_soon", 150 * DOLLAR, "stipend")
    office.clock.now += DAY
    assert office.look() == []


def test_a_lot_of_a_year_is_told_of_a_month_two_weeks_and_three_days_before_it_ends(office: Office) -> None:
    office.lot(100, days=365)
    told = []
    for day in range(330, 365):
        office.clock.now = office.clock.now if day == 330 else office.clock.now + DAY
        if day == 330:
            office.clock.now += 330 * DAY
        told += [day for kind, _ in office.look() if kind == "expiring_soon"]
    assert told == [335, 351, 362]


def test_lots_that_live_shortly_or_roll_over_are_not_told_of(office: Office) -> None:
    office.lot(100, days=2)
    office.lot(100, days=2, opened=20, roll=Rollover(office.clock.now + 90 * DAY, 100 * DOLLAR, 0, 1_000_000, 40))
    assert office.look() == []
    office.lot(100, days=2, opened=20, roll=Rollover(office.clock.now + 90 * DAY, 60 * DOLLAR, 0, 1_000_000, 40))
    office.clock.now += HOUR
    assert [fields["amount_nanos"] for _, fields in office.look()] == [40 * DOLLAR]


def test_who_has_left_hears_nothing(office: Office) -> None:
    office.lot(100, days=60)
    office.spend(80 * DOLLAR)
    promises.leave(office.desk, "ada", "2026-11-01")
    assert office.look() == []


def test_a_run_out_before_the_end_is_forecast_once(office: Office) -> None:
    office.lot(100, days=60)
    office.spend(48 * DOLLAR)  # in the last 24 hours: what is left lasts 26 more
    ((kind, fields),) = office.look()
    assert (kind, fields["runs_out_at"]) == ("forecast", office.clock.now + 26 * HOUR)
    found = reports.balance(office.desk, "ada")
    assert found["forecast"] == "at this rate it runs out on Wednesday 14:00"
    assert found["runs_out_at"] == "2026-11-11T13:00:00Z"
    office.spend(DOLLAR)
    assert office.look() == []
    office.spend(26 * DOLLAR)
    ((kind, fields),) = office.look()
    assert (kind, fields["runs_out_at"]) == ("warning", office.clock.now + 8 * HOUR)


def test_nothing_runs_out_that_ends_before(office: Office) -> None:
    office.lot(100, days=1)
    office.spend(40 * DOLLAR)
    assert office.look() == []
    found = reports.balance(office.desk, "ada")
    assert (found["forecast"], found["runs_out_at"]) == ("", None)


def test_the_past_has_no_forecast(office: Office) -> None:
    office.lot(100, days=60)
    office.spend(40 * DOLLAR)
    office.look()
    assert reports.balance(office.desk, "ada", "2026-11-10T12:00:00")["forecast"] == ""


def test_spending_by_the_hour_is_counted_once_however_often_one_looks(office: Office) -> None:
    office.lot(100, days=60)
    other = office.another()
    for _ in range(6):
        charge = office.spend(3 * DOLLAR)
        looks = [threading.Thread(target=watch, args=(one, office.clock.now)) for one in (office.desk, other)]
        for one in looks:
            one.start()
        for one in looks:
            one.join()
        office.clock.now += HOUR // 2
    office.do(Correct("correct:1", office.ada, charge, DOLLAR))
    watch(office.desk, office.clock.now)
    with reading(other.engine) as connection:
        hours = connection.execute(select(usage_hour.c.hour, usage_hour.c.amount_nanos).order_by("hour")).all()
    other.close()
    assert len(hours) == 3
    assert sum(row.amount_nanos for row in hours) == 16 * DOLLAR


def test_a_long_journal_is_read_in_stretches(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.office.telling.watch.ENTRIES_AT_ONCE", 7)
    office.lot(100, days=60)
    for _ in range(40):
        office.spend(2 * DOLLAR)
    assert office.kinds() == ["warning"]
    with reading(office.desk.engine) as connection:
        assert connection.execute(select(usage_hour.c.amount_nanos)).scalar_one() == 80 * DOLLAR
