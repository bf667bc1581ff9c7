"""What the organisation says of tax: which place lies in which jurisdiction, facts of its plans, exchange rates, columns.

One YAML document, kept as it was written in a row of the table `setting`; every change is a line of the audit log. Places are
the roster's; where nobody said which law holds, the answer is that somebody has to be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from sqlalchemy import Connection, insert, select, update

from bursar.errors import InvalidInput
from bursar.money import CURRENCIES
from bursar.office.books.payroll_columns import DEFAULT, Columns, checked_columns
from bursar.office.database import reading, transaction
from bursar.office.tables import ORGANISATION, Whose, setting
from bursar.plans.document import MAX_FAULTS, Fault, Part, PlanFaults, Source, faults_of
from bursar.plans.terms import matches
from bursar.tax import Exchange, Rules
from bursar.tax.facts import Value, checked

if TYPE_CHECKING:
    from bursar.office.desk import Desk

ROW = "tax.policy"
MAX_ENTRIES = 1_000
EXAMPLE = """\
# What the organisation says of tax. Everything may be left out; what is left out is a named assumption.
places:                       # the roster's location, or a pattern of it -> jurisdiction
  Berlin: DE
  "London*": UK
  San Francisco: US-CA
facts:                        # of a jurisdiction, or of the countries in it
  UK: {policy_document: true, private_use_significant: false}
  US: {advertised_as_compensation: false}
relies_on: []                 # open rules on which you rely, after you asked somebody: [DE-3-45]
exchange:                     # what one USD is worth, and who says so
  EUR: {rate: 0.92, source: "ECB reference rate of 2026-10-30"}
payroll_columns:              # header of the payroll file: figure, or ='a text of your own'
  Employee ID: person
  Wage type: ='4711'
  Taxable: taxable
"""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Place = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,8})?$")]


class ExchangePart(Part):
    """A rate, and who says so."""

    rate: str | int
    source: Words


class PolicyPart(Part):
    """The document as it is written."""

    places: Annotated[dict[Words, Place], Field(max_length=MAX_ENTRIES)] = Field(default_factory=dict)
    facts: Annotated[dict[Place, dict[str, bool | str]], Field(max_length=MAX_ENTRIES)] = Field(default_factory=dict)
    relies_on: Annotated[list[Words], Field(max_length=MAX_ENTRIES)] = Field(default_factory=list)
    exchange: Annotated[dict[str, ExchangePart], Field(max_length=200)] = Field(default_factory=dict)
    payroll_columns: Annotated[dict[Words, Words], Field(max_length=100)] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the organisation says, checked."""

    places: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    relies_on: frozenset[str] = frozenset()
    exchange: Mapping[str, Exchange] = field(default_factory=dict)
    columns: Columns = DEFAULT

    def jurisdiction(self, location: str, rules: Rules) -> str:
        """Of a place of the roster; empty where nobody said and the place does not say so itself.

        A place says so itself by the name of its country at its end (Berlin, Germany) or by a code of country and part
        (US-CA). Two letters alone do not: of an American roster CA is California, IN Indiana and DE Delaware.
        """
        place = location.strip()
        for pattern, found in self.places.items():
            if place and matches((pattern,), place):
                return found
        last = place.rpartition(",")[2].strip().casefold()
        for country in rules.countries.values():
            if last and last == country.name.casefold():
                return country.code
            head, _, part = last.upper().partition("-")
            if part and head in (country.code, *country.aliases):
                return f"{country.code}-{part}"
        return ""

    def of(self, jurisdiction: str) -> dict[str, Value]:
        """Facts that hold in a jurisdiction: those of its country, and of itself before them."""
        country = jurisdiction.partition("-")[0]
        return {**self.facts.get(country, {}), **self.facts.get(jurisdiction, {})}


def read(text: str, rules: Rules, file: str = "tax policy") -> Policy:
    """A document. Raises `InvalidInput` with line, field, found and expected of every fault."""
    source = Source(text, file, "places, facts, relies_on, exchange or payroll_columns")
    fields = frozenset([*PolicyPart.model_fields, *ExchangePart.model_fields])
    try:
        part = TypeAdapter(PolicyPart).validate_python(source.value)
    except ValidationError as error:
        raise PlanFaults(list(faults_of(error, source, fields))[:MAX_FAULTS]) from None
    faults = list(_contradictions(part, source, rules))
    if faults:
        raise PlanFaults(faults[:MAX_FAULTS])
    return Policy(
        part.places,
        {rules.place(place)[1]: found for place, found in part.facts.items()},  # type: ignore[index]
        frozenset(part.relies_on),
        {code: Exchange(int(_decimal(one.rate) * 1_000_000), one.source) for code, one in part.exchange.items()},
        checked_columns(part.payroll_columns) if part.payroll_columns else DEFAULT,
    )


def _contradictions(part: PolicyPart, source: Source, rules: Rules) -> Iterator[Fault]:
    for place, facts in part.facts.items():
        if rules.place(place) is None:
            yield source.fault(("facts", place), repr(place), f"a country with rules: {', '.join(rules.countries)}")
        for name, value in facts.items():
            try:
                checked({name: value})
            except InvalidInput as error:
                yield source.fault(("facts", place, name), error.found, error.expected)
    known = {rule.id for country in rules.countries.values() for rule in country.rules if rule.confidence == "open"}
    for index, rule in enumerate(part.relies_on):
        if rule not in known:
            yield source.fault(("relies_on", index), repr(rule), f"an open rule: {', '.join(sorted(known))}")
    for code, one in part.exchange.items():
        if code not in CURRENCIES or code == "USD":
            yield source.fault(("exchange", code), repr(code), "the ISO code of a currency other than USD")
        if not 0 < _decimal(one.rate) < 1_000_000:
            yield source.fault(("exchange", code, "rate"), repr(one.rate), "a number above 0: what one USD is worth")
    try:
        checked_columns(part.payroll_columns)
    except InvalidInput as error:
        yield source.fault(("payroll_columns",), error.found, error.expected)


def _decimal(value: str | int) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def written(connection: Connection, organisation: Whose = ORGANISATION) -> str:
    """The document as it was written; empty where there is none."""
    here = (setting.c.organisation == organisation) & (setting.c.name == ROW)
    return connection.execute(select(setting.c.value).where(here)).scalar_one_or_none() or ""


def policy(desk: Desk, rules: Rules) -> Policy:
    """What is in force."""
    with reading(desk.engine) as connection:
        text = written(connection)
    return read(text, rules) if text else Policy()


def change(desk: Desk, text: str, rules: Rules, file: str = "tax policy") -> Policy:
    """Put another document in force, all of it or none, with its line in the audit log."""
    found = read(text, rules, file)
    with transaction(desk.engine) as connection:
        here = (setting.c.organisation == ORGANISATION) & (setting.c.name == ROW)
        if connection.execute(update(setting).where(here).values(value=text)).rowcount == 0:
            connection.execute(insert(setting).values(organisation=ORGANISATION, name=ROW, value=text))
        told = {"places": len(found.places), "exchange": sorted(found.exchange), "relies_on": sorted(found.relies_on)}
        desk.note(connection, "setting.change", ROW, told)
    return found
