"""What a seat costs and when: short months, leap days, clock changes, parts of periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bursar.calendar import micros, parse_interval
from bursar.errors import InvalidInput
from bursar.money import NANO, Amount, Unit
from bursar.plans.seats import SeatTerms, due, next_due

FAR = micros(datetime(2100, 1, 1, tzinfo=UTC))


def seat(starts: str, *, every: str = "month", zone: str = "UTC", dollars: int = 310, **fields: object) -> SeatTerms:
    dates = {
        name: date.fromisoformat(value) for name, value in fields.items() if isinstance(value, str) and value[0] == "2"
    }
    terms = SeatTerms(
        "seat_1",
        Amount.of(dollars, Unit("USD")),
        parse_interval(every),
        ZoneInfo(zone),
        date.fromisoformat(starts),
        **dates,
    )  # type: ignore[arg-type]
    return replace(terms, proration=fields["proration"]) if "proration" in fields else terms  # type: ignore[arg-type]


def at(text: str) -> int:
    return micros(datetime.fromisoformat(text))


def days(terms: SeatTerms, until: str) -> list[str]:
    return [one.key for one in due(terms, 0, at(until))]


def test_a_seat_of_the_31st_is_paid_on_the_last_day_of_short_months_and_on_the_31st_again() -> None:
    assert days(seat("2027-12-31"), "2028-05-31T00:00Z") == [
        "2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31",
    ]  # fmt: skip


def test_a_seat_of_the_leap_day_is_paid_on_the_28th_in_other_years() -> None:
    assert days(seat("2028-02-29", every="year"), "2032-12-31T00:00Z") == [
        "2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29",
    ]  # fmt: skip


def test_quarters_and_several_months_are_counted_from_the_start() -> None:
    assert days(seat("2026-11-30", every="quarter"), "2027-09-01T00:00Z") == [
        "2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30",
    ]  # fmt: skip
    assert days(seat("2026-01-15", every="2 months"), "2026-06-01T00:00Z") == ["2026-01-15", "2026-03-15", "2026-05-15"]


def test_a_charge_falls_on_midnight_where_the_person_is_also_over_a_clock_change() -> None:
    charges = due(seat("2026-02-28", zone="Europe/Berlin"), 0, at("2026-05-01T00:00Z"))
    assert [one.at for one in charges] == [
        at("2026-02-28T00:00+01:00"), at("2026-03-28T00:00+01:00"), at("2026-04-28T00:00+02:00"),
    ]  # fmt: skip
    assert [one.until for one in charges][:2] == [one.at for one in charges][1:]


def test_a_midnight_that_the_clocks_skip_is_the_first_instant_of_the_day() -> None:
    (charge,) = due(seat("2026-09-06", zone="America/Santiago"), 0, at("2026-09-30T00:00Z"))
    assert (charge.key, charge.at) == ("2026-09-06", at("2026-09-06T01:00-03:00"))


def test_the_part_of_a_period_at_the_end_costs_its_share_of_days_or_the_whole() -> None:
    ended = seat("2026-12-01", ends="2027-01-10")
    assert [one.nanos // NANO for one in due(ended, 0, FAR)] == [310, 310]
    daily = replace(ended, proration="daily")
    first, last = due(daily, 0, FAR)
    assert (first.nanos, last.nanos) == (310 * NANO, 100 * NANO)
    assert last.evidence == "2027-01-01 to 2027-01-10, 10/31 of the period"


def test_the_part_of_a_period_at_the_start_is_charged_where_periods_are_counted_from_another_day() -> None:
    terms = seat("2026-12-22", anchor="2026-01-01", proration="daily")
    first, second = due(terms, 0, at("2027-01-15T00:00Z"))
    assert (first.key, first.nanos, second.key, second.nanos) == ("2026-12-22", 100 * NANO, "2027-01-01", 310 * NANO)
    whole = due(replace(terms, proration="none"), 0, at("2026-12-31T00:00Z"))
    assert [one.nanos for one in whole] == [310 * NANO]


def test_days_are_counted_by_the_calendar_when_an_hour_is_missing() -> None:
    terms = seat("2026-03-01", zone="Europe/Berlin", ends="2026-03-29", proration="daily", dollars=31)
    assert [one.nanos for one in due(terms, 0, FAR)] == [29 * NANO]


def test_a_share_is_rounded_once_half_up() -> None:
    terms = replace(seat("2026-02-01", ends="2026-02-01", proration="daily"), amount=Amount(14, Unit("USD")))
    assert [one.nanos for one in due(terms, 0, FAR)] == [1]


def test_asking_in_two_pieces_is_asking_once() -> None:
    terms = seat("2026-01-31", ends="2027-06-05", proration="daily")
    whole = due(terms, 0, FAR)
    for cut in [one.at for one in whole]:
        assert due(terms, 0, cut) + due(terms, cut, FAR) == whole
        assert next_due(terms, cut - 1) == cut
    assert next_due(terms, whole[-1].at) is None
    assert len({one.id for one in whole}) == len(whole)


@pytest.mark.parametrize("every", ["day", "2 weeks"])
def test_days_and_weeks_are_refused(every: str) -> None:
    with pytest.raises(InvalidInput, match="every"):
        seat("2026-01-01", every=every)


def test_a_seat_that_ended_before_it_started_costs_nothing() -> None:
    assert due(seat("2026-01-01", ends="2025-12-31", proration="daily"), 0, FAR) == []
    assert next_due(seat("2026-01-01", ends="2025-11-01"), 0) is None
