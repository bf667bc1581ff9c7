"""Seats and recorded usage in an office, on both engines: charged once, in order, from the lots that fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bursar.errors import Conflict, InvalidInput
from bursar.ledger import Release, Settle, TakeHold, Void, apply_now
from bursar.ledger.values import LotTerms
from bursar.money import NANO
from bursar.office.database import reading
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import reports
from bursar.office.granting import outlook, promises, seats
from bursar.office.metering import usage_events
from bursar.office.oversight import verification
from bursar.office.settings import Settings
from bursar.office.tables import audit
from bursar.office.terms import rollout
from bursar.plans.check import load

DAY = 86_400_000_000


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


class Office:
    """A desk whose clock stands still until it is moved."""

    def __init__(self, url: str, home: Path) -> None:
        self.now = micros("2026-11-20T12:00Z")
        settings = Settings(home=home, database_url=url)
        initialise(settings)
        self.desk: Desk = open_desk(settings, clock=lambda: self.now, actor="test")
        self.ada = self.desk.add_person("ada")["id"]

    def lot(self, name: str, amount: int, effective: str, expires: str, unit: str = "USD") -> None:
        """A lot that was released when it opened."""
        terms = LotTerms(name, unit, amount * NANO, micros(effective), micros(expires), grant=f"grt_{name}")
        apply_now(self.desk.store, [Release(f"release:{name}", self.ada, terms)], terms.effective)

    def charges(self) -> list[tuple[str, int, int, str]]:
        """Day, amount and overage in whole units, model; in the order of recording."""
        rows = self.desk.store.read(
            lambda session: session.rows("SELECT at, amount, overage, model FROM charge ORDER BY seq")
        )
        return [
            (
                datetime.fromtimestamp(row[0] // 10**6, UTC).isoformat()[:10],
                row[1] // NANO,
                row[2] // NANO,
                row[3],
            )
            for row in rows
        ]

    def left(self, unit: str = "USD") -> int:
        found = reports.balance(self.desk, "ada")
        return (
            next((one["available_nanos"] for one in (found, *found["other_units"]) if one["unit"] == unit), 0) // NANO
        )

    def assert_clean(self) -> None:
        assert verification.verified(self.desk).findings == []


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    one = Office(database_url, tmp_path / "home")
    yield one
    one.assert_clean()
    one.desk.close()


# Seats.


def test_a_seat_is_charged_when_it_falls_due_and_only_once(office: Office) -> None:
    office.desk.give("ada", "$500")
    added = seats.add(office.desk, "ada", "copilot", "$19", starts="2026-12-01")
    assert (added["next_charge"], office.charges()) == ("2026-12-01", [])
    office.now = micros("2027-01-15T00:00Z")
    assert [one["at"] for one in outlook.due_events(office.desk)] == ["2026-12-01", "2027-01-01"]
    assert len(promises.run_calendar(office.desk)) == 2
    assert promises.run_calendar(office.desk) == []
    assert outlook.due_events(office.desk) == []
    assert office.charges() == [("2026-12-01", 19, 0, "copilot"), ("2027-01-01", 19, 0, "copilot")]
    assert office.left() == 500 - 38
    (row,) = reports.usage(office.desk, "provider", start="2026-12-01")["rows"]
    assert (row["key"], row["requests"], row["cost_nanos"]) == ("seat", 2, 38 * NANO)
    with reading(office.desk.engine) as connection:
        assert "seat.add" in {row.action for row in connection.execute(audit.select())}


def test_two_nodes_that_charge_at_once_charge_once(office: Office) -> None:
    office.desk.give("ada", "$500")
    seats.add(office.desk, "ada", "copilot", "$19", starts="2026-12-01")
    office.now = micros("2026-12-02T00:00Z")
    waiting = seats.waiting(office.desk.engine, office.now)
    first = seats._make(office.desk.store, waiting, office.now)
    second = seats._make(office.desk.store, waiting, office.now)
    assert (len(first), len(second)) == (1, 0)
    assert seats.run(office.desk.engine, office.desk.store, office.now, now=office.now) == []
    assert len(office.charges()) == 1


PLAN = """
bursar: plan/1
name: team
title: Team
allotment: {amount: $20, every: month}
statements: {tax: none, expectations: none, visibility: none, rate_limits: none, changes: none}
"""


def test_a_seat_is_charged_from_the_lot_of_its_own_month_however_late(office: Office) -> None:
    """A monthly plan of $20 that expires with the month pays $15 in each; two months of downtime change nothing."""
    rollout.apply_plan(office.desk, load(PLAN))
    promises.give(office.desk, "ada", "team", starts="2026-12-01")
    seats.add(office.desk, "ada", "cursor", "$15", starts="2026-12-01")
    office.now = micros("2027-02-10T00:00Z")
    done = [type(one).__name__ for one in promises.run_calendar(office.desk)]
    assert done == ["Done", "Charged"] * 3
    assert [one[:3] for one in office.charges()] == [
        ("2026-12-01", 15, 0),
        ("2027-01-01", 15, 0),
        ("2027-02-01", 15, 0),
    ]
    assert office.left() == 5


def test_a_seat_of_today_is_paid_from_the_lots_of_today_and_beyond_them_it_is_overage(office: Office) -> None:
    office.desk.give("ada", "$15")
    seats.add(office.desk, "ada", "copilot", "$20")
    assert office.charges() == [("2026-11-20", 20, 5, "copilot")]
    assert office.left() == 0


def test_a_seat_in_gpu_hours_draws_on_gpu_hours(office: Office) -> None:
    office.desk.give("ada", "40 GPU-h")
    seats.add(office.desk, "ada", "cluster", "15 GPU-h", starts="2026-11-21")
    office.now += DAY
    promises.run_calendar(office.desk)
    assert office.left("gpu-h") == 25


def test_ending_a_seat_gives_back_the_days_after_it_by_its_proration(office: Office) -> None:
    office.desk.give("ada", "$1,000")
    daily = seats.add(office.desk, "ada", "copilot", "$31", starts="2026-12-01", proration="daily")
    whole = seats.add(office.desk, "ada", "cursor", "$200", starts="2026-12-01")
    office.now = micros("2026-12-05T00:00Z")
    ended = seats.end(office.desk, daily["id"], "2026-12-10")
    assert [one["after_nanos"] for one in ended["corrected"]] == [10 * NANO]
    assert seats.end(office.desk, whole["id"], "2026-12-10")["corrected"] == []
    assert office.left() == 1000 - 10 - 200
    office.now = micros("2027-03-01T00:00Z")
    assert promises.run_calendar(office.desk) == []
    with pytest.raises(Conflict, match="ends on 2026-12-10 already"):
        seats.end(office.desk, daily["id"], "2026-12-20")
    assert [one["ends"] for one in seats.listed(office.desk, "ada")] == ["2026-12-10", "2026-12-10"]


def test_a_seat_that_ended_in_the_past_gives_back_whole_periods(office: Office) -> None:
    office.desk.give("ada", "$1,000")
    one = seats.add(office.desk, "ada", "cursor", "$200", starts="2026-12-01")
    office.now = micros("2027-02-02T00:00Z")
    seats.end(office.desk, one["id"], "2026-12-31")
    assert office.left() == 800


def test_who_leaves_takes_no_seat_along(office: Office) -> None:
    office.desk.give("ada", "$1,000")
    seats.add(office.desk, "ada", "copilot", "$31", starts="2026-12-01", proration="daily")
    seats.add(office.desk, "ada", "cursor", "$200", starts="2027-03-01")
    office.now = micros("2026-12-05T00:00Z")
    assert len(promises.leave(office.desk, "ada", "2026-12-10", dry_run=True)["seats"]) == 2
    promises.leave(office.desk, "ada", "2026-12-10")
    office.now = micros("2027-06-01T00:00Z")
    promises.run_calendar(office.desk)
    assert [one["next_charge"] for one in seats.listed(office.desk)] == [None, None]
    assert office.left() == 990


def test_what_makes_no_seat_is_refused(office: Office) -> None:
    for fields in (
        {"starts": "2020-01-01"},
        {"starts": "2026-12-01", "ends": "2026-11-30"},
        {"starts": "1 May"},
        {"every": "week"},
        {"proration": "hourly"},
    ):
        with pytest.raises(InvalidInput):
            seats.add(office.desk, "ada", "copilot", "$19", **fields)
    with pytest.raises(InvalidInput, match="product"):
        seats.add(office.desk, "ada", "", "$19")
    assert seats.listed(office.desk) == []


# Recorded usage.


def event(name: str, amount: str, time: str, **fields: Any) -> dict[str, Any]:
    data = {"amount": amount, "model": "h100"}
    return {
        "specversion": "1.0", "id": name, "source": "slurm", "type": "dev.bursar.usage.v1", "subject": "ada",
        "time": time, "data": data, **fields,
    }  # fmt: skip


def record(office: Office, *events: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return usage_events.record_text(office.desk, json.dumps(events).encode(), **fields)


def test_gpu_hours_are_charged_at_their_own_time_from_the_lots_of_then(office: Office) -> None:
    office.lot("november", 40, "2026-11-01T00:00Z", "2027-01-01T00:00Z", "gpu-h")
    office.lot("later", 40, "2026-11-19T00:00Z", "2026-11-30T00:00Z", "gpu-h")  # burns first, but was not open then
    outcome = record(
        office, event("a", "1.5 GPU-h", "2026-11-10T10:00:00Z"), event("b", "4 GPU-h", "2026-11-19T10:00:00Z")
    )
    assert [(one["late"], one["overage_nanos"], one["repeated"]) for one in outcome["events"]] == [
        (False, 0, False)
    ] * 2
    lots = {one["lot"]: one["spent_nanos"] for one in reports.balance(office.desk, "ada")["lots"]}
    assert lots == {"november": 15 * NANO // 10, "later": 4 * NANO}
    before = reports.balance(office.desk, "ada", "2026-11-09T00:00Z")["other_units"]
    after = reports.balance(office.desk, "ada", "2026-11-11T00:00Z")["other_units"]
    assert [one["available_nanos"] for one in (*before, *after)] == [40 * NANO, 385 * NANO // 10]
    (account,) = reports.statement(office.desk, "ada", "2026-11-01")["other_units"]
    assert (account["unit"], account["closing_nanos"]) == ("gpu-h", 745 * NANO // 10)
    (used,) = reports.usage(office.desk, "model")["other_units"]
    assert (used["unit"], used["rows"][0]["amount_nanos"]) == ("gpu-h", 55 * NANO // 10)


def test_the_same_events_again_change_nothing_and_other_content_is_a_conflict(office: Office) -> None:
    office.desk.give("ada", "40 GPU-h")
    events = [event("a", "1 GPU-h", "2026-11-20T12:00:00Z"), event("b", "2 GPU-h", "2026-11-20T12:00:00Z")]
    record(office, *events)
    office.now += 3 * DAY
    again = record(office, *events, event("c", "1 GPU-h", "2026-11-22T12:00:00Z"))
    assert (again["recorded"], again["repeated"]) == (1, 2)
    with pytest.raises(Conflict, match=r"event 'a' of 'slurm' was recorded already with other content"):
        record(office, event("d", "1 GPU-h", "2026-11-22T12:00:00Z"), event("a", "1 GPU-h", "2026-11-20T12:00:01Z"))
    other = event("a", "1 GPU-h", "2026-11-22T12:00:00Z", source="another")
    assert record(office, other)["recorded"] == 1
    assert office.left("gpu-h") == 40 - 3 - 1 - 1


def test_one_fault_and_nothing_of_the_file_is_recorded(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "bill.csv"
    file.write_text("id,person,amount,time\na,ada,$3.20,2026-11-19\nb,eve,$1,2026-11-19\n")
    with pytest.raises(InvalidInput, match="line 3: person"):
        usage_events.record_file(office.desk, file)
    file.write_text("id,person,amount,time\na,ada,$3.20,2026-11-19\nb,ada,$1,2026-10-01\nc,ada,$1,2027-10-01\n")
    with pytest.raises(InvalidInput, match=r"line 3: time: found .*usage of the last 35 days") as caught:
        usage_events.record_file(office.desk, file)
    assert "line 4: time" in caught.value.hint
    assert office.charges() == []


def test_a_dry_run_says_what_would_be_and_records_nothing(office: Office) -> None:
    office.desk.give("ada", "$2")
    tried = record(office, event("a", "$3", "2026-11-20T12:00:00Z"), dry_run=True)
    assert (tried["recorded"], tried["events"][0]["overage_nanos"]) == (1, NANO)
    assert (office.charges(), office.left()) == ([], 2)
    assert record(office, event("a", "$3", "2026-11-20T12:00:00Z"))["recorded"] == 1


def test_usage_of_a_closed_period_falls_into_the_present_marked_late_and_stays_so(office: Office) -> None:
    office.lot("october", 40, "2026-10-01T00:00Z", "2026-11-01T00:00Z", "gpu-h")
    office.lot("november", 40, "2026-11-01T00:00Z", "2026-12-01T00:00Z", "gpu-h")
    late = event("a", "3 GPU-h", "2026-10-30T10:00:00Z")
    first = record(office, late)["events"][0]
    assert (first["late"], first["overage_nanos"]) == (True, 0)
    assert office.charges() == [("2026-11-20", 3, 0, "h100")]
    again = record(office, late)["events"][0]
    assert (again["late"], again["repeated"]) == (True, True)
    (account,) = reports.statement(office.desk, "ada", "2026-11-01")["other_units"]
    assert account["lines"][-1]["note"] == "late: used 2026-10-30T10:00:00Z, by slurm"


def test_what_was_held_then_is_not_drawn_on_as_of_then(office: Office) -> None:
    """A hold took everything on the 10th and gave it back on the 12th: usage of the 11th cannot have had it."""
    office.lot("one", 10, "2026-11-01T00:00Z", "2027-01-01T00:00Z")
    tenth, twelfth = micros("2026-11-10T00:00Z"), micros("2026-11-12T00:00Z")
    apply_now(office.desk.store, [TakeHold("h", office.ada, "USD", 10 * NANO, 10 * NANO, twelfth + DAY)], tenth)
    apply_now(office.desk.store, [Void("v", office.ada, "h")], twelfth)
    outcome = record(office, event("a", "$4", "2026-11-11T00:00:00Z"), event("b", "$4", "2026-11-13T00:00:00Z"))
    assert [one["late"] for one in outcome["events"]] == [True, False]
    for day in range(9, 21):
        found = reports.balance(office.desk, "ada", f"2026-11-{day:02}T12:00Z")
        assert found["available_nanos"] >= 0
    assert reports.balance(office.desk, "ada", "2026-11-11T12:00Z")["held_nanos"] == 10 * NANO
    assert office.left() == 2


def test_a_settlement_that_gave_back_leaves_room_for_what_was_free(office: Office) -> None:
    office.lot("one", 10, "2026-11-01T00:00Z", "2027-01-01T00:00Z")
    tenth, twelfth = micros("2026-11-10T00:00Z"), micros("2026-11-12T00:00Z")
    apply_now(office.desk.store, [TakeHold("h", office.ada, "USD", 5 * NANO, 5 * NANO, twelfth + DAY)], tenth)
    apply_now(office.desk.store, [Settle("s", office.ada, "h", NANO)], twelfth)
    outcome = record(office, *(event(str(n), "$2", f"2026-11-11T0{n}:00:00Z") for n in range(4)))
    assert [one["late"] for one in outcome["events"]] == [False, False, True, True]
    assert reports.balance(office.desk, "ada", "2026-11-11T12:00Z")["available_nanos"] == NANO
    assert office.left() == 1


def test_tokens_of_a_family_are_their_own_unit(office: Office) -> None:
    office.desk.give("ada", "10M tokens of claude-sonnet")
    office.desk.give("ada", "10 GPU-h")
    usage_events.record_one(office.desk, "ada", "2M tokens of claude-sonnet")
    generic = usage_events.record_one(office.desk, "ada", "2M tokens")
    narrow = usage_events.record_one(office.desk, "ada", "1 GPU-h (h100)")
    assert [one["events"][0]["overage_nanos"] for one in (generic, narrow)] == [2_000_000 * NANO, NANO]
    assert (office.left("tokens:claude-sonnet"), office.left("gpu-h")) == (8_000_000, 10)
    assert office.left() == 0


def test_a_single_event_with_an_id_needs_its_time(office: Office) -> None:
    with pytest.raises(InvalidInput, match="time"):
        usage_events.record_one(office.desk, "ada", "$1", event_id="x")
    first = usage_events.record_one(office.desk, "ada", "$1", event_id="x", time="2026-11-20T11:00Z")
    again = usage_events.record_one(office.desk, "ada", "$1", event_id="x", time="2026-11-20T11:00Z")
    assert (first["recorded"], again["recorded"], again["repeated"]) == (1, 0, 1)
