"""The shape of the offer document `bursar: offer/1`, from which its published JSON Schema is made.

A line of tokens has the fields of a plan, all of which may be missing or `unknown`. What is presumed in their place, and
what a shape cannot say, is in `reading`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from bursar.errors import InvalidInput
from bursar.insight.simulation.usage import parse_persona, parse_price
from bursar.offers.terms import TaxedOn, Use
from bursar.plans.document import (
    AmountText,
    DaysText,
    ExpiryText,
    IntervalText,
    LeavingPart,
    LimitPart,
    NameText,
    Part,
    Patterns,
    RolloverPart,
    Sentence,
    ShareText,
    VestingPart,
)

MAX_LINES = 8
"""Promises of compute in one offer."""
UNKNOWN = "unknown"


def _yes_no(value: Any) -> Any:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _or_unknown(value: Any) -> Any:
    return None if value == UNKNOWN else value


def _factor(value: Any) -> str:
    text = "1" if value in ("none", False) else str(value)
    try:
        found = float(text)
    except ValueError:
        raise ValueError("expected a yearly factor such as 3 or 1.5, or none") from None
    if not 0.01 <= found <= 1_000:
        raise ValueError("expected a yearly factor from 0.01 to 1000")
    return text


def _number(least: float, most: float) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        try:
            found = float(str(value))
        except ValueError:
            raise ValueError(f"expected a number from {least:g} to {most:g}") from None
        if not least <= found <= most:
            raise ValueError(f"expected a number from {least:g} to {most:g}")
        return str(value)

    return read


def _usage(value: Any) -> str:
    text = str(value)
    try:
        parse_persona(text.replace(",", "").replace("_", ""))
    except InvalidInput as error:
        raise ValueError(f"expected {error.expected}") from None
    return text


def _prices(value: Any) -> str:
    try:
        parse_price(str(value))
    except InvalidInput as error:
        raise ValueError(f"expected {error.expected}") from None
    return str(value)


YesNo = Annotated[Literal["yes", "no"] | None, BeforeValidator(lambda value: _or_unknown(_yes_no(value)))]
_text = WithJsonSchema({"type": ["string", "number"]})
UsageText = Annotated[str, BeforeValidator(_usage), _text]
PriceText = Annotated[str, BeforeValidator(_prices), _text]
FactorText = Annotated[str, BeforeValidator(_factor), _text]
SigmaText = Annotated[str, BeforeValidator(_number(0, 4)), _text]


class EquityPart(Part):
    """A grant of equity at today's value."""

    amount: AmountText
    over: IntervalText = "4 years"


class PayPart(Part):
    """What is paid beside the tokens, by year."""

    salary: Annotated[AmountText | None, BeforeValidator(_or_unknown)] = None
    bonus: AmountText | None = Field(default=None, description="Target of a year.")
    equity: AmountText | EquityPart | None = Field(default=None, description="A year's worth, or amount and over.")
    signing: AmountText | None = Field(default=None, description="Once, in cash.")
    benefits: AmountText | None = None


class ApprovalPart(Part):
    """Asking for more."""

    chance: ShareText = Field(default="50%", description="That a shortfall is granted.")
    time: Sentence | None = Field(default=None, description="How long an answer takes, as measured.")
    reason: Literal["required", "optional", "none"] = "optional"


class TokensPart(Part):
    """One promise of compute: a plan, or its terms as far as the offer says them; `unknown` where it does not."""

    name: NameText = "tokens"
    plan: str | None = Field(default=None, description="File of a plan document, beside the offer.")
    tier: str | None = None
    unlimited: bool = False
    amount: AmountText | None = None
    unit_price: AmountText | None = Field(
        default=None, description="List price today of a million tokens, or of a GPU hour."
    )
    every: Annotated[Literal["once"] | IntervalText | None, BeforeValidator(_or_unknown)] = None
    expires: Annotated[ExpiryText | None, BeforeValidator(_or_unknown)] = None
    rollover: Annotated[RolloverPart | Literal["none"] | None, BeforeValidator(_or_unknown)] = None
    vesting: Annotated[VestingPart | Literal["none"] | None, BeforeValidator(_or_unknown)] = None
    use: Annotated[Use | None, BeforeValidator(_or_unknown)] = None
    providers: Patterns = ()
    models: Patterns = ()
    limit: Annotated[LimitPart | None, BeforeValidator(_or_unknown)] = None
    approval: Annotated[ApprovalPart | None, BeforeValidator(_or_unknown)] = None
    own_money: Annotated[ShareText | None, BeforeValidator(_or_unknown)] = Field(
        default=None, description="Share of the work beyond it that one ends up paying for."
    )
    changes: Annotated[Literal["contract", "notice", "at_will"] | None, BeforeValidator(_or_unknown)] = None
    notice: Annotated[DaysText | None, BeforeValidator(_or_unknown)] = None
    leaving: Annotated[LeavingPart | None, BeforeValidator(_or_unknown)] = None
    taxed: Annotated[TaxedOn | None, BeforeValidator(_or_unknown)] = None
    grossed_up: YesNo = None
    needed: YesNo = Field(default=None, description="Is it needed to do the job?")
    would_buy: YesNo = Field(default=None, description="Would you have bought it yourself?")
    portable: YesNo = Field(default=None, description="Is it yours on any provider, and after leaving?")
    fit: ShareText = Field(default="100%", description="What a dollar of it does, beside a dollar spent anywhere.")
    wholesale: ShareText = Field(default="20%", description="What the employer pays below list price.")
    expected: Annotated[Sentence | None, BeforeValidator(_or_unknown)] = None
    seen_by: Annotated[Sentence | None, BeforeValidator(_or_unknown)] = None
    rate_limits: Annotated[Sentence | None, BeforeValidator(_or_unknown)] = None
    most_a_month: AmountText | None = Field(
        default=None, description="What its rate limits let one use in a month, at today's list price."
    )
    quotes: dict[str, Sentence] = Field(default_factory=dict, description="By term, the offer's own sentence.")


class MePart(Part):
    """The person who weighs it. Everything has a default; money by month where the name says so."""

    usage: UsageText = Field(
        default="moderate", description="Of a month at list price: a profile, or $400, or $400@0.9."
    )
    noise: SigmaText = "0.5"
    growth: FactorText = Field(default="3", description="Of the use, in a year; none for 1.")
    growth_noise: SigmaText | None = None
    growth_years: Annotated[str, BeforeValidator(_number(0, 40)), _text] = "2"
    own_most_a_month: AmountText = Field(default="$5,000", description="Of work that nobody else pays for.")
    prices: PriceText = Field(default="halving", description="A scenario, or a yearly change such as -40%.")
    personal: ShareText = Field(default="30%", description="Of the use, where the tokens are open.")
    own_spend_a_month: AmountText = Field(default="$200", description="On tokens, if there were no offer.")
    elasticity: Annotated[str, BeforeValidator(_number(0.05, 20)), _text] = "1"
    additionality: ShareText = "0%"
    tax: ShareText = "35%"
    discount: ShareText = "5%"
    leaving: ShareText = "15%"
    aversion: Annotated[str, BeforeValidator(_number(0, 20)), _text] = "2"
    wealth: AmountText = "$200,000"
    burn: Literal["work_first", "together"] = "work_first"
    raises: ShareText = "4%"
    returns: ShareText = "5%"
    match: ShareText = "0%"
    note: Sentence | None = Field(default=None, description="What one gains besides; it enters no figure.")


class OfferDocument(Part):
    """An offer, and who weighs it."""

    bursar: Literal["offer/1"]
    name: NameText
    title: Sentence | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    rates: dict[
        Annotated[str, Field(pattern="^[A-Z]{3}$")], Annotated[str, BeforeValidator(_number(1e-6, 1e6)), _text]
    ] = Field(default_factory=dict, description="What one unit of another currency is worth in this one.")
    start: date | None = None
    horizon: IntervalText | None = None
    pay: PayPart = PayPart()
    tokens: Annotated[
        tuple[TokensPart, ...],
        BeforeValidator(lambda value: (value,) if isinstance(value, dict) else value),
        Field(max_length=MAX_LINES),
    ] = ()
    me: MePart | None = None


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `bursar: offer/1`."""
    schema = OfferDocument.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:bursar:offer:1", **schema}
