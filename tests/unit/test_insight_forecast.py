"""The forecast: better than two simple ones on weeks that it has not seen, and right where the answer is known."""

import numpy as np
import pytest
from bench.forecast.__main__ import DAYS, bounds_of
from bench.forecast.backtest import TARGETS, pinball, scored
from bench.forecast.histories import house

from bursar.errors import InvalidInput
from bursar.insight.forecast import QUANTILES, History, Purses, forecast

PEOPLE = 60


def _steady(people: int, days: int, amount: float = 1e9) -> History:
    daily = np.full((people, days), amount)
    return History(daily, np.zeros(people, dtype=np.int64), np.zeros(people, dtype=np.int64))


def test_held_out_weeks_are_forecast_better_than_by_last_week_and_by_the_month_and_intervals_hold():
    houses = [house(PEOPLE, DAYS, seed) for seed in range(12)]
    found = scored(houses, [75, 93, 111, 135], 7)
    by = {(one.target, one.way): one for one in found}
    for target in TARGETS:
        ours = by[(target, "bursar")].loss
        assert all(ours < by[(target, way)].loss for way in ("last week", "monthly average", "last week, dressed"))
    for target in TARGETS[:2]:  # of thousands of cases; of a house there are 48 only, so that the bench says it
        assert by[(target, "monthly average, dressed")].loss > by[(target, "bursar")].loss
    people = [one for one in bounds_of(found, 7) if "interval" in one.what and "person" in one.what]
    assert len(people) == 4
    assert all(one.holds for one in people), [one.text() for one in people]


def test_pinball_loss_of_the_true_quantiles_is_the_least():
    chance = np.random.default_rng(1)
    truth = chance.exponential(size=20_000)
    true = -np.log(1 - np.asarray(QUANTILES))
    losses = [pinball(truth, np.tile(true * scale, (len(truth), 1))).mean() for scale in (0.8, 1.0, 1.2)]
    assert losses[1] == min(losses)
    assert pinball(np.array([3.0]), np.full((1, len(QUANTILES)), 1.0))[0] == pytest.approx(2 * np.mean(QUANTILES))


def test_the_same_history_and_seed_give_the_same_figures_and_another_seed_gives_others():
    one = house(20, 90, 5)
    history = History(one.daily, one.began, one.group)
    first, again, other = (forecast(history, 14, seed).spent for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_somebody_who_uses_the_same_every_day_is_expected_to_go_on_so():
    found = forecast(_steady(12, 60), 20, 3)
    assert found.mean == pytest.approx(np.full(12, 20e9), rel=0.1)
    assert (found.spent[:, 1] < 20e9).all()
    assert (found.spent[:, -2] > 20e9).all()


def test_weekdays_stay_weekdays():
    history = _steady(10, 70)  # the first day ahead is a Saturday
    day = np.arange(70)
    history.daily[:, (day - 70 + 5) % 7 >= 5] = 0
    found = forecast(history, 7, 1)
    assert found.daily.max() < 0.2e9
    assert found.days[3, 2] == pytest.approx(10e9, rel=0.25)  # Monday
    assert found.days[3, :2].max() < 0.5e9


def test_a_newcomer_leans_on_their_group_and_nobody_needs_a_past():
    history = _steady(20, 60, 5e9)
    history.began[0], history.daily[0] = 59, 0.0
    history.daily[0, 59] = 5e9
    history.began[1], history.daily[1] = 60, 0.0
    found = forecast(history, 7, 1)
    assert found.mean[0] == pytest.approx(35e9, rel=0.3)
    assert found.mean[1] == pytest.approx(35e9, rel=0.3)
    nothing = forecast(_steady(3, 5, 0.0), 7, 1)
    assert nothing.spent.max() == 0


def test_a_purse_runs_out_on_the_day_that_it_must_and_what_is_left_at_its_end_is_lost_less_what_rolls_over():
    found = forecast(
        _steady(4, 60),
        30,
        1,
        Purses(np.array([10e9, 100e9, 100e9, 0.5e9]), np.array([30, 20, 20, 30]), np.array([0.0, 0.0, 30e9, 0.0])),
    )
    middle = QUANTILES.index(0.5)
    assert 8 <= found.out_day[0, middle] <= 10  # the tenth day is number 9
    assert found.out_day[3, middle] == 0
    assert np.isinf(found.out_day[1]).all()
    assert found.out_by[0, -1] > 0.95
    assert found.out_by[1].max() == 0
    assert found.forfeited_mean[1] == pytest.approx(80e9, rel=0.06)
    assert found.forfeited_mean[2] == pytest.approx(50e9, rel=0.1)
    assert found.forfeited_mean[0] == pytest.approx(0, abs=1e9)
    assert found.forfeited_total[middle] == pytest.approx(130e9, rel=0.08)


def test_a_year_ahead_does_not_run_away():
    one = house(40, 120, 9)
    found = forecast(History(one.daily, one.began, one.group), 365, 1, count=100)
    yearly = one.daily[:, -28:].sum() / 28 * 365
    assert yearly / 3 < found.total[0, -1] < found.total[-1, -1] < yearly * 4


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("daily", lambda: History(np.array([[np.nan]]), np.zeros(1, np.int64), np.zeros(1, np.int64))),
        ("daily", lambda: History(np.zeros(3), np.zeros(1, np.int64), np.zeros(1, np.int64))),
        ("began", lambda: History(np.zeros((2, 3)), np.zeros(1, np.int64), np.zeros(2, np.int64))),
        ("ahead", lambda: forecast(_steady(1, 30), 0)),
        ("ahead", lambda: forecast(_steady(1, 30), 401)),
        ("count", lambda: forecast(_steady(1, 30), 7, count=1)),
    ],
)
def test_what_makes_no_sense_is_named(field, given):
    with pytest.raises(InvalidInput) as error:
        given()
    assert error.value.field == field
