"""Amounts: what can be added, what is rounded, and what is understood when a person writes one."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import pytest

from bursar.errors import BursarError, InvalidInput
from bursar.money import (
    MAX_NANOS,
    MAX_PARTS,
    MAX_TEXT_CHARS,
    NANO,
    Amount,
    AmountError,
    Unit,
    UnitMismatch,
    format_amount,
    parse_amount,
    round_half_up_div,
    split,
)

USD = Unit("USD")
EUR = Unit("EUR")
TOKENS = Unit("tokens")


@pytest.mark.parametrize(
    ("n", "d", "expected"),
    [(0, 1, 0), (1, 3, 0), (1, 2, 1), (3, 2, 2), (5, 2, 3), (2, 3, 1), (-1, 3, 0), (-1, 2, -1), (-5, 2, -3), (7, 7, 1)],
)
def test_a_half_is_rounded_away_from_zero(n: int, d: int, expected: int) -> None:
    assert round_half_up_div(n, d) == expected


@pytest.mark.parametrize("d", [0, -1])
def test_a_quotient_needs_a_positive_denominator(d: int) -> None:
    with pytest.raises(InvalidInput, match="denominator: found"):
        round_half_up_div(1, d)


@pytest.mark.parametrize("operands", [(1.0, 2), (1, 2.0)])
def test_rounding_refuses_floats(operands: tuple[Any, Any]) -> None:
    with pytest.raises(TypeError):
        round_half_up_div(*operands)


@pytest.mark.parametrize("code", ["USD", "JPY", "tokens", "tokens:claude-sonnet", "gpu-h", "gpu-h:h100"])
def test_a_unit_is_a_currency_tokens_or_gpu_hours(code: str) -> None:
    assert str(Unit(code)) == code


@pytest.mark.parametrize(
    "code", ["", "usd", "UDS", "XAU", "USD:cash", "tokens:", "tokens:A", "tokens:a b", "GPU-h", "tokens:" + "a" * 65]
)
def test_any_other_unit_is_refused(code: str) -> None:
    with pytest.raises(InvalidInput, match="unit: found"):
        Unit(code)


def test_a_unit_knows_its_base_and_its_kind() -> None:
    unit = Unit("tokens:claude-sonnet")
    assert (unit.base, unit.kind, unit.is_currency) == ("tokens", "claude-sonnet", False)
    assert (USD.base, USD.kind, USD.is_currency) == ("USD", "", True)


def test_amounts_of_one_unit_add_subtract_multiply_and_compare() -> None:
    five, two = Amount.of(5, USD), Amount.of(2, USD)
    assert five + two == Amount(7 * NANO, USD)
    assert two - five == -Amount.of(3, USD)
    assert 3 * two == two * 3 == Amount.of(6, USD)
    assert two < five <= five
    assert five > two >= two
    assert max(two, five) == five
    assert not five - five


def test_a_share_of_an_amount_is_rounded_once() -> None:
    assert Amount(5, USD).share(1, 2) == Amount(3, USD)
    assert Amount.of(100, USD).share(12, 31).nanos == 38_709_677_419


@pytest.mark.parametrize("other", [Amount.of(1, EUR), Amount.of(1, TOKENS)])
def test_amounts_of_two_units_never_meet(other: Amount) -> None:
    dollar = Amount.of(1, USD)
    for meet in ("__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(UnitMismatch, match="expected USD"):
            getattr(dollar, meet)(other)
    assert dollar != other


def test_tokens_of_a_family_are_not_tokens_of_any() -> None:
    with pytest.raises(UnitMismatch):
        Amount.of(1, TOKENS) + Amount.of(1, Unit("tokens:claude-sonnet"))


@pytest.mark.parametrize("other", [1, 1.0, None, "$1"])
def test_an_amount_does_not_add_to_a_bare_number(other: Any) -> None:
    with pytest.raises(TypeError, match="an amount goes with an amount"):
        Amount.of(1, USD) + other


@pytest.mark.parametrize("number", [1.0, True, "1", None])
def test_an_amount_is_never_made_from_anything_but_an_integer(number: Any) -> None:
    with pytest.raises(TypeError, match="never floats"):
        Amount(number, USD)
    with pytest.raises(TypeError, match="never floats"):
        Amount.of(1, USD) * number
    with pytest.raises(TypeError, match="never floats"):
        split(10, [1, number])


def test_an_amount_stays_below_two_to_the_62() -> None:
    largest = Amount(MAX_NANOS, USD)
    assert -largest + largest == Amount(0, USD)
    with pytest.raises(AmountError, match="at most 4611686018427387903"):
        largest + Amount(1, USD)
    with pytest.raises(AmountError, match="at most 4611686018427387903"):
        -largest - Amount(1, USD)
    with pytest.raises(AmountError, match="at most 4611686018427387903"):
        largest * 2


def test_parts_are_rounded_down_and_the_rest_goes_from_left_to_right() -> None:
    assert split(77, [10, 20, 70]) == [8, 16, 53]
    assert split(53, [1, 1]) == [27, 26]
    assert split(-77, [10, 20, 70]) == [-8, -16, -53]


def test_a_part_that_comes_out_even_gets_nothing_of_the_rest() -> None:
    assert split(10, [2, 1, 1]) == [5, 3, 2]
    assert split(10, [0, 1, 2]) == [0, 4, 6]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [1] * (MAX_PARTS + 1)])
def test_weights_that_cannot_share_are_refused(weights: list[int]) -> None:
    with pytest.raises(InvalidInput, match="weights: found"):
        split(10, weights)


@pytest.mark.parametrize(
    ("text", "nanos", "code"),
    [
        ("$1,250", 1250 * NANO, "USD"),
        ("$0.25", NANO // 4, "USD"),
        ("$.5", NANO // 2, "USD"),
        ("$ 5", 5 * NANO, "USD"),
        ("US$5", 5 * NANO, "USD"),
        ("$5 USD", 5 * NANO, "USD"),
        ("+$5", 5 * NANO, "USD"),
        ("  $5\n", 5 * NANO, "USD"),
        ("$0", 0, "USD"),
        ("2_000 USD", 2000 * NANO, "USD"),
        ("2000USD", 2000 * NANO, "USD"),
        ("USD 2,000", 2000 * NANO, "USD"),
        ("usd 5", 5 * NANO, "USD"),
        ("€500", 500 * NANO, "EUR"),
        ("EUR 500", 500 * NANO, "EUR"),
        ("£20", 20 * NANO, "GBP"),
        ("₹1,500.50", 1_500_500_000_000, "INR"),
        ("JPY 1,250", 1250 * NANO, "JPY"),
        ("5 MXN", 5 * NANO, "MXN"),
        ("$1.5k", 1500 * NANO, "USD"),
        ("$2 thousand", 2000 * NANO, "USD"),
        ("1e3 USD", 1000 * NANO, "USD"),
        ("1e-9 USD", 1, "USD"),
        ("$0.000000001", 1, "USD"),
        ("$1.0000000000", NANO, "USD"),
        ("100k tokens", 10**5 * NANO, "tokens"),
        ("100M tokens", 10**8 * NANO, "tokens"),
        ("100m tokens", 10**8 * NANO, "tokens"),
        ("100 million tokens", 10**8 * NANO, "tokens"),
        ("1.5B tokens of claude-sonnet", 15 * 10**8 * NANO, "tokens:claude-sonnet"),
        ("2bn tokens:Claude-Opus", 2 * 10**9 * NANO, "tokens:claude-opus"),
        ("1 token of gpt-5.1", NANO, "tokens:gpt-5.1"),
        ("1.5 GPU-h", 3 * NANO // 2, "gpu-h"),
        ("3 GPU hours (h100)", 3 * NANO, "gpu-h:h100"),
        ("3 gpu-h:h100", 3 * NANO, "gpu-h:h100"),
        ("1 gpu hour of a100", NANO, "gpu-h:a100"),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, nanos: int, code: str) -> None:
    assert parse_amount(text) == Amount(nanos, Unit(code))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "found nothing"),
        ("   ", "found nothing"),
        ("NaN", "such as"),
        ("inf", "such as"),
        ("$", "such as"),
        ("USD", "such as"),
        ("five dollars", "such as"),
        ("--5 USD", "such as"),
        ("-$-5", "such as"),
        ("$1,25", "groups of three"),
        ("1,25", "groups of three"),
        ("1.250,00 EUR", "groups of three"),
        ("1.250.000 EUR", "groups of three"),
        ("0,250 USD", "groups of three"),
        ("1,2500 USD", "groups of three"),
        ("1,00,000 INR", "groups of three"),
        ("1_000,000 USD", "groups of three"),
        ("1__0 USD", "groups of three"),
        ("1_ USD", "groups of three"),
        ("5. USD", "groups of three"),
        ("1 250 USD", "groups of three"),
        ("5", "without a unit"),
        ("1k", "without a unit"),
        ("5 UDS", "the unit 'UDS'"),
        ("ABC 5", "the unit ABC"),
        ("5 tokens of", "the unit 'tokens of'"),
        ("5 tokens of -x", "the unit"),
        ("5 (h100)", "the unit"),
        ("¥5", "JPY or CNY"),
        ("$5 CAD", "both \\$ and CAD"),
        ("$5 tokens", "both \\$ and tokens"),
        ("$0.0000000001", "at most 9 decimals"),
        ("1e-10 USD", "at most 9 decimals"),
        ("1e3k USD", "an exponent and 'k'"),
        ("$4,611,686,018.427387904", "at most \\$4,611,686,018.427387903"),
        ("1e100 USD", "at most"),
        ("-$5", "negative"),
        ("$-5", "negative"),
        ("-5 tokens", "negative"),
        ("١٢ USD", "plain digits"),
        ("１２ USD", "plain digits"),
        ("5\u00a0USD", "plain digits"),
        ("−5 USD", "plain digits"),
        ("5\x00USD", "plain digits"),
        ("$" + "1" * MAX_TEXT_CHARS, f"at most {MAX_TEXT_CHARS}"),
    ],
)
def test_what_is_not_certain_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(AmountError, match=why):
        parse_amount(text)


def test_an_error_names_the_field_what_was_found_and_what_was_expected() -> None:
    with pytest.raises(AmountError) as caught:
        parse_amount("1,25 EUR", field="plan.stipend")
    error = caught.value
    assert (error.field, error.found) == ("plan.stipend", "'1,25 EUR'")
    assert error.sentence == (
        "plan.stipend: found '1,25 EUR', expected a point before the decimals and commas only between groups of three "
        "digits, such as 1,250.00"
    )
    assert isinstance(error, BursarError)
    assert (error.exit_code, error.status) == (2, 400)


def test_a_number_is_not_text() -> None:
    number: Any = 12.5
    with pytest.raises(TypeError, match="expected the text of an amount"):
        parse_amount(number)


def test_a_default_unit_stands_in_only_where_none_is_written() -> None:
    assert parse_amount("1.5k", USD) == Amount.of(1500, USD)
    assert parse_amount("1.5k tokens", USD) == Amount.of(1500, TOKENS)


@pytest.mark.parametrize("text", ["-$5", "$-5", "-5 USD", "USD -5", "-USD 5"])
def test_a_negative_amount_is_read_where_it_is_allowed(text: str) -> None:
    assert parse_amount(text, allow_negative=True) == Amount.of(-5, USD)


@pytest.mark.parametrize(
    ("nanos", "code", "person", "exact"),
    [
        (1250 * NANO, "USD", "$1,250.00", "$1,250.00"),
        (0, "USD", "$0.00", "$0.00"),
        (4_300_000, "USD", "$0.0043", "$0.0043"),
        (12_000, "USD", "$0.000012", "$0.000012"),
        (1, "USD", "$0.000000001", "$0.000000001"),
        (123_456_789, "USD", "$0.12", "$0.123456789"),
        (99_500_000, "USD", "$0.10", "$0.0995"),
        (999_999_999, "USD", "$1.00", "$0.999999999"),
        (1_005_000_000, "USD", "$1.01", "$1.005"),
        (-5 * NANO, "USD", "-$5.00", "-$5.00"),
        (5 * NANO, "EUR", "€5.00", "€5.00"),
        (1250 * NANO, "JPY", "JPY 1,250", "JPY 1,250"),
        (5 * NANO // 2, "JPY", "JPY 3", "JPY 2.5"),
        (1_500_000_000, "KWD", "KWD 1.500", "KWD 1.500"),
        (-5 * NANO, "CHF", "-CHF 5.00", "-CHF 5.00"),
        (10**8 * NANO, "tokens", "100M tokens", "100,000,000 tokens"),
        (NANO, "tokens", "1 token", "1 token"),
        (999 * NANO, "tokens", "999 tokens", "999 tokens"),
        (1_234_567 * NANO, "tokens", "1.23M tokens", "1,234,567 tokens"),
        (999_999 * NANO, "tokens", "1M tokens", "999,999 tokens"),
        (999_990 * NANO, "tokens", "999.99k tokens", "999,990 tokens"),
        (
            15 * 10**8 * NANO,
            "tokens:claude-sonnet",
            "1.5B tokens of claude-sonnet",
            "1,500,000,000 tokens of claude-sonnet",
        ),
        (250_000_000, "tokens", "0.25 tokens", "0.25 tokens"),
        (1_500_000_000, "gpu-h", "1.5 GPU-h", "1.5 GPU-h"),
        (1_234 * NANO, "gpu-h:h100", "1,234 GPU-h (h100)", "1,234 GPU-h (h100)"),
        (1_234_567_890, "gpu-h", "1.23 GPU-h", "1.23456789 GPU-h"),
    ],
)
def test_an_amount_is_printed_for_a_person_and_exactly(nanos: int, code: str, person: str, exact: str) -> None:
    amount = Amount(nanos, Unit(code))
    assert format_amount(amount) == person
    assert format_amount(amount, "exact") == exact


def test_a_sign_is_printed_on_demand_except_on_zero() -> None:
    assert format_amount(Amount.of(5, USD), sign=True) == "+$5.00"
    assert format_amount(Amount.of(-5, USD), sign=True) == "-$5.00"
    assert format_amount(Amount.of(0, USD), sign=True) == "$0.00"


def test_the_examples_in_the_reference_are_true() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "money.md"
    outcome = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 5
    assert outcome.failed == 0
