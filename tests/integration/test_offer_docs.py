"""The reference of an offer names every field of its shape, with the default that the shape has."""

from __future__ import annotations

import re
from pathlib import Path

from bursar.offers.document import MePart, OfferDocument, PayPart, TokensPart
from bursar.offers.reading import read

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/offer.md").read_text(encoding="utf-8")


def test_every_field_is_on_the_page() -> None:
    named = set(re.findall(r"`([a-z_.]+)`", PAGE))
    assert set(OfferDocument.model_fields) <= named
    assert {f"pay.{name}" for name in PayPart.model_fields} <= named
    assert set(TokensPart.model_fields) <= named
    assert set(MePart.model_fields) <= named


def test_the_defaults_of_the_page_are_those_of_the_shape() -> None:
    row = {line.split("|")[1].strip(): line.split("|")[3].strip() for line in PAGE.splitlines() if line.count("|") == 4}
    for name, field in MePart.model_fields.items():
        (cell,) = [value for key, value in row.items() if f"`{name}`" in key]
        if field.default is not None:
            assert str(field.default) in cell, name


def test_the_how_tos_offer_can_be_read() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/how-to/weigh-an-offer.md").read_text(), re.DOTALL)
    assert read(text).offer.pay.cash == 210_000
