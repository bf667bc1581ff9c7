"""A form of an offer never contradicts itself, and says the same again when it is opened from what it said."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.offers.controls import CONTROLS
from bursar.offers.filling import blank, filled, inapplicable, values_of
from bursar.offers.link import packed, unpacked
from bursar.offers.reading import read, read_plain

TEXTS = {
    "amount": ["", "unlimited", "$10,000", "500", "12k", "2_000 USD"],
    "title": ["", "Acme & Söhne <b>", "$375,000 and tokens"],
    "currency": ["", "usd"],
    "usage": ["", "400", "$1.5k", "heavy"],
}
MONEY = ["", "0", "190000", "190k", "$1,234.56"]
SHARES = ["", "0%", "35", "99 %"]


def _answers(name: str) -> list[str]:
    control = CONTROLS[name]
    if control.kind == "choice":
        return ["", *(one.word for one in control.choices)]
    if name in ("unit_price", "rate"):
        return [""]
    if name == "wealth":
        return ["", "5m"]
    return TEXTS.get(name) or (SHARES if control.kind == "share" else MONEY)


FORMS = st.fixed_dictionaries({name: st.sampled_from(_answers(name)) for name in CONTROLS})
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "offers").glob("*.yaml"))


@settings(max_examples=300, deadline=None)
@given(FORMS)
def test_whatever_is_picked_is_an_offer_that_can_be_read(values: dict[str, str]) -> None:
    found = read_plain(filled(blank(), values))
    assert len(found.offer.lines) == 1


@settings(max_examples=300, deadline=None)
@given(FORMS)
def test_a_form_that_is_opened_again_says_the_same(values: dict[str, str]) -> None:
    document = filled(blank(), values)
    shown = values_of(document)
    assert filled(blank(), shown) == document
    for name in CONTROLS.keys() - inapplicable(values).keys():
        if CONTROLS[name].kind == "choice":
            assert shown[name] == values[name]


@settings(max_examples=300, deadline=None)
@given(FORMS)
def test_a_link_carries_the_whole_offer_in_a_short_address(values: dict[str, str]) -> None:
    document = filled(blank(), values)
    link = packed(document)
    assert unpacked(link) == document
    assert len(link) < 600
    assert set(link) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text(max_size=200))
def test_any_text_in_a_links_place_is_refused_or_is_a_document(text: str) -> None:
    try:
        found = unpacked(text)
    except Exception as error:
        assert type(error).__name__ == "InvalidInput"  # noqa: PT017 (any other one is what this looks for)
    else:
        assert isinstance(found, dict)


def test_every_example_goes_through_form_and_link_unchanged() -> None:
    for file in EXAMPLES:
        one = read(file.read_text(encoding="utf-8"), file.name, date(2027, 1, 1))
        document = one.source.value
        assert unpacked(packed(document)) == json.loads(json.dumps(document, default=str))
        again = read_plain(filled(document, values_of(document)))
        assert again.offer.lines == one.offer.lines
        assert again.person == one.person
        assert read(yaml.safe_dump(unpacked(packed(document)))).offer.lines == one.offer.lines
