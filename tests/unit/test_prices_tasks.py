"""What a task costs and how a price went: from the book's own rates."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bursar.errors import InvalidInput, NotFound
from bursar.money import NANO, parse_amount
from bursar.prices import PriceBook, list_prices
from bursar.prices.gpu import worth
from bursar.prices.tasks import TASKS, priced
from bursar.prices.trend import breakeven, trend

BOOK = PriceBook(list_prices())
NOW = 1_795_000_000_000_000


def test_presets_are_priced_from_the_book_the_swarm_far_above_the_e_mail() -> None:
    tariff = BOOK.tariff("openai", "gpt-4o", NOW)
    assert tariff is not None
    found = {one.task.name: one.list_nanos for one in priced(tariff)}
    # By hand: 700 tokens at $2.50 and 350 at $10 a million.
    assert found["email"] == 700 * 2_500 + 350 * 10_000 == 5_250_000
    assert list(found.values()) == sorted(found.values())
    assert found["swarm"] > 10_000 * found["email"]
    assert [one.name for one in TASKS] == list(found)


def test_a_swarm_of_short_steps_meets_no_tier_for_long_ones() -> None:
    tariff = BOOK.tariff("anthropic", "claude-sonnet-4-5", NOW)
    assert tariff is not None
    swarm = priced(tariff)[-1]
    assert swarm.list_nanos == (9 * 3 + 140 * 3 // 10 + 22 * 15 // 10) * NANO  # $3, $0.30 and $15 a million
    assert swarm.per_request_nanos < NANO


def test_the_series_of_a_price_is_that_of_its_history() -> None:
    first, second, *rest = trend(BOOK, "openai", "o3")
    assert (first.since, first.input_nanos, first.output_nanos, first.change) == (None, 10 * NANO, 40 * NANO, None)
    assert (second.since, second.input_nanos, second.output_nanos) == (date(2025, 6, 10), 2 * NANO, 8 * NANO)
    assert second.change == pytest.approx(-0.8)
    assert rest == []


def test_a_model_without_dated_prices_has_no_trend() -> None:
    with pytest.raises(NotFound, match="no dated price"):
        trend(BOOK, "openai", "nobody-s-model")


def test_gpu_hours_are_worth_what_their_kind_cost_on_the_day() -> None:
    def overlay(model: str, hour: str, since: str) -> dict[str, object]:
        return {
            "kind": "own",
            "provider": "gpu",
            "model": model,
            "list": {"input": hour, "output": hour},
            "from": since,
        }

    rows = [
        overlay("h100", "2.50", "2026-01-01"),
        overlay("h100", "1.75", "2026-07-01"),
        overlay("a100", "1", "2026-01-01"),
    ]
    book = PriceBook(list_prices(), rows)
    spring, autumn = (int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) * 1_000_000 for month in (3, 9))
    hours = parse_amount("40 GPU-h")
    assert worth(book, hours, spring, "h100") == parse_amount("$100")
    assert worth(book, hours, autumn, "h100") == parse_amount("$70")
    assert worth(book, parse_amount("1.5 GPU hours (a100)"), autumn) == parse_amount("$1.50")
    assert worth(book, hours, spring, "h100") == parse_amount("$100")  # whoever asks again gets the same
    with pytest.raises(NotFound, match="h200"):
        worth(book, hours, spring, "h200")
    with pytest.raises(NotFound):
        worth(book, hours, 1, "h100")  # before there was a price
    with pytest.raises(InvalidInput, match="model"):
        worth(book, hours, spring)
    with pytest.raises(InvalidInput, match="amount: found USD"):
        worth(book, parse_amount("$5"), spring, "h100")


def test_a_commitment_pays_from_the_person_on_who_makes_it_used_up() -> None:
    assert breakeven(100_000 * NANO, 150_000, 2_000 * NANO) == 51
    # Fifty people use up exactly the commitment at list price: it costs the same, and from 51 on less.
    for people, cheaper in ((50, False), (51, True)):
        at_list = people * 2_000
        assert (max(100_000, at_list * 0.85) < at_list) is cheaper


@pytest.mark.parametrize("given", [(0, 1, 1), (1, 1, 0), (1, 0, 1), (1, 1_000_000, 1), (10**18, 1, 1)])
def test_what_never_pays_is_refused(given: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidInput):
        breakeven(*given)
