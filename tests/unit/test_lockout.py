"""Guessing is slowed down: a few failures are free, then each doubles the wait, up to a bound."""

from __future__ import annotations

import pytest

from bursar.office.identity.lockout import (
    MICROS,
    NEVER,
    OF_AN_ACCOUNT,
    OF_AN_ADDRESS,
    Failures,
    Limits,
    counted,
    forgiven,
    is_closed,
    wait_seconds,
)

NOW = 1_700_000_000 * MICROS
HOUR = 3600 * MICROS


def after(count: int, limits: Limits = OF_AN_ACCOUNT) -> tuple[Failures, list[int]]:
    """What is remembered after so many failures, each as soon as it may be, and the waits between."""
    failures, now, waits = Failures(), NOW, []
    for _ in range(count):
        failures = counted(failures, now, limits)
        waits.append(0 if is_closed(failures) else wait_seconds(failures, now))
        now = max(now, failures.until)
    return failures, waits


def test_the_first_failures_are_free_and_then_waits_double() -> None:
    assert after(14)[1] == [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]


def test_after_a_hundred_in_a_row_only_a_link_helps() -> None:
    assert not is_closed(after(99)[0])
    closed, _ = after(100)
    assert is_closed(closed)
    assert wait_seconds(closed, NOW + 10_000 * HOUR) > 0
    assert is_closed(counted(closed, NOW + 10_000 * HOUR, OF_AN_ACCOUNT))


def test_a_day_of_quiet_forgets() -> None:
    failures, _ = after(10)
    assert counted(failures, failures.last + 24 * HOUR, OF_AN_ACCOUNT).count == 1
    assert counted(failures, failures.last + 24 * HOUR - 1, OF_AN_ACCOUNT).count == 11


def test_an_office_that_mistypes_twice_a_minute_never_waits_and_a_guesser_comes_down_to_two() -> None:
    failures = Failures()
    for step in range(500):
        failures = counted(failures, NOW + step * 30 * MICROS, OF_AN_ADDRESS)
        assert failures.until == 0
    _, waits = after(5_000, OF_AN_ADDRESS)
    assert waits[:49] == [0] * 49
    assert sum(waits[100:]) / len(waits[100:]) > OF_AN_ADDRESS.drain_seconds - 1
    assert max(waits) <= OF_AN_ADDRESS.max_wait_seconds


def test_what_drains_loses_no_part_of_its_time() -> None:
    failures = Failures(40, NOW, 0)
    for step in range(1, 61):
        failures = counted(failures, NOW + step * 20 * MICROS, OF_AN_ADDRESS)
    assert failures.count == 40 + 60 - 60 * 20 // OF_AN_ADDRESS.drain_seconds


def test_a_success_takes_back_its_own_attempt_only() -> None:
    assert forgiven(Failures(7, NOW, NOW + MICROS)) == Failures(6, NOW, 0)
    assert forgiven(Failures()) == Failures()


@pytest.mark.parametrize(("rest", "seconds"), [(0, 0), (-5, 0), (1, 1), (MICROS, 1), (MICROS + 1, 2)])
def test_a_wait_is_rounded_up(rest: int, seconds: int) -> None:
    assert wait_seconds(Failures(9, NOW, NOW + rest), NOW) == seconds


def test_a_clock_that_goes_back_forgets_nothing() -> None:
    failures, _ = after(10)
    assert counted(failures, NOW - HOUR, OF_AN_ACCOUNT).count == 11
    assert counted(Failures(10, NOW, 0), NOW - HOUR, OF_AN_ADDRESS).count == 11
    assert NEVER > NOW
