"""What documents of the API are made of: amounts, instants, texts, pages; and the words that describe a field.

An amount has its exact decimal number as a string, since JSON's numbers lose digits in most languages, and the same in
nano-units (1e-9) as a string of an integer for whoever computes. Instants are ISO 8601 in UTC. What is sent is read
strictly: a number is no text, and a field that nobody knows is an error.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from bursar.api.limits import MAX_AMOUNT_CHARS, MAX_DATE_CHARS, MAX_DOCUMENT_CHARS, MAX_PROSE_CHARS, MAX_TEXT_CHARS
from bursar.ledger import NEVER
from bursar.money import NANO_DECIMALS

T = TypeVar("T")


class Document(BaseModel):
    """What the API answers."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Sent(BaseModel):
    """What is sent to the API."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def said(description: str, example: Any = None, default: Any = ..., **limits: Any) -> Any:
    """A field with its description and an example."""
    return Field(default, description=description, examples=None if example is None else [example], **limits)


# Texts. What a database or a terminal would choke on is refused here, before anything else sees it.


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("printable text in one line")
    return text


def _lines(text: str) -> str:
    if not all(one.isprintable() or one in "\n\r\t" for one in text):
        raise ValueError("printable text")
    return text


Line = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS), AfterValidator(_one_line)]
Prose = Annotated[str, StringConstraints(max_length=MAX_PROSE_CHARS), AfterValidator(_lines)]
Yaml = Annotated[str, StringConstraints(min_length=1, max_length=MAX_DOCUMENT_CHARS), AfterValidator(_lines)]
Money = Annotated[str, StringConstraints(min_length=1, max_length=MAX_AMOUNT_CHARS), AfterValidator(_one_line)]
"""An amount as people write it."""
When = Annotated[str, StringConstraints(max_length=MAX_DATE_CHARS), AfterValidator(_one_line)]
"""A day or an instant as people write it; empty where nothing is said."""


# Instants.


def instant(micros: int) -> str:
    """Microseconds UTC as ISO 8601, with a fraction only where there is one."""
    return (
        datetime.fromtimestamp(micros // 1_000_000, UTC)
        .replace(microsecond=micros % 1_000_000)
        .isoformat()
        .replace("+00:00", "Z")
    )


def instant_or_none(micros: int | None) -> str | None:
    """None for no instant (0), and for one that never comes."""
    return None if not micros or micros >= NEVER else instant(micros)


Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]


# Amounts.


class Amount(Document):
    """An exact amount. `amount` and `nanos` say the same."""

    amount: str = said("The exact decimal number.", "12.5", pattern=r"^-?\d+(\.\d{1,9})?$")
    nanos: str = said("The same in nano-units, an integer.", "12500000000", pattern=r"^-?\d+$")
    unit: str = said("A currency (ISO 4217), tokens, tokens:family, gpu-h or gpu-h:accelerator.", "USD")


def amount_of(nanos: int, unit: str = "USD") -> Amount:
    number = f"{Decimal(nanos).scaleb(-NANO_DECIMALS):f}"
    whole, _, part = number.partition(".")
    part = part.rstrip("0")
    return Amount(amount=f"{whole}.{part}" if part else whole, nanos=str(nanos), unit=unit)


# Lists.


class Page(Document, Generic[T]):
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: list[T] = Field(description="In the order of the list.")
    next: str | None = Field(default=None, description="Cursor of the next page, null at the end.")
