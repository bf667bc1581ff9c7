"""The price book against the library that its list prices come from, for every model that there is."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from genai_prices.data import providers
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.oracle import as_library_usage

from bursar.errors import InvalidInput
from bursar.prices import PriceBook, Usage, list_prices, maximum_output, recompute
from bursar.prices.usage import FIELDS

BOOK = PriceBook(list_prices())
INSTANTS = (
    datetime(2025, 3, 1, 5, tzinfo=UTC),
    datetime(2026, 5, 2, 17, 30, tzinfo=UTC),
    datetime(2026, 11, 20, 23, tzinfo=UTC),
)
TIERS = (
    ("", None),
    ("batch", {"processing": "batch"}),
    ("priority", {"service_tier": "priority"}),
    ("flex", {"service_tier": "flex"}),
)


def micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def any_usage(chance: random.Random) -> Usage:
    return Usage(**{one: chance.choice((0, 0, chance.randrange(300_000))) for one in FIELDS})


def reference(model) -> str:
    """A name that means this model: its id, or the first literal of its matching rule."""
    clauses = [model.match]
    while clauses:
        clause = clauses.pop(0)
        for name in ("equals", "starts_with", "contains"):
            if hasattr(clause, name):
                return getattr(clause, name)
        clauses += getattr(clause, "or_", None) or getattr(clause, "and_", [])
    return model.id


@pytest.mark.parametrize("provider", providers, ids=lambda one: one.id)
def test_every_model_costs_what_the_library_says_at_every_date_and_tier(provider) -> None:
    chance = random.Random(provider.id)
    checked = 0
    for model in provider.models:
        name = reference(model)
        if provider.find_model(name, all_providers=providers) is not model:  # another model's rule claims it first
            continue
        for when in INSTANTS:
            for tier, context in TIERS:
                usage = any_usage(chance)
                price = model.calc_price(
                    as_library_usage(usage), provider, genai_request_timestamp=when, price_context=context
                ).total_price
                tariff = BOOK.tariff(provider.id, name, micros(when), tier)
                assert tariff is not None
                assert tariff.list_nanos(usage) == int((price * 10**9).quantize(Decimal(1), ROUND_HALF_UP)), model.id
                checked += 1
    assert checked or not provider.models


KNOWN = [
    ("anthropic", "claude-sonnet-4-5"),
    ("openai", "gpt-5"),
    ("openai", "gpt-4o-mini"),
    ("google", "gemini-2.5-pro"),
    ("google", "gemini-2.5-flash"),
    ("anthropic", "claude-haiku-4-5"),
]
NOW = micros(INSTANTS[2])


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(KNOWN),
    st.integers(0, 400_000),
    st.integers(0, 128_000),
    st.integers(1, 8),
    st.sampled_from(["", "5m", "1h"]),
    st.randoms(use_true_random=False),
)
def test_no_usage_within_its_bounds_costs_more_than_the_quote(model, inputs, outputs, choices, ttl, chance) -> None:
    tariff = BOOK.tariff(*model, NOW)
    quote = tariff.quote(inputs, outputs, choices, ttl)
    left, used = inputs, {}
    names = ["input", "cache_read", "input_audio", "input_image", "cache_read_audio"]
    names += {"": [], "5m": ["cache_write_5m"], "1h": ["cache_write_5m", "cache_write_1h"]}[ttl]
    for name in chance.sample(names, len(names)):
        used[name] = chance.randint(0, left)
        left -= used[name]
    left = outputs * choices
    for name in ("output", "reasoning", "output_audio"):
        used[name] = chance.randint(0, left)
        left -= used[name]
    assert tariff.list_nanos(Usage(**used)) <= quote.worst_nanos


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(KNOWN),
    st.integers(0, 10**10),
    st.integers(0, 400_000),
    st.integers(1, 8),
    st.sampled_from(["", "5m", "1h"]),
)
def test_the_affordable_output_is_the_largest_whose_worst_case_fits(model, budget, inputs, choices, ttl) -> None:
    tariff = BOOK.tariff(*model, NOW)
    most = tariff.affordable_output(budget, inputs, choices, ttl)
    if tariff.quote(inputs, 0, choices, ttl).worst_nanos > budget:
        assert most == 0
    else:
        assert tariff.quote(inputs, most, choices, ttl).worst_nanos <= budget
        assert tariff.quote(inputs, most + 1, choices, ttl).worst_nanos > budget


def test_crossing_a_tier_prices_every_token_at_the_tier() -> None:
    tariff = BOOK.tariff("google", "gemini-2.5-pro", NOW)
    below, above = tariff.list_nanos(Usage(input=200_000)), tariff.list_nanos(Usage(input=200_001))
    assert below == 200_000 * 1_250
    assert above == 200_001 * 2_500


def test_an_unknown_model_is_refused_or_priced_at_the_dearest_of_its_provider_never_free() -> None:
    assert BOOK.tariff("openai", "gpt-99-imaginary", NOW) is None
    dear = PriceBook(list_prices(), unknown="ceiling").tariff("openai", "gpt-99-imaginary", NOW)
    assert dear is not None
    assert dear.origin == "ceiling"
    usage = Usage(input=1000, output=1000)
    for name in ("gpt-5", "gpt-4o", "o1-pro"):
        assert dear.list_nanos(usage) >= BOOK.tariff("openai", name, NOW).list_nanos(usage)


def test_a_contract_discount_lowers_the_cost_and_leaves_the_list_value() -> None:
    book = PriceBook(
        list_prices(), [{"kind": "discount", "provider": "anthropic", "model": "claude-*", "basis_points": 1250}]
    )
    tariff = book.tariff("anthropic", "claude-sonnet-4-5", NOW)
    usage = Usage(input=1_000_000 // 10, output=10_000)
    assert tariff.list_nanos(usage) == 300_000_000 + 150_000_000
    assert tariff.cost_nanos(usage) == 393_750_000


def test_an_own_model_has_a_price_of_its_own_and_a_free_one_costs_nothing() -> None:
    own = {"kind": "own", "provider": "llama-box", "model": "*", "list": {"input": "0.40", "output": "1.60"}}
    free = {"kind": "own", "provider": "toy", "model": "*", "list": {"input": "0", "output": "0"}}
    book = PriceBook(list_prices(), [own, free])
    assert (
        book.tariff("llama-box", "anything", NOW).list_nanos(Usage(input=1_000_000, output=1_000_000)) == 2_000_000_000
    )
    assert book.tariff("toy", "anything", NOW).quote(10**6, 10**5).worst_nanos == 0


def test_an_overlay_holds_from_its_first_day_until_its_last() -> None:
    rule = {
        "kind": "discount",
        "provider": "openai",
        "model": "*",
        "basis_points": 5000,
        "from": "2026-01-01",
        "until": "2026-02-01",
    }
    book = PriceBook(list_prices(), [rule])
    usage = Usage(input=1_000_000)
    costs = [
        book.tariff("openai", "gpt-4o", micros(datetime(2026, month, 1, tzinfo=UTC))).cost_nanos(usage)
        for month in (1, 2)
    ]
    before = book.tariff("openai", "gpt-4o", micros(datetime(2025, 12, 31, 23, 59, tzinfo=UTC))).cost_nanos(usage)
    assert costs == [1_250_000_000, 2_500_000_000]
    assert before == 2_500_000_000


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"kind": "gift", "provider": "x", "model": "*"}, "kind"),
        ({"kind": "discount", "provider": "", "model": "*"}, "provider"),
        ({"kind": "discount", "provider": "x", "model": "*", "basis_points": 10_001}, "basis_points"),
        ({"kind": "own", "provider": "x", "model": "*"}, "list"),
        ({"kind": "own", "provider": "x", "model": "*", "list": {"input": "1"}}, "list"),
        ({"kind": "own", "provider": "x", "model": "*", "list": {"input": "-1", "output": "1"}}, "list.input"),
        ({"kind": "own", "provider": "x", "model": "*", "list": {"input": "NaN", "output": "1"}}, "list.input"),
        ({"kind": "own", "provider": "x", "model": "*", "list": {"input": "1", "output": "1", "wax": "1"}}, "list.wax"),
        ({"kind": "contract", "provider": "x", "model": "*"}, "cost"),
        ({"kind": "discount", "provider": "x", "model": "*", "from": "soon"}, "from"),
        ({"kind": "discount", "provider": "x", "model": "*", "from": "2026-02-01", "until": "2026-01-01"}, "until"),
        ({"kind": "discount", "provider": "x", "model": "*", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_overlay_is_refused_with_its_field(document, field) -> None:
    with pytest.raises(InvalidInput) as caught:
        PriceBook(list_prices(), [document])
    assert caught.value.field == field


def test_a_charge_is_recomputed_from_its_version_years_later() -> None:
    overlays = [{"kind": "discount", "provider": "openai", "model": "*", "basis_points": 1000}]
    usage = Usage(input=1234, cache_read=777, output=55, reasoning=640)
    book = PriceBook(list_prices(), overlays)
    tariff = book.tariff("openai", "gpt-5", NOW)
    figures = (tariff.list_nanos(usage), tariff.cost_nanos(usage))
    assert recompute(list_prices(), overlays, "openai", "gpt-5", NOW, "", usage) == figures
    assert PriceBook(list_prices(), overlays).version == book.version
    assert PriceBook(list_prices()).version != book.version


def test_the_longest_answer_of_a_model_is_an_upper_bound() -> None:
    assert maximum_output("openai", "gpt-4o-mini") == 16_384
    assert maximum_output("anthropic", "claude-sonnet-4-5-20250929") == 64_000
    assert maximum_output("groq", "something-new") == 131_072
