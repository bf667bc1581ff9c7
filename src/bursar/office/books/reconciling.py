"""A provider's bill reconciled with the ledger: what agrees, what every difference is, and setting it right.

Comparing changes nothing. Applying writes, in one transaction of the ledger, a correction for each charge whose figures
were not known, and a charge for use that went past the gateway and whose owner is known; the rest is put in suspense,
visibly, until somebody resolves it. Nothing is rewritten: a correction of a closed month stands in the next one. Done
twice, it does nothing the second time: every entry's id follows from what it says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, select

from bursar.errors import Conflict, NotFound
from bursar.exchange.provider_bills import Bill
from bursar.exchange.provider_bills.matching import Finding, Known, Matched, match
from bursar.exchange.provider_bills.values import fits, tokens, usage_of
from bursar.ledger import Applied, Charge, Command, Correct, Rejected, Request, Usage
from bursar.ledger.lateness import Dated, charge_in_the_past
from bursar.ledger.session import Session
from bursar.ledger.writer import apply_batch
from bursar.office import months
from bursar.office.books import bill_charges, bills, suspense
from bursar.office.books.bill_charges import OUTSIDE, OUTSIDE_ID, RECONCILED, UNIT, Standing
from bursar.office.catalogue import pricing, providers
from bursar.office.database import reading, transaction
from bursar.office.metering import outside
from bursar.office.tables import ORGANISATION, bill_suspense, person
from bursar.prices import PriceBook
from bursar.prices import Usage as Counted

if TYPE_CHECKING:
    from bursar.office.desk import Desk

CORRECTED = ("estimated", "reconciled", "unresolved")
KINDS = ("matched", *CORRECTED, "outside", "suspense", "midnight", "late", "unexplained")
NOON = months.MICROS_PER_DAY // 2
"""Use of a day of a bill happens at its middle: nobody knows when."""
PURPOSE = "work"


@dataclass(frozen=True, slots=True)
class Priced:
    """A finding with what it comes to at list price and at cost; None where there is no price."""

    finding: Finding
    list_nanos: int | None
    cost_nanos: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A month of a provider, held against its bill."""

    provider: str
    month: str
    matched: Matched
    findings: tuple[Priced, ...]
    """Of the month; what stands in the days around it is theirs."""
    charges: Mapping[str, Standing]
    bill_list_nanos: int
    """The bill's tokens at list price: what is charged for those that agree, what each finding comes to, what was
    dismissed."""
    bill_cost_nanos: int | None
    """What the provider itself says that it charges; None where it has not."""
    dismissed_list_nanos: int
    """Of the bill, and said to be nobody's to pay."""
    oddities: tuple[dict[str, Any], ...]

    def of(self, *kinds: str) -> list[Priced]:
        return [one for one in self.findings if one.finding.kind in kinds]

    @property
    def unexplained(self) -> int:
        return len(self.of("unexplained"))


class _Rates:
    """What tokens of a provider are worth, by the price book that a charge names or the one in force."""

    def __init__(self, desk: Desk, provider: str) -> None:
        self._desk = desk
        with reading(desk.engine) as connection:
            kinds = {one.name: one.terms.kind for one in providers.listed(connection)}
            self.kind = kinds.get(provider, provider)
            self.book = pricing.current_book(connection)
        self._books: dict[str, PriceBook] = {}

    def value(
        self, model: str, at: int, tier: str, usage: Counted, version: str = "", *, summed: bool = False
    ) -> tuple[int, int] | None:
        """At list price and at cost. `summed` is of many requests, whose sum says nothing about the length of each: it is
        priced at the first band."""
        tariff = self._book(version).tariff(self.kind, model, at, tier) or self.book.tariff(self.kind, model, at, tier)
        if tariff is not None and summed:
            cost = tariff.cost_bands
            tariff = replace(tariff, bands=tariff.bands[:1], cost_bands=cost[:1] if cost else cost)
        return None if tariff is None else (tariff.list_nanos(usage), tariff.cost_nanos(usage))

    def named(self, at: int) -> Callable[[str], str]:
        """One name for a model and its aliases, as the price book knows them."""

        def name(model: str) -> str:
            tariff = self.book.tariff(self.kind, model, at)
            return tariff.model if tariff is not None else model.lower()

        return name

    def _book(self, version: str) -> PriceBook:
        if not version or version == self.book.version:
            return self.book
        if version not in self._books:
            with reading(self._desk.engine) as connection:
                try:
                    self._books[version] = pricing.book_of(connection, version)
                except NotFound:
                    self._books[version] = self.book
        return self._books[version]


def compare(desk: Desk, provider: str, month: str, bill: Bill | None = None) -> Comparison:
    """Hold what is kept of a provider's bill, or a bill that was just read, against the charges of a month."""
    first, end = bills.days_around(month)
    days = [(first + timedelta(days=nth)).isoformat() for nth in range((end - first).days)]
    rates = _Rates(desk, provider)
    with reading(desk.engine) as connection:
        told = bills.lines(connection, provider, days)
        spoken = bills.days_told(connection, provider, days[0], days[-1])
        cost = bills.cost_nanos(connection, provider, days[1], days[-2])
        oddities = _oddities(connection, provider, days[1], days[-2])
        known = _known(connection, provider)
        settled = suspense.dismissed(connection, provider, month)
    if bill is not None:
        told = [one for one in told if one.day not in bill.days] + list(bill.lines)
        spoken |= dict.fromkeys(bill.days, desk.now())
        inside = [one.amount_nanos for one in bill.costs if one.day.startswith(month)]
        cost = sum(inside) if bill.costs else cost
        oddities = tuple({"kind": one.kind, "page": one.page, "what": one.what} for one in bill.oddities)
    if not spoken:
        raise NotFound(
            f"{provider[:80]} has told nothing of {months.title(month)}",
            "read its bill first: with an admin key, or `bursar import usage FILE --provider ...`",
        )
    since, until = ((one - months.EPOCH).days for one in (first, end))
    growing = frozenset(day for day, at in spoken.items() if not bills.is_settled(day, at))
    known = replace(known, days=frozenset(spoken), growing=growing)
    known = replace(known, observed=outside.observed(desk, since, until, rates.named(months.micros_of(month)[0])))
    standing = desk.store.read(lambda session: bill_charges.charges(session, provider, first, end))
    start = months.micros_of(month)[0]
    matched = match(
        provider,
        [one for one in told if one.day in days],
        [one.charged for one in standing.values()],
        known,
        rates.named(start),
    )
    findings = tuple(_priced(one, standing, rates) for one in matched.findings if one.day.startswith(month))
    charged = sum(one.usage.list_nanos for one in standing.values() if one.charged.day.startswith(month))
    parts = [rates.value(model, _at(day), "", usage, summed=True) for day, model, usage in settled]
    dismissed = sum(value[0] for value in parts if value)
    worth = charged + dismissed + sum(_more(one, standing) for one in findings)
    cells = tuple(one for one in matched.cells if one.day.startswith(month))
    return Comparison(
        provider, month, replace(matched, cells=cells), findings, standing, worth, cost, dismissed, tuple(oddities)
    )


def apply(desk: Desk, found: Comparison) -> dict[str, Any]:
    """Set right what a comparison found; says what was done. Raises Conflict, with nothing done, if the ledger refuses."""
    corrections, fresh = commands(found, desk.now())
    people = {one.person for one in (*corrections, *(dated.on_time for dated in fresh))}
    for one in sorted(people):
        desk.run_calendar(one)
    now = desk.now()

    def work(session: Session) -> int:
        done = 0
        if corrections:
            done += sum(_checked(answer) for answer in apply_batch(session, corrections, now))
        if fresh:
            done += sum(_checked(answer) for answer, _ in charge_in_the_past(session, fresh, now))
        return done

    applied = desk.store.transact(work) if corrections or fresh else 0
    opened = suspense.follow(desk, found.provider, found.month, found.of("suspense"))
    summary = {"corrected": len(corrections), "charged": len(fresh), "suspense": opened, "entries": applied}
    if applied or opened:
        with transaction(desk.engine) as connection:
            desk.note(connection, "books.reconcile", f"{found.provider}/{found.month}", summary)
    return summary


def commands(found: Comparison, now: int) -> tuple[list[Command], list[Dated]]:
    """Corrections, and charges of use that went past the gateway; what has no price is left to be looked at."""
    corrections: list[Command] = []
    fresh: list[Dated] = []
    for one in found.of(*CORRECTED, "outside"):
        finding = one.finding
        if one.list_nanos is None or one.cost_nanos is None:
            continue
        if finding.charge:
            standing = found.charges[finding.charge]
            corrections.append(correction(standing, one, found.provider))
        else:
            fresh.append(charge_of(found.provider, one, now))
    return corrections, fresh


def charge_of(provider: str, priced: Priced, now: int) -> Dated:
    """The charge of use that went past the gateway, on time and late: at noon of its day, and of today at once."""
    finding = priced.finding
    assert priced.list_nanos is not None
    assert priced.cost_nanos is not None
    at = now if now // months.MICROS_PER_DAY == _at(finding.day) // months.MICROS_PER_DAY else _at(finding.day)
    usage = Usage(
        request_id=finding.place,
        provider=provider,
        model=finding.model,
        dialect=OUTSIDE,
        purpose=PURPOSE,
        agent=finding.key,
        status="exact",
        tokens=tokens(finding.usage),
        list_nanos=priced.list_nanos,
        cost_nanos=priced.cost_nanos,
        at=at,
    )
    request = Request(provider, finding.model, PURPOSE)

    def form(note: str) -> Charge:
        return Charge(
            f"{OUTSIDE_ID}{finding.place}", finding.person, UNIT, priced.list_nanos or 0, request, usage, note
        )

    said = f"used {finding.day} past the gateway, by {provider}'s bill ({finding.why})"
    return Dated(at, form(said), form(f"late: {said}"))


def document(desk: Desk, found: Comparison) -> dict[str, Any]:
    """The comparison as a plain document: the figures, and every finding with its explanation."""
    with reading(desk.engine) as connection:
        handles = {row.id: row.handle for row in connection.execute(select(person.c.id, person.c.handle))}
    cells = found.matched.cells
    ledger = [one for one in found.charges.values() if one.charged.day.startswith(found.month)]
    return {
        "provider": found.provider,
        "month": found.month,
        "days": len({one.day for one in cells}),
        "cells": len(cells),
        "matched": sum(1 for one in cells if not one.kinds),
        "gateway_keys": sorted(found.matched.gateway_keys),
        "assumed_keys": found.matched.assumed,
        "bill_list_nanos": found.bill_list_nanos,
        "bill_cost_nanos": found.bill_cost_nanos,
        "dismissed_list_nanos": found.dismissed_list_nanos,
        "charged_list_nanos": sum(one.usage.list_nanos for one in ledger),
        "charged_cost_nanos": sum(one.usage.cost_nanos for one in ledger),
        "kinds": {
            kind: {"findings": len(found.of(kind)), "list_nanos": sum(one.list_nanos or 0 for one in found.of(kind))}
            for kind in KINDS[1:]
            if found.of(kind)
        },
        "unexplained": found.unexplained,
        "oddities": list(found.oddities),
        "findings": [_finding(one, handles) for one in found.findings],
    }


def reconcile(
    desk: Desk,
    provider: str,
    month: str,
    *,
    apply_it: bool = False,
    bill: Bill | None = None,
) -> dict[str, Any]:
    """Compare, and with `apply_it` keep the bill that was given and set right what was found."""
    if apply_it and bill is not None:
        kept = bills.keep(desk, provider, bill, "administration")
    found = compare(desk, provider, month, bill)
    result = {**document(desk, found), "applied": False}
    if apply_it:
        result |= {"applied": True, **apply(desk, found)}
        if bill is not None:
            result["changed_lines"] = kept["changed"]
    return result


def work(desk: Desk, asked: dict[str, Any], progress: Callable[[int, int], None]) -> Any:
    """Reading a provider's bill as long work is done; asked with `provider` and `month`."""
    from bursar.office.works.work import Outcome

    progress(0, 2)
    bill = bills.read_bill(desk, asked["provider"], asked["month"])
    progress(1, 2)
    kept = bills.keep(desk, asked["provider"], bill, "administration")
    return Outcome(json.dumps(kept).encode(), name="bill.json")


def correction(standing: Standing, priced: Priced, provider: str) -> Correct:
    """The correction of a charge to what a finding says."""
    finding = priced.finding
    assert priced.list_nanos is not None
    assert priced.cost_nanos is not None
    found = tokens(finding.usage)
    usage = msgspec.structs.replace(
        standing.usage,
        status="corrected",
        tokens=found,
        list_nanos=priced.list_nanos,
        cost_nanos=priced.cost_nanos,
    )
    charge = standing.charged
    # What a charge said before is part of the name: figures that come back are a correction of their own.
    said = json.dumps([charge.id, found, tokens(finding.before), charge.amount_nanos], sort_keys=True)
    name = blake2b(said.encode(), digest_size=12).hexdigest()
    note = f"{finding.kind}: {provider}'s bill of {finding.day} ({finding.why})"
    return Correct(f"{RECONCILED}{name}", charge.person, charge.id, priced.list_nanos, usage, note)


def _priced(finding: Finding, standing: Mapping[str, Standing], rates: _Rates) -> Priced:
    charge = standing.get(finding.charge)
    if charge is not None:
        usage = charge.usage
        summed = usage.dialect == OUTSIDE
        value = rates.value(
            usage.model, usage.at, usage.service_tier, finding.usage, usage.price_version, summed=summed
        )
    else:
        value = rates.value(finding.model, _at(finding.day), "", _positive(finding.usage), summed=True)
    if value is None:
        # Whoever resells models has prices of its own and no list: what it charges is what it is worth.
        return Priced(finding, finding.stated_nanos, finding.stated_nanos)
    return Priced(finding, *value)


def value_of(desk: Desk, provider: str, day: str, model: str, usage: Counted) -> tuple[int, int] | None:
    """What tokens of a day of a bill are worth at list price and at cost."""
    return _Rates(desk, provider).value(model, _at(day), "", usage, summed=True)


def _positive(usage: Counted) -> Counted:
    return Counted(**{name: abs(getattr(usage, name)) for name in Counted.__struct_fields__})


def _more(one: Priced, standing: Mapping[str, Standing]) -> int:
    """What a finding adds to what is charged, nano-USD at list price."""
    before = standing.get(one.finding.charge)
    if before is not None:
        return (one.list_nanos or 0) - before.usage.list_nanos
    less = one.finding.kind in ("unexplained", "late") and not fits(one.finding.usage)
    return -(one.list_nanos or 0) if less else one.list_nanos or 0


def _known(connection: Connection, provider: str) -> Known:
    row = bill_suspense.c
    settled = select(row.place, row.dismissed).where(row.organisation == ORGANISATION, row.provider == provider)
    dismissed = {
        place: usage_of(json.loads(text)) for place, text in connection.execute(settled) if text not in ("", "{}")
    }
    addresses = {
        one.email.lower(): one.id
        for one in connection.execute(
            select(person.c.id, person.c.email).where(person.c.organisation == ORGANISATION, person.c.email != "")
        )
    }
    return Known(
        owners=bills.owners(connection, provider),
        addresses=addresses,
        dismissed=dismissed,
    )


def _oddities(connection: Connection, provider: str, first: str, last: str) -> tuple[dict[str, Any], ...]:
    for one in bills.readings(connection, provider, limit=50):
        if one["first"] <= last and one["last"] >= first:
            return tuple(one["oddities"])
    return ()


def _finding(one: Priced, handles: Mapping[str, str]) -> dict[str, Any]:
    finding = one.finding
    return {
        "kind": finding.kind,
        "day": finding.day,
        "model": finding.model,
        "key": finding.key,
        "person": handles.get(finding.person, finding.person),
        "charge": finding.charge,
        "place": finding.place,
        "tokens": tokens(finding.usage),
        "before": tokens(finding.before),
        "list_nanos": one.list_nanos,
        "cost_nanos": one.cost_nanos,
        "why": finding.why,
    }


def _checked(answer: object) -> int:
    """1 for what was done now, 0 for what had been done before. Raises Conflict, which undoes the transaction."""
    if isinstance(answer, Applied):
        return 0 if answer.replayed else 1
    raise Conflict(
        f"the ledger refuses a correction: {answer.sentence if isinstance(answer, Rejected) else answer}",
        "nothing was applied; compare again",
    )


def _at(day: str) -> int:
    return (date.fromisoformat(day) - months.EPOCH).days * months.MICROS_PER_DAY + NOON
