"""The plan document `bursar: plan/1`: YAML in, a `Plan` out, every fault with its line and column.

The shape is a pydantic model, from which the published JSON Schema is made (`bursar plan schema`), so an editor completes
and checks while one writes. What a shape cannot say is checked in `check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from bursar.calendar import parse_interval, parse_zone
from bursar.errors import InvalidInput
from bursar.money import Amount, parse_amount
from bursar.plans.terms import PARTS

MAX_BYTES = 256 * 1024
"""A plan document."""
MAX_TIERS = 200
MAX_TEXT = 2_000
MAX_TAIL_DAYS = 3_650
MAX_NOTICE_DAYS = 366
MAX_DEPTH = 20
MAX_FAULTS = 20
"""Reported at once."""

_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,4})?) ?%", re.ASCII)
_NO_DAYS = re.compile(r"0 (?:day|week)s?", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (1-based; 0 = unknown), which field, what was found, what is allowed."""

    line: int
    column: int
    field: str
    found: str
    expected: str
    file: str = "plan"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        return f"{place}{self.field}: found {self.found}, expected {self.expected}"


class PlanFaults(InvalidInput):
    """A document with faults; the first one is the sentence, the others are the hint."""

    def __init__(self, faults: list[Fault]) -> None:
        first = faults[0]
        place = f"{first.file}:{first.line}:{first.column}: " if first.line else f"{first.file}: "
        super().__init__(
            f"{place}{first.field}", first.found, first.expected, "\n".join(str(one) for one in faults[1:MAX_FAULTS])
        )
        self.faults = faults


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("expected a text")
    return str(value)


def _amount(value: Any) -> str:
    text = _text(value)
    try:
        parse_amount(text)
    except InvalidInput as error:
        raise ValueError(f"expected {error.expected}") from None
    return text


def _share(value: Any) -> str:
    text = _text(value)
    read = _SHARE.fullmatch(text.strip())
    if read is None or not 0 <= parts(text) <= PARTS:
        raise ValueError("expected a share from 0% to 100%")
    return text


def _interval(value: Any) -> str:
    text = _text(value)
    try:
        parse_interval(text)
    except InvalidInput as error:
        raise ValueError(f"expected {error.expected}") from None
    return text


def _zone(value: Any) -> str:
    try:
        parse_zone(_text(value))
    except InvalidInput as error:
        raise ValueError(f"expected {error.expected}. {error.hint}") from None
    return str(value)


def _cap(value: Any) -> str:
    return _share(value) if isinstance(value, str) and value.strip().endswith("%") else _amount(value)


def _plan_name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError("expected a name of small letters, digits and hyphens, such as engineering-stipend")
    return value


def _anchor(value: Any) -> Any:
    if isinstance(value, date) or value in ("calendar", "hire_date", "grant"):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("expected calendar, hire_date, grant or a date such as 2026-01-01") from None


def _expiry(value: Any) -> Any:
    if isinstance(value, date) or value in ("period", "never"):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        pass
    try:
        return _interval(value)
    except ValueError:
        raise ValueError("expected period, never, a time such as 90 days, or a date") from None


def _deadline(value: Any) -> Any:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return _interval(value)


def _days(value: Any) -> int:
    text = _text(value)
    if _NO_DAYS.fullmatch(text.strip()):
        return 0
    try:
        interval = parse_interval(text)
    except InvalidInput:
        raise ValueError("expected a time in days or weeks, such as 30 days") from None
    if not interval.days:
        raise ValueError("expected a time in days or weeks, such as 30 days: the length of a month is no promise")
    return interval.days


def _schema(kind: str, pattern: str = "", **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": kind, **({"pattern": pattern} if pattern else {}), **more})


AmountText = Annotated[
    str, BeforeValidator(_amount), _schema("string", examples=["$500", "2_000 EUR", "100M tokens", "40 GPU-h"])
]
ShareText = Annotated[str, BeforeValidator(_share), _schema("string", r"^\d{1,3}(\.\d{1,4})? ?%$", examples=["50%"])]
CapText = Annotated[str, BeforeValidator(_cap), _schema("string", examples=["50%", "$1,000"])]
IntervalText = Annotated[str, BeforeValidator(_interval), _schema("string", examples=["month", "2 weeks", "4 years"])]
DaysText = Annotated[int, BeforeValidator(_days), _schema("string", examples=["30 days", "2 weeks"])]
ZoneText = Annotated[str, BeforeValidator(_zone), _schema("string", examples=["UTC", "Europe/Berlin"])]
NameText = Annotated[str, BeforeValidator(_plan_name), _schema("string", f"^{_NAME.pattern}$")]
AnchorText = Annotated[
    Literal["calendar", "hire_date", "grant"] | date,
    BeforeValidator(_anchor),
    _schema("string", examples=["calendar", "hire_date", "grant", "2026-01-01"]),
]
DeadlineText = Annotated[str | date, BeforeValidator(_deadline), _schema("string", examples=["3 years", "2030-01-01"])]
ExpiryText = Annotated[
    str | date, BeforeValidator(_expiry), _schema("string", examples=["period", "never", "90 days", "2027-01-01"])
]
Sentence = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Patterns = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(max_length=200),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": 200}]}),
]


def _days_field(default: int) -> Any:
    """A default in days, which the schema shows as one would write it."""
    return Field(default=default, json_schema_extra={"default": f"{default} days"})


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AllotmentPart(Part):
    """What is released and when."""

    amount: AmountText | None = Field(default=None, description="For everybody; or leave it to the tiers.")
    every: Literal["once"] | IntervalText = Field(
        default="month", description="once, week, month, quarter, year, 2 weeks ..."
    )
    anchor: AnchorText = Field(
        "calendar", description="Periods begin with the calendar, the hire date, the grant or a date."
    )
    proration: Literal["none", "daily", "half_month"] = Field(
        "daily", description="For who joins or leaves mid-period."
    )
    expires: ExpiryText = Field(
        default="period", description="When what was released is gone: period, never, 90 days, a date."
    )


class WhenPart(Part):
    """Attributes of a person; shell patterns, of which one has to match."""

    level: Patterns | None = None
    job_family: Patterns | None = None
    role: Patterns | None = None
    team: Patterns | None = None
    location: Patterns | None = None


class TierPart(Part):
    """Who gets how much; the first tier that matches is a person's tier."""

    name: NameText
    when: WhenPart
    amount: AmountText


class OtherwisePart(Part):
    """Everybody else."""

    name: NameText = "otherwise"
    amount: AmountText


class VestingPart(Part):
    """Released in steps over a time, as equity is."""

    over: IntervalText | None = None
    every: IntervalText = "month"
    cliff: IntervalText | None = None
    on_event: NameText | None = Field(default=None, description="All at once when this is recorded, not over a time.")
    deadline: DeadlineText | None = Field(default=None, description="Of the event: a time after the start, or a date.")
    shares: tuple[ShareText, ...] | None = Field(
        default=None, description="Of each step, where they differ; they sum to 100%."
    )
    rounding: Literal[
        "CUMULATIVE_ROUNDING",
        "CUMULATIVE_ROUND_DOWN",
        "FRONT_LOADED",
        "BACK_LOADED",
        "FRONT_LOADED_TO_SINGLE_TRANCHE",
        "BACK_LOADED_TO_SINGLE_TRANCHE",
        "FRACTIONAL",
    ] = Field(default="CUMULATIVE_ROUNDING", description="Open Cap Format's allocation types.")


class RolloverPart(Part):
    """What is unspent at the end of a period and lives on: min(cap, max(floor, share of the rest))."""

    share: ShareText = "100%"
    cap: CapText | None = Field(default=None, description="An amount, or a share of the allotment.")
    floor: AmountText | None = None
    periods: Annotated[int, Field(ge=1, le=120)] | Literal["unlimited"] = Field(description="For how many periods.")


class ScopePart(Part):
    """What may be spent on; what is left out admits everything."""

    providers: Patterns = ()
    models: Patterns = ()
    purposes: tuple[Literal["work", "learning", "personal"], ...] = ()


class TopUpPart(Part):
    """Automatic, in steps, up to a sum in each period."""

    step: AmountText
    up_to: AmountText


class RequestPart(Part):
    """The person asks, somebody decides."""

    reason: Literal["required", "optional"] = "optional"
    approvers: Patterns = ("manager",)
    up_to: AmountText | None = None
    expires: DaysText = _days_field(7)


class LimitStep(Part):
    """One step; exactly one field."""

    grace: AmountText | None = None
    top_up: TopUpPart | None = None
    request: RequestPart | None = None
    pool: Literal["team"] | NameText | None = None
    cheaper_model: dict[str, str] | None = Field(
        None, description="Pattern of a model: the model that answers instead."
    )
    own_money: TopUpPart | None = None


class LimitPart(Part):
    """What happens at the limit, written down beforehand."""

    warnings: tuple[ShareText, ...] = ("75%", "95%")
    then: tuple[LimitStep | Literal["stop"], ...] = ("stop",)


class NoticePart(Part):
    """How long before a change takes effect it is announced."""

    adjust: DaysText = _days_field(0)
    reduce: DaysText = _days_field(0)
    revoke: DaysText = _days_field(0)
    released_lots: Literal["keep", "reduce"] = Field(
        default="keep", description="May a reduction take back what is released?"
    )


class LeavingPart(Part):
    """What becomes of what is unspent on the last day."""

    unspent: Literal["forfeit", "keep"] = "forfeit"
    tail: DaysText = _days_field(0)
    pay_out: ShareText = "0%"


class VelocityPart(Part):
    """Most that may be spent in an hour and in a day."""

    per_hour: AmountText | None = None
    per_day: AmountText | None = None


class StatementsPart(Part):
    """What a person is told in words, beside what the terms say by themselves."""

    tax: Sentence | None = Field(default=None, description="Treatment, timing, gross-up.")
    expectations: Sentence | None = Field(default=None, description="What output is expected in return, if any.")
    visibility: Sentence | None = Field(default=None, description="Who sees a person's usage.")
    rate_limits: Sentence | None = Field(default=None, description="Requests or tokens per minute, if any.")
    guarantee: Sentence | None = Field(default=None, description="What capacity is guaranteed, beside the budget.")
    changes: Sentence | None = Field(default=None, description="Who may change these terms.")
    approval_time: Sentence | None = Field(default=None, description="How long an approval takes, as measured.")


class PlanDocument(Part):
    """A plan: the terms of a promise of AI compute."""

    bursar: Literal["plan/1"]
    name: NameText
    title: Sentence
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    zone: ZoneText = "UTC"
    plan_class: Literal["provisioned_tool", "benefit", "hybrid"] = Field(default="provisioned_tool", alias="class")
    eligible: WhenPart = Field(default=WhenPart(), alias="for")
    allotment: AllotmentPart
    tiers: Annotated[tuple[TierPart, ...], Field(max_length=MAX_TIERS)] = ()
    otherwise: OtherwisePart | Literal["none"] = "none"
    vesting: VestingPart | None = None
    rollover: RolloverPart | Literal["none"] = "none"
    scope: ScopePart = ScopePart()
    limit: LimitPart = LimitPart()
    notice: NoticePart = Field(default_factory=NoticePart)
    leaving: LeavingPart = Field(default_factory=LeavingPart)
    velocity: VelocityPart = VelocityPart()
    floor: AmountText | None = Field(
        default=None, description="Nobody falls below it, whatever tier and proration say."
    )
    priority: Annotated[int, Field(ge=0, le=100)] = Field(default=50, description="Low numbers burn first.")
    statements: StatementsPart = StatementsPart()


def parts(text: str) -> int:
    """A share such as `12.5%` in parts per million."""
    whole, _, decimals = text.replace("%", "").strip().partition(".")
    return int(whole) * 10_000 + int((decimals + "0000")[:4] or 0)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `bursar: plan/1`."""
    schema = PlanDocument.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:bursar:plan:1", **schema}


_PARTS: tuple[type[Part], ...] = tuple(Part.__subclasses__())
_FIELDS = frozenset(field.alias or name for part in _PARTS for name, field in part.model_fields.items())


class Source:
    """A YAML text with the place of every value; duplicate keys, aliases and tags are faults."""

    def __init__(
        self, text: str, file: str = "plan", expected: str = "a plan that begins with `bursar: plan/1`"
    ) -> None:
        self.file = file
        self.places: dict[tuple[str | int, ...], tuple[int, int]] = {}
        self.keys: set[str] = set()
        """Every field name of the document, known or not."""
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > MAX_BYTES:
            raise PlanFaults([Fault(0, 0, "document", f"{size} bytes", f"at most {MAX_BYTES}", file)])
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            problem = str(getattr(error, "problem", None) or "what cannot be read")
            raise PlanFaults([Fault(line, column, "document", problem, "YAML", file)]) from None
        except RecursionError:
            deep = Fault(0, 0, "document", f"values nested deeper than {MAX_DEPTH}", "fewer levels", file)
            raise PlanFaults([deep]) from None
        if node is None:
            raise PlanFaults([Fault(1, 1, "document", "nothing", expected, file)])
        self.value = self._take(node, (), 0)

    @classmethod
    def plain(cls, value: Any, file: str = "plan") -> Source:
        """A value that was never a text: its faults have no place."""
        found = cls.__new__(cls)
        found.file, found.value, found.places, found.keys = file, value, {(): (0, 0)}, set()
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                found.keys |= {str(key) for key in one}
                waiting += one.values()
            elif isinstance(one, list | tuple):
                waiting += one
        return found

    def _take(self, node: yaml.Node, path: tuple[str | int, ...], depth: int) -> Any:
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if depth > MAX_DEPTH:
            raise PlanFaults([self.fault(path, f"values nested deeper than {MAX_DEPTH}", "fewer levels")])
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                here = (*path, key)
                if key in found:
                    line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
                    raise PlanFaults([Fault(line, column, key, "it twice", "each field once", self.file)])
                self.keys.add(key)
                found[key] = self._take(value_node, here, depth + 1)
                self.places[here] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._take(one, (*path, index), depth + 1) for index, one in enumerate(node.value)]
        loader = yaml.SafeLoader("")
        try:
            value = loader.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise PlanFaults([self.fault(path, str(error).split("\n")[0], "a plain value")]) from None
        if isinstance(value, float):  # an amount such as 1.10 must not lose its zero, nor anything else
            return str(node.value)
        return value

    def fault(self, path: tuple[str | int, ...], found: str, expected: str) -> Fault:
        """A fault at a place of the document, or at the nearest one that exists."""
        at = path
        while at and at not in self.places:
            at = at[:-1]
        line, column = self.places.get(at, (1, 1))
        name = ".".join(str(one) for one in path) or "document"
        return Fault(line, column, name, found, expected, self.file)


def read(text: str, file: str = "plan") -> tuple[PlanDocument, Source]:
    """Read a document; raises `PlanFaults` with every fault of its shape."""
    return shaped(Source(text, file))


def shaped(source: Source) -> tuple[PlanDocument, Source]:
    """The document that a source holds; raises `PlanFaults` with every fault of its shape."""
    if not isinstance(source.value, dict):
        raise PlanFaults([source.fault((), type(source.value).__name__, "a plan that begins with `bursar: plan/1`")])
    try:
        return PlanDocument.model_validate(source.value), source
    except ValidationError as error:
        raise PlanFaults(list(faults_of(error, source))[:MAX_FAULTS]) from None


def faults_of(error: ValidationError, source: Source, fields: frozenset[str] = _FIELDS) -> Iterator[Fault]:
    """One fault for each field: where several shapes are allowed, what each of them expects.

    `fields` are the names that the shape knows, for documents other than a plan.
    """
    together: dict[tuple[str | int, ...], Fault] = {}
    for one in error.errors(include_url=False):
        path = tuple(part for part in one["loc"] if isinstance(part, int) or part in fields or part in source.keys)
        found, expected = _told(one, path, fields)
        fault = source.fault(path, found, expected)
        before = together.get(path)
        if before is None:
            together[path] = fault
        elif expected not in before.expected:
            together[path] = replace(before, expected=f"{before.expected}, or {expected}")
    for path, fault in together.items():
        if not any(other[: len(path)] == path and other != path for other in together):
            yield fault


def _told(one: Any, path: tuple[str | int, ...], fields: frozenset[str]) -> tuple[str, str]:
    kind, given = one["type"], one.get("input")
    if kind == "missing":
        return "nothing", "a value: this field is needed"
    if kind == "extra_forbidden":
        near = get_close_matches(str(path[-1]) if path else "", sorted(fields), n=2)
        return "a field that is not known here", f"perhaps {' or '.join(near)}" if near else "one that the schema names"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return shown(given), "fields"
    message = str(one["msg"])
    for start in ("Value error, ", "expected ", "Input should be "):
        message = message.removeprefix(start)
    return shown(given), message


def shown(value: Any) -> str:
    """A value as a fault names it."""
    if isinstance(value, dict):
        return "fields"
    return "a list" if isinstance(value, list | tuple) else repr(value)[:80]


def amount(text: str | None) -> Amount | None:
    return None if text is None else parse_amount(text)
