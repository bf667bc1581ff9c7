"""Reading a country's file, strictly: every fault names the file, the rule and the field.

Nothing of a file is evaluated: a condition is a list of values by fact, an effect is one of seven words. `loaded` is the only
place of this room that touches a disk; a country is added by adding a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from bursar.errors import InvalidInput
from bursar.money import CURRENCIES, MAX_NANOS, NANO
from bursar.plans.document import MAX_FAULTS, Fault, Part, PlanFaults, Source, faults_of, shown
from bursar.tax.facts import FACTS, TIMINGS, check_value
from bursar.tax.values import BASES, MARGINAL, PARTS, Country, Effect, Rule, Rules, together

MAX_RULES = 200
MAX_FILES = 300
MAX_FILE_BYTES = 512 * 1024

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]+)+$", max_length=60)]
Place = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,8})?$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Number = str | int
"""A decimal number; as a text, so that none becomes a float."""
Plain = bool | str


class RulePart(Part):
    """A rule as it is written."""

    id: RuleId
    jurisdiction: Place
    topic: Words
    effect: Effect
    says: Words
    condition: dict[str, Plain | list[Plain]] = Field(default_factory=dict)
    value: Number | None = None
    unit: Literal["a_month", "a_benefit", "a_year"] | None = None
    payer: list[Literal["employee", "employer"]] = Field(default_factory=list)
    against: Literal["wages", "supplemental"] | None = None
    floor: Number | None = None
    cap: Number | None = None
    effective_from: date
    effective_to: date | None = None
    citation: Words
    source_seen: Words
    confidence: Literal["verified", "secondary", "memory", "open"]
    note: Words | None = None


class CountryPart(Part):
    """A file as it is written."""

    country: Code
    name: Words
    aliases: list[Code] = Field(default_factory=list)
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    version: Annotated[str, StringConstraints(pattern=r"^\d{4}\.\d{1,3}$")]
    looked_up: date
    year_begins: Annotated[str, StringConstraints(pattern=r"^[01]\d-[0-3]\d$")]
    rules: Annotated[list[RulePart], Field(min_length=1, max_length=MAX_RULES)]


_FIELDS = frozenset([*RulePart.model_fields, *CountryPart.model_fields])
_NEEDS = {
    "rate": ("value", "payer"),
    "cliff": ("value", "unit"),
    "value_basis": ("value",),
    "timing": ("value",),
}
_MAY = {
    "rate": {"value", "payer", "against", "floor", "cap"},
    "cliff": {"value", "unit"},
    "value_basis": {"value"},
    "timing": {"value"},
}
_CONDITIONAL = ("value", "unit", "payer", "against", "floor", "cap")


def read(text: str, file: str) -> Country:
    """A country's table. Raises `InvalidInput` that names file, line, rule and field, with every further fault as its hint."""
    source = Source(text, file, "a country and its rules")
    try:
        found = TypeAdapter(CountryPart).validate_python(source.value)
    except ValidationError as error:
        raise PlanFaults([_by_rule(one, source) for one in faults_of(error, source, _FIELDS)][:MAX_FAULTS]) from None
    faults = [_by_rule(one, source) for one in _contradictions(found, source)]
    if faults:
        raise PlanFaults(faults[:MAX_FAULTS])
    return Country(
        found.country,
        found.name,
        tuple(found.aliases),
        found.currency,
        found.version,
        found.looked_up,
        found.year_begins,
        tuple(_rule(part) for part in found.rules),
    )


def read_folder(folder: Path) -> Rules:
    """Every `*.yaml` of a folder as one version. Raises `InvalidInput`."""
    found = sorted(folder.glob("*.yaml"))
    if not 0 < len(found) <= MAX_FILES:
        raise InvalidInput("rules", f"{len(found)} files in {folder.name}", f"1 to {MAX_FILES} files *.yaml")
    texts = {one.name: _text(one) for one in found}
    return _rules(texts)


@cache
def loaded() -> Rules:
    """The tables that come with Bursar."""
    folder = files("bursar.tax") / "rules"
    return _rules({one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".yaml")})


def _text(file: Path) -> str:
    expected = f"a YAML file in UTF-8 of at most {MAX_FILE_BYTES // 1024} KiB"
    try:
        raw = file.read_bytes()
        if len(raw) > MAX_FILE_BYTES:
            raise InvalidInput(file.name, f"{len(raw)} bytes", expected)
        return raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(file.name, str(error)[:200], expected) from error


def _rules(texts: dict[str, str]) -> Rules:
    countries: list[Country] = []
    owners: dict[str, str] = {}
    for name, text in sorted(texts.items()):
        found = read(text, name)
        for key in (found.code, *found.aliases, *(rule.id for rule in found.rules)):
            if key in owners:
                raise InvalidInput(f"{name}: {key}", f"it in {owners[key]} too", "each country and rule in one file")
            owners[key] = name
        countries.append(found)
    return together(countries, texts.values())


def _by_rule(fault: Fault, source: Source) -> Fault:
    """A fault that names the rule instead of its place in a list."""
    head, _, rest = fault.field.partition(".")
    index, _, name = rest.partition(".")
    if head != "rules" or not index.isdigit():
        return fault
    rules = source.value.get("rules") if isinstance(source.value, dict) else None
    rule = rules[int(index)] if isinstance(rules, list) and int(index) < len(rules) else None
    called = rule.get("id") if isinstance(rule, dict) else None
    return replace(fault, field=f"rule {shown(called) if called else int(index) + 1}, {name or 'the whole rule'}")


def _contradictions(found: CountryPart, source: Source) -> Iterator[Fault]:
    """What the shape of a rule cannot say."""
    if found.currency not in CURRENCIES:
        yield source.fault(("currency",), repr(found.currency), "the ISO code of a currency")
    try:
        date.fromisoformat(f"2024-{found.year_begins}")
    except ValueError:
        yield source.fault(("year_begins",), repr(found.year_begins), "a month and a day, as 04-06")
    known: set[str] = set()
    for index, rule in enumerate(found.rules):
        here = ("rules", index)
        if rule.id in known:
            yield source.fault((*here, "id"), repr(rule.id), "an id that no other rule has")
        known.add(rule.id)
        if not rule.id.startswith(f"{found.country}-") or rule.jurisdiction.split("-")[0] != found.country:
            yield source.fault((*here, "jurisdiction"), repr(rule.jurisdiction), f"a rule of {found.country}")
        if rule.effective_to is not None and rule.effective_to < rule.effective_from:
            yield source.fault((*here, "effective_to"), str(rule.effective_to), f"{rule.effective_from} or later")
        yield from _of_effect(rule, here, source)
        for name, values in rule.condition.items():
            fact = FACTS.get(name)
            if fact is None:
                expected = f"one of {', '.join(FACTS)}"
                yield source.fault((*here, "condition", name), "a fact that is not known here", expected)
                continue
            for value in values if isinstance(values, list) else [values]:
                try:
                    check_value(fact, value, name)
                except InvalidInput as error:
                    yield source.fault((*here, "condition", name), error.found, error.expected)


def _of_effect(rule: RulePart, here: tuple[str, int], source: Source) -> Iterator[Fault]:
    """What an effect needs, and what only another one has."""
    for name in _CONDITIONAL:
        given = getattr(rule, name) not in (None, [])
        if given and name not in _MAY.get(rule.effect, set()):
            yield source.fault((*here, name), "a value", f"nothing: {rule.effect} has none")
        if not given and name in _NEEDS.get(rule.effect, ()):
            yield source.fault((*here, name), "nothing", f"a value: {rule.effect} needs one")
    for name in ("floor", "cap"):
        if getattr(rule, name) is not None and rule.against is None:
            yield source.fault((*here, name), "a limit", "`against` too: wages or supplemental")
        yield from _number(getattr(rule, name), (*here, name), source, MAX_NANOS // NANO)
    if rule.value is None:
        return
    choices = {"value_basis": BASES, "timing": TIMINGS}.get(rule.effect)
    if choices and rule.value not in choices:
        yield source.fault((*here, "value"), repr(rule.value), f"one of {', '.join(choices)}")
    if rule.effect == "cliff":
        yield from _number(rule.value, (*here, "value"), source, MAX_NANOS // NANO)
    if rule.effect == "rate" and rule.value != MARGINAL:
        yield from _number(rule.value, (*here, "value"), source, 1)


def _number(value: Number | None, path: tuple[str | int, ...], source: Source, most: int) -> Iterator[Fault]:
    if value is None:
        return
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        yield source.fault(path, repr(value)[:80], "a number" if most > 1 else f"a share of one, or {MARGINAL}")
        return
    fine = PARTS if most == 1 else NANO
    if not found.is_finite() or not 0 <= found <= most or found * fine != int(found * fine):
        yield source.fault(path, str(value), f"0 to {most}" + (", to a millionth" if most == 1 else ""))


def _rule(part: RulePart) -> Rule:
    def nanos(value: Number | None) -> int | None:
        return None if value is None else int(Decimal(str(value)) * NANO)

    is_rate = part.effect == "rate" and part.value != MARGINAL
    return Rule(
        part.id,
        part.jurisdiction,
        part.topic,
        part.effect,
        part.says,
        {name: tuple(values) if isinstance(values, list) else (values,) for name, values in part.condition.items()},
        str(part.value) if part.effect in ("value_basis", "timing") else "",
        int(Decimal(str(part.value)) * PARTS) if is_rate else None,
        (nanos(part.value) or 0) if part.effect == "cliff" else 0,
        part.unit or "",
        tuple(part.payer),
        part.against or "",
        nanos(part.floor) or 0,
        nanos(part.cap),
        part.effective_from,
        part.effective_to,
        part.citation,
        part.source_seen,
        part.confidence,
        part.note or "",
    )


def plain(rule: Rule) -> dict[str, Any]:
    """A rule as plain JSON values."""
    limit = {"amount_nanos": rule.amount, "unit": rule.unit} if rule.effect == "cliff" else {}
    rate: dict[str, Any] = {}
    if rule.effect == "rate":
        rate = {
            "rate_ppm": rule.rate_ppm,
            "payer": list(rule.payer),
            "against": rule.against,
            "floor_nanos": rule.floor,
            "cap_nanos": rule.cap,
        }
    return {
        "id": rule.id,
        "jurisdiction": rule.jurisdiction,
        "topic": rule.topic,
        "effect": rule.effect,
        "says": rule.says,
        "condition": {name: list(values) for name, values in rule.condition.items()},
        **({"choice": rule.choice} if rule.choice else {}),
        **limit,
        **rate,
        "effective_from": rule.effective_from.isoformat(),
        "effective_to": rule.effective_to.isoformat() if rule.effective_to else None,
        "citation": rule.citation,
        "source_seen": rule.source_seen,
        "confidence": rule.confidence,
        "note": rule.note,
    }
