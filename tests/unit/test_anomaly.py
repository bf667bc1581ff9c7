"""When a key's minute is told of: forty times the usual, never for being new or for being itself."""

import pytest

from bursar.insight.anomaly import LEAST_MINUTES, LEAST_RATE, Usual, unusual, usual

DOLLAR = 10**9
CENTS = DOLLAR // 100


def test_forty_times_the_usual_minute_is_told_of_with_how_many_times():
    found = unusual(2 * DOLLAR, usual([5 * CENTS] * 40), 20)
    assert found is not None
    assert found.times == 40


@pytest.mark.parametrize(
    ("burned", "minutes"),
    [
        (19 * 5 * CENTS, [5 * CENTS] * 40),  # less than the factor
        (2 * DOLLAR, [5 * CENTS] * (LEAST_MINUTES - 1)),  # a new key
        (2 * DOLLAR, []),
        (2 * DOLLAR, [5 * CENTS] * 95 + [120 * CENTS] * 5),  # it comes in bursts
        (99 * CENTS, [1] * 40),  # no amount to wake anybody for
    ],
)
def test_what_is_less_or_new_or_known_of_the_key_is_not(burned, minutes):
    assert unusual(burned, usual(minutes), 20) is None


def test_wild_minutes_do_not_move_the_usual_and_idle_ones_do_not_count():
    calm = [5 * CENTS] * 60
    assert usual([*calm, *[50 * DOLLAR] * 29, *[0] * 1000]).middle == usual(calm).middle


def test_a_key_that_costs_next_to_nothing_is_held_against_the_floor():
    known = Usual(100, 1, 1)
    assert unusual(DOLLAR, known, 100) is not None
    assert unusual(DOLLAR, known, DOLLAR // LEAST_RATE + 1) is None


def test_a_factor_of_nothing_is_never():
    assert unusual(10**15, Usual(100, 1, 1), 0) is None
