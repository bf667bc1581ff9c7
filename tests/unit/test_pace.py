"""One address may ask so often: so much at once, so much a second after that, and forgetting lets nobody ask less."""

from __future__ import annotations

import pytest

from bursar.web.pace import MAX_REMEMBERED, Pace, network_of
from bursar.web.problems import TooOften, problem_of


def test_a_burst_is_answered_and_then_so_much_a_second() -> None:
    pace = Pace(burst=10, a_second=2)
    assert [pace.take("a", 1, 0.0) for _ in range(10)] == [0.0] * 10
    assert pace.take("a", 1, 0.0) == pytest.approx(0.5)
    assert pace.take("a", 1, 0.5) == 0.0
    assert pace.take("a", 4, 0.5) == pytest.approx(2.0)
    assert pace.take("a", 4, 2.5) == 0.0


def test_who_is_refused_loses_nothing_by_asking() -> None:
    pace = Pace(burst=2, a_second=1)
    pace.take("a", 2, 0.0)
    assert [pace.take("a", 1, 0.5) for _ in range(100)] == [pytest.approx(0.5)] * 100
    assert pace.take("a", 1, 1.0) == 0.0


def test_each_address_has_its_own_and_a_clock_that_stumbles_gives_nothing() -> None:
    pace = Pace(burst=1, a_second=1)
    assert pace.take("a", 1, 10.0) == 0.0
    assert pace.take("b", 1, 10.0) == 0.0
    assert pace.take("a", 1, 5.0) > 0
    assert pace.take("a", 1, 10.5) > 0


def test_more_than_a_whole_bucket_is_a_whole_one() -> None:
    pace = Pace(burst=5, a_second=1)
    assert pace.take("a", 500, 0.0) == 0.0
    assert pace.take("a", 500, 5.0) == 0.0


def test_memory_has_a_limit() -> None:
    pace = Pace(burst=1, a_second=1)
    for number in range(MAX_REMEMBERED + 10):
        pace.take(str(number), 1, 0.0)
    assert pace.take(str(MAX_REMEMBERED + 9), 1, 0.0) > 0
    assert pace.take("0", 1, 0.0) == 0.0


def test_an_ipv6_network_is_one_address() -> None:
    assert network_of("2001:db8:1:2::5") == network_of("2001:db8:1:2:ffff::1")
    assert network_of("2001:db8:1:2::5") != network_of("2001:db8:1:3::5")
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("no address") == "no address"


def test_a_refusal_says_when_to_go_on() -> None:
    problem = problem_of(TooOften(2.2))
    assert (problem.status, problem.retry_seconds, problem.hint) == (429, 3, "go on in 3 seconds")
