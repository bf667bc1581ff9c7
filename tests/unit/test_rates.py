"""Limits per minute as one node holds them, and what it makes of what others tell."""

from __future__ import annotations

from bursar.gateway.dialects.contract import Refusal
from bursar.gateway.rates import MINUTE, Counted, Limited, Rate, Rates

NOON = 1_000 * MINUTE


def limited(name: str = "k", *, requests: int = 0, tokens: int = 0) -> Limited:
    return Limited(f"key:{name}", Rate(requests, tokens), f"access key {name}", f"key:{name}")


def admitted(found: Counted | Refusal) -> Counted:
    assert isinstance(found, Counted)
    return found


def refused(found: Counted | Refusal) -> Refusal:
    assert isinstance(found, Refusal)
    return found


def test_one_request_more_than_the_limit_is_refused_until_the_minute_ends() -> None:
    rates, one = Rates(), limited(requests=3)
    for _ in range(3):
        admitted(rates.admit([one], 10, NOON + 1))
    refusal = refused(rates.admit([one], 10, NOON + 45_000_000))
    assert refusal.retry_after_seconds == 15
    assert refusal.resets_at == (NOON + MINUTE) // 1_000_000
    assert "access key k may use 3 requests a minute; 3 are used" in refusal.sentence
    assert refusal.fields == {
        "reason": "requests_per_minute",
        "pool": "key:k",
        "limit": 3,
        "used": 3,
        "needed": 1,
    }
    admitted(rates.admit([one], 10, NOON + MINUTE))


def test_tokens_are_guessed_first_and_true_afterwards() -> None:
    rates, one = Rates(), limited(tokens=1_000)
    first = admitted(rates.admit([one], 600, NOON))
    assert refused(rates.admit([one], 600, NOON)).fields["needed"] == 600
    rates.settle(first, 100, NOON + 5)
    assert rates.used(one.subject) == (1, 100)
    second = admitted(rates.admit([one], 600, NOON + 5))
    rates.settle(second, 2_000, NOON + 9)
    assert rates.used(one.subject) == (2, 2_100)
    refused(rates.admit([one], 1, NOON + 10))


def test_what_a_long_reply_takes_beyond_the_guess_counts_in_the_minute_of_its_end() -> None:
    rates, one = Rates(), limited(tokens=1_000)
    long, short = (admitted(rates.admit([one], 100, NOON)) for _ in range(2))
    rates.settle(long, 900, NOON + MINUTE)
    assert rates.used(one.subject) == (0, 800)
    rates.settle(short, 1, NOON + MINUTE)  # what was guessed too high belongs to a minute that is over
    assert rates.used(one.subject) == (0, 800)


def test_a_request_larger_than_the_whole_limit_passes_when_nothing_else_was_asked() -> None:
    rates, one = Rates(), limited(tokens=1_000)
    admitted(rates.admit([one], 5_000, NOON))
    refused(rates.admit([one], 1, NOON + 1))


def test_a_refusal_by_one_limit_counts_at_none() -> None:
    rates, wide, narrow = Rates(), limited("wide", requests=10), limited("narrow", requests=1)
    admitted(rates.admit([wide, narrow], 1, NOON))
    assert refused(rates.admit([wide, narrow], 1, NOON)).fields["pool"] == "key:narrow"
    assert rates.used(wide.subject) == (1, 1)


def test_what_others_told_is_added_and_forgotten_with_the_minute() -> None:
    rates, one = Rates(), limited(requests=5)
    admitted(rates.admit([one], 1, NOON))
    minute, told = rates.take(NOON)
    assert (minute, told) == (1_000, {one.subject: (1, 1)})
    assert rates.take(NOON) == (1_000, {}), "it is told once"
    rates.give_back(minute, told)
    assert rates.take(NOON)[1] == told, "what could not be told is told again"
    rates.learn(minute, {one.subject: (4, 70)})
    refused(rates.admit([one], 1, NOON + 2))
    admitted(rates.admit([one], 1, NOON + MINUTE))
    rates.learn(minute, {one.subject: (4, 70)})  # late news of a minute that is over
    assert rates.used(one.subject) == (1, 1)
