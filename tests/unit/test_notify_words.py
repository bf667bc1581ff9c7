"""What notices say: plain sentences in the person's own zone, and nothing that others may not read in the subject."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bursar.errors import InvalidInput
from bursar.exchange.notify import KINDS, Letter, Undelivered, checked, in_words, moment
from bursar.exchange.notify.mail import composed
from bursar.exchange.notify.slack import payload

BERLIN = ZoneInfo("Europe/Berlin")
DOLLAR = 10**9


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 1_000_000


NOW = at("2026-11-10T12:00")
SAMPLES: dict[str, dict[str, Any]] = {
    "warning": {
        "share_ppm": 750_000,
        "used_nanos": 375 * DOLLAR,
        "amount_nanos": 500 * DOLLAR,
        "available_nanos": 125 * DOLLAR,
        "unit": "USD",
        "runs_out_at": at("2026-11-12T14:00"),
        "resets_at": at("2026-12-01T00:00"),
        "label": "Engineering",
    },
    "forecast": {"unit": "USD", "available_nanos": 125 * DOLLAR, "runs_out_at": at("2026-11-12T14:00")},
    "exhausted": {"unit": "USD", "amount_nanos": 500 * DOLLAR, "ask": "ask your lead"},
    "topup_requested": {
        "request": "top_1",
        "who": "ben",
        "unit": "USD",
        "amount_nanos": 125 * DOLLAR,
        "reason": "a migration",
        "expires_at": at("2026-11-10T18:00"),
    },
    "topup_decided": {
        "request": "top_1",
        "decision": "approved",
        "unit": "USD",
        "amount_nanos": 125 * DOLLAR,
        "by": "eve",
        "note": "gladly",
    },
    "terms_changed": {
        "plan": "Engineering",
        "before": "$500.00 every month",
        "after": "$375.00 every month",
        "starts_at": at("2026-12-01T00:00"),
        "why": "a new budget",
    },
    "released": {"unit": "USD", "amount_nanos": 500 * DOLLAR, "expires_at": at("2026-12-01T00:00")},
    "expiring_soon": {"unit": "USD", "amount_nanos": 125 * DOLLAR, "expires_at": at("2026-11-12T14:00")},
    "key_unusual": {
        "key": "key_1",
        "label": "laptop",
        "who": "ada",
        "times": "40",
        "unit": "USD",
        "amount_nanos": 125 * DOLLAR,
        "usual_nanos": DOLLAR,
        "paused": "yes",
    },
    "test": {},
}


def test_there_is_a_sample_of_every_kind() -> None:
    assert set(SAMPLES) == set(KINDS)


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_subject_names_no_amount(kind: str) -> None:
    words = in_words(kind, SAMPLES[kind], BERLIN, NOW)
    assert words.subject
    assert words.text
    for amount in ("125", "375", "500", "$"):
        assert amount not in words.subject


def test_a_warning_says_how_much_and_until_when() -> None:
    assert in_words("warning", SAMPLES["warning"], BERLIN, NOW).text.splitlines() == [
        "You have used 75 % of your allotment: $375.00 of $500.00.",
        "$125.00 is left.",
        "At this rate it runs out on Thursday 14:00.",
        "The next allotment comes Tuesday 1 December 2026, 00:00.",
    ]


def test_changed_terms_say_what_from_when_and_why() -> None:
    assert in_words("terms_changed", SAMPLES["terms_changed"], BERLIN, NOW).text.splitlines() == [
        "From Tuesday 1 December 2026, 00:00 your terms under Engineering change.",
        "So far: $500.00 every month. Then: $375.00 every month.",
        "Why: a new budget",
    ]


def test_instants_are_told_by_the_persons_own_clock() -> None:
    assert moment(at("2026-11-12T14:00"), ZoneInfo("Asia/Tokyo"), NOW) == "Thursday 22:00"
    assert moment(at("2026-11-10T18:00"), BERLIN, NOW) == "today 18:00"
    assert moment(at("2026-11-17T14:00"), BERLIN, NOW) == "Tuesday 17 November 2026, 14:00"


def test_a_share_that_is_not_whole_is_told_exactly() -> None:
    fields = {**SAMPLES["warning"], "share_ppm": 333_400}
    assert in_words("warning", fields, BERLIN, NOW).subject.startswith("33.34 %")


def test_texts_from_outside_cannot_add_lines_or_grow() -> None:
    found = checked("topup_decided", {**SAMPLES["topup_decided"], "note": "a\r\nBcc: eve\x00\u2028b" + "x" * 1000})
    assert str(found["note"]).startswith("a Bcc: eve bx")
    assert len(str(found["note"])) == 500


def test_every_kind_refuses_what_it_has_no_place_for() -> None:
    for kind, fields in SAMPLES.items():
        with pytest.raises(InvalidInput):
            checked(kind, {**fields, "prompt": "x"})


def letter(**fields: Any) -> Letter:
    values = {"name": "Ada", "email": "ada@example.org", "subject": "A test", "text": "Text.", **fields}
    return Letter("k", "test", NOW, "ada", fields={}, **values)


def test_a_name_cannot_forge_a_header_or_a_mention() -> None:
    forged = letter(name="Ada\r\nBcc: eve@example.org")
    with pytest.raises(Undelivered) as caught:
        composed(forged, "bursar@example.org")
    assert caught.value.final
    shown = payload(letter(name="<!channel>"))
    assert "<" not in shown["text"]
    assert shown["blocks"][0]["text"]["type"] == "plain_text"


def test_an_address_that_is_none_is_given_up_at_once() -> None:
    for address in ("nobody", "a@b@c", "ada@example.org\r\nBcc: eve@example.org", "<>"):
        with pytest.raises(Undelivered) as caught:
            composed(letter(email=address), "bursar@example.org")
        assert caught.value.final


def test_a_letter_is_the_same_at_every_attempt() -> None:
    assert str(composed(letter(), "b@example.org")) == str(composed(letter(), "b@example.org"))
