"""What a form of an offer makes of figures as people write them, of what a file says, and of links that nobody made."""

from __future__ import annotations

import base64
import zlib

import pytest

from bursar.errors import InvalidInput
from bursar.offers import link
from bursar.offers.controls import CONTROLS, SECTIONS
from bursar.offers.filling import (
    OTHER,
    blank,
    controls_of,
    filled,
    inapplicable,
    lines_of,
    stops_of,
    values_of,
)
from bursar.offers.reading import read, read_plain
from bursar.plans.document import PlanFaults


def test_every_term_that_may_be_missing_is_a_control_or_a_sentence() -> None:
    bare = read_plain({"bursar": "offer/1", "name": "acme", "tokens": {"amount": "$10,000"}})
    asked = {name for line in bare.offer.lines for name in line.unknown}
    held = {path.removeprefix("tokens.").split(".")[0] for one in CONTROLS.values() for path in one.paths}
    assert asked - held == {"rate_limits", "expected", "seen_by"}


def test_every_control_has_a_label_and_answers() -> None:
    for section in SECTIONS:
        for control in section.controls:
            assert control.label
            assert (control.kind == "choice") == bool(control.choices)
            assert len({one.word for one in control.choices}) == len(control.choices)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("190000", "$190,000"),
        ("190k", "$190,000"),
        ("1.5M", "$1,500,000"),
        ("$1,234.5", "$1,234.5"),
        ("0.5", "$0.5"),
        ("2 EUR", "2 EUR"),
    ],
)
def test_figures_get_their_unit(written: str, found: str) -> None:
    assert filled(blank(), {"salary": written})["pay"]["salary"] == found


def test_bare_figures_are_in_the_offers_own_currency_and_use_is_in_dollars() -> None:
    document = filled({**blank(), "currency": "EUR"}, {"salary": "95k", "usage": "400"})
    assert document["pay"]["salary"] == "95,000 EUR"
    assert document["me"]["usage"] == "$400"
    assert stops_of(CONTROLS["salary"], "EUR")[1] == "€5,000"
    assert stops_of(CONTROLS["usage"], "EUR")[0] == "$20"
    assert stops_of(CONTROLS["tax"], "EUR")[35] == "35%"


def test_i_dont_know_leaves_a_field_out_and_an_unknown_amount_is_access_without_a_limit() -> None:
    document = filled(blank(), {"every": "", "amount": "", "salary": ""})
    assert document["tokens"] == {"unlimited": True}
    assert "pay" not in document


def test_what_a_choice_rules_out_is_dropped_and_says_why() -> None:
    values = {**values_of(blank()), "every": "once", "rollover": "all", "limit": "topped-up", "approval": "20%"}
    document = filled(blank(), values)
    assert "rollover" not in document["tokens"]
    assert document["tokens"]["approval"] == {"chance": "100%", "reason": "none"}
    assert inapplicable(values)["rollover"] == "it comes once"


def test_what_only_the_file_says_stays_as_it_is() -> None:
    said = {
        "bursar": "offer/1",
        "name": "acme",
        "pay": {"equity": {"amount": "$400,000", "over": "4 years"}},
        "tokens": [
            {
                "name": "tokens",
                "amount": "$500",
                "every": "2 weeks",
                "limit": {"then": [{"grace": "$20"}, "stop"]},
                "quotes": {"every": "With every pay."},
            },
            {"name": "signing", "amount": "$5,000", "every": "once"},
        ],
    }
    shown = values_of(said)
    assert shown["every"] == shown["limit"] == shown["equity"] == OTHER
    assert filled(said, shown) == said
    changed = filled(said, {**shown, "every": "month"})
    assert changed["tokens"][0]["every"] == "month"
    assert changed["tokens"][0]["limit"] == said["tokens"][0]["limit"]  # type: ignore[index]
    assert lines_of(said) == ["tokens", "signing"]
    second = filled(said, {"amount": "$7,000"}, 1)
    assert second["tokens"][1]["amount"] == "$7,000"
    assert second["tokens"][0] == said["tokens"][0]  # type: ignore[index]


def test_a_word_that_no_choice_has_and_a_line_that_is_not_there_are_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        filled(blank(), {"every": "fortnight"})
    assert "one of month, quarter, year, once" in refused.value.expected
    with pytest.raises(InvalidInput):
        values_of(blank(), 3)


def test_a_fault_is_told_beside_its_control() -> None:
    document = filled(blank(), {"amount": "many", "tax": "120%", "usage": "loads"})
    with pytest.raises(PlanFaults) as refused:
        read_plain(document)
    found, others = controls_of(refused.value.faults)
    assert found.keys() == {"amount", "tax", "usage"}
    assert not others
    with pytest.raises(PlanFaults) as refused:
        read_plain({**blank(), "perks": "dental"})
    found, others = controls_of(refused.value.faults)
    assert not found
    assert others[0].field == "perks"


def test_a_link_that_was_sent_stays_readable() -> None:
    # Made by version 1: whoever changes the dictionary breaks every link that people have.
    assert link.unpacked(SENT) == {
        "bursar": "offer/1",
        "name": "acme",
        "pay": {"salary": "$250,000"},
        "tokens": {"amount": "$100,000", "every": "year"},
    }


SENT = "1w2d5YnIuKHQxPG1kCnM6DkdgdUVtLQA"


def _made(raw: bytes) -> str:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=link._WORDS)
    return "1" + base64.urlsafe_b64encode(squeezer.compress(raw) + squeezer.flush()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "2" + "A" * 20,
        "1" + "A" * 4_000,
        "1!!!!",
        _made(b"[1]"),
        _made(b'{"a":NaN}'),
        _made(b"[" * 30_000),
        _made(b'"\xff"'),
        _made(b'{"a":"' + b"x" * 300_000 + b'"}'),
    ],
    ids=["empty", "bare", "version", "long", "letters", "list", "nan", "deep", "bytes", "bomb"],
)
def test_a_link_that_holds_no_offer_says_so(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        link.unpacked(text)
    assert refused.value.field == "link"
    assert len(refused.value.found) < 100


def test_an_offer_too_large_for_an_address_says_what_to_do() -> None:
    large = {**blank(), "title": "".join(chr(0x4E00 + n * 37 % 20_000) for n in range(1_900))}
    with pytest.raises(InvalidInput) as refused:
        link.packed(large)
    assert "file" in refused.value.hint


def test_a_file_is_written_as_it_is_read() -> None:
    from bursar.offers.interview import written

    document = filled(blank(), {"use": "work", "rollover": "half", "leaving": "tail"})
    assert read(written(document)).offer.lines == read_plain(document).offer.lines
