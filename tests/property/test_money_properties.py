"""What holds for every amount: nothing is lost by rounding, sharing, printing and reading."""

from __future__ import annotations

import string
from decimal import Decimal
from fractions import Fraction
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from bursar.money import CURRENCIES, MAX_NANOS, NANO, Amount, AmountError, Unit, format_amount, parse_amount, split
from bursar.money import round_half_up_div as rounded

KINDS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
UNITS = st.one_of(
    st.sampled_from(sorted(CURRENCIES)),
    st.sampled_from(["tokens", "gpu-h"]),
    st.builds("{}:{}".format, st.sampled_from(["tokens", "gpu-h"]), KINDS),
).map(Unit)
MAGNITUDES = st.one_of(st.integers(0, MAX_NANOS), st.integers(0, 10**10), st.integers(0, 10**9).map(lambda n: n * NANO))
AMOUNTS = st.builds(
    lambda nanos, sign, unit: Amount(nanos * sign, unit),
    MAGNITUDES.filter(lambda n: n <= MAX_NANOS),
    st.sampled_from([1, -1]),
    UNITS,
)


@given(st.integers(), st.integers(min_value=1))
def test_rounding_gives_the_nearest_integer_and_mirrors_for_a_reversal(n: int, d: int) -> None:
    assert rounded(-n, d) == -rounded(n, d)
    assert rounded(abs(n), d) == floor(Fraction(abs(n), d) + Fraction(1, 2))


@given(AMOUNTS)
def test_what_is_printed_exactly_reads_back_as_the_same_amount(amount: Amount) -> None:
    assert parse_amount(format_amount(amount, "exact"), allow_negative=True) == amount
    assert parse_amount(format_amount(amount, "exact", sign=True), allow_negative=True) == amount


@given(AMOUNTS)
def test_what_a_person_is_shown_is_off_by_a_twentieth_at_most(amount: Amount) -> None:
    # Half the amount, because the largest rounds up past the limit.
    nearby = Amount(amount.nanos // 2, amount.unit)
    shown = parse_amount(format_amount(nearby), allow_negative=True)
    error = abs((shown - nearby).nanos)
    has_no_decimals = nearby.unit.is_currency and "." not in format_amount(nearby)
    assert error * 20 <= abs(nearby.nanos) or (has_no_decimals and error * 2 <= NANO)


@given(st.text(max_size=40) | st.text(alphabet=string.digits + ",._ +-e$€kMBUSDtokens", max_size=20))
def test_any_text_is_an_amount_or_an_amount_error(text: str) -> None:
    try:
        amount = parse_amount(text, Unit("USD"), allow_negative=True)
    except AmountError:
        return
    assert parse_amount(format_amount(amount, "exact"), allow_negative=True) == amount


@given(st.integers(0, 10**9), st.integers(0, NANO - 1), st.sampled_from(["", "k"]))
def test_digits_mean_what_decimal_says(whole: int, nanos: int, scale: str) -> None:
    text = f"{whole}.{nanos:09}"
    exact = Decimal(text) * (1000 if scale else 1) * NANO
    if exact <= MAX_NANOS:
        assert parse_amount(f"{text}{scale} USD").nanos == exact


@given(st.integers(-MAX_NANOS, MAX_NANOS), st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any))
def test_parts_sum_to_the_whole_and_none_is_a_nano_unit_off(nanos: int, weights: list[int]) -> None:
    parts = split(nanos, weights)
    assert sum(parts) == nanos
    assert parts == [-part for part in split(-nanos, weights)]
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(nanos * weight, sum(weights))) < 1
