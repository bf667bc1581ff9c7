"""A month's journal from its figures: purchases, use by provider, corrections of earlier months, the accrual. Pure.

Use is booked at what the employer pays; list value stands beside it. What is bought beforehand is an asset until it is
used. An accrual is reversed on the first day of the month after it, so that each month's entries stand for themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from bursar.exchange.journal.chart import Chart, Purchase
from bursar.exchange.journal.entries import Entry, Journal, Line, Memo, Origin
from bursar.money import round_half_up_div


@dataclass(frozen=True, slots=True)
class Figure:
    """What a person used at a provider for a purpose out of a class; nano-USD. Below zero where a correction takes away."""

    concerns: str
    """The month that it belongs to: the journal's own, or an earlier one that it corrects."""
    person: str
    team: str
    provider: str
    purpose: str
    plan_class: str
    requests: int
    list_nanos: int
    cost_nanos: int


@dataclass(frozen=True, slots=True)
class Carried:
    """What a plan has promised and nobody used at the month's end, nano-USD at list."""

    plan: str
    nanos: int
    accumulates: bool
    """Whether any of it stays beyond its period."""


@dataclass(frozen=True, slots=True)
class Month:
    """Everything that a month's journal is made of."""

    name: str
    figures: Sequence[Figure]
    carried: Sequence[Carried] = ()
    accrued_before: int = 0
    """What the month before accrued, which this one reverses."""
    prepaid_opening: int = 0
    """Credits that were bought and not used before this month, nano-USD."""
    late_purchases: Sequence[Purchase] = ()
    """Of closed months, written into the chart since; below zero where one was taken out."""
    closed: bool = False


def draw_up(month: Month, chart: Chart) -> Journal:
    """The journal of a month. Every entry balances; the same figures and chart give the same journal."""
    first, last = _days(month.name)
    own = [one for one in month.figures if one.concerns == month.name]
    entries = [*_purchases(month, chart), *_used(month, chart, last)]
    accrued, disclosed = _unused(month, own, chart)
    entries += _accruals(month, accrued, chart, first, last)
    by_purpose = {"work": 0, "personal": 0}
    for one in own:
        kind = one.purpose if one.purpose in by_purpose else "other"
        by_purpose[kind] = by_purpose.get(kind, 0) + one.cost_nanos
    memo = Memo(
        **by_purpose,
        list_nanos=sum(one.list_nanos for one in own),
        cost_nanos=sum(one.cost_nanos for one in own),
        prepaid_opening=month.prepaid_opening,
        prepaid_closing=prepaid_close(month.prepaid_opening, entries),
        carried=sum(one.nanos for one in month.carried if one.accumulates),
        accrued=accrued,
        disclosed=disclosed,
    )
    return Journal(month.name, chart.currency, month.closed, tuple(entries), memo)


def prepaid_close(opening: int, entries: Iterable[Entry]) -> int:
    """What is left of credits that were bought beforehand: the opening and every line of the prepaid account."""
    return opening + sum(line.nanos for entry in entries for line in entry.lines if line.role == "prepaid")


def _purchases(month: Month, chart: Chart) -> list[Entry]:
    own = [one for one in chart.purchases if f"{one.day:%Y-%m}" == month.name]
    first, _ = _days(month.name)
    found = []
    for number, one in enumerate([*month.late_purchases, *own], start=1):
        late = one.day < first
        told = f"Credits bought at {one.provider}" + (f": {one.note}" if one.note else "")
        if late:
            told = f"Correction of {one.day:%Y-%m}, known after it was closed: {told}"
        origin = Origin(f"{one.day:%Y-%m}", one.provider)
        found.append(
            Entry(
                f"{month.name}/purchase/{number}",
                first if late else one.day,
                "correction" if late else "purchase",
                told,
                (
                    Line("prepaid", chart.accounts["prepaid"], one.nanos, origin=origin),
                    Line(one.paid_from, chart.accounts[one.paid_from], -one.nanos, origin=origin),
                ),
            )
        )
    return found


def _used(month: Month, chart: Chart, last: date) -> list[Entry]:
    groups: dict[tuple[str, str], list[Figure]] = {}
    for one in month.figures:
        groups.setdefault((one.concerns, one.provider), []).append(one)
    found = []
    for (concerns, provider), some in sorted(groups.items()):
        late = concerns != month.name
        debits = _debits(month.name, some, chart)
        cost = sum(line.nanos for line in debits)
        if not debits:
            continue
        role = chart.paid_by(provider)
        whole = Origin(
            concerns,
            provider,
            people=len({one.person for one in some}),
            requests=sum(one.requests for one in some),
            list_nanos=sum(one.list_nanos for one in some),
            query=_query(month.name, provider),
        )
        told = f"Correction of {concerns}, known after it was closed: {provider}" if late else f"Use of {provider}"
        credit = (Line(role, chart.accounts[role], -cost, origin=whole),) if cost else ()
        kind = "correction" if late else "usage"
        found.append(Entry(f"{month.name}/{kind}/{concerns}/{provider}", last, kind, told, (*debits, *credit)))
    return found


def _debits(month: str, figures: Iterable[Figure], chart: Chart) -> list[Line]:
    """A line for each account, cost centre and purpose, with what it was made from; none of nothing."""
    groups: dict[tuple[str, str, str], list[Figure]] = {}
    for one in figures:
        role = chart.account_of(one.purpose, one.plan_class)
        centre = chart.cost_centre(one.team) if role in chart.by_cost_centre else ""
        groups.setdefault((role, centre, one.purpose), []).append(one)
    found = []
    for (role, centre, purpose), some in sorted(groups.items()):
        cost = sum(one.cost_nanos for one in some)
        # What is deducted from pay is what the lots were charged, at list; what that is above cost is no expense.
        deducted = sum(one.list_nanos for one in some) if role == "employees" else cost
        if not cost and not deducted:
            continue
        origin = Origin(
            some[0].concerns,
            some[0].provider,
            purpose,
            tuple(sorted({one.plan_class for one in some})),
            centre,
            len({one.person for one in some}),
            sum(one.requests for one in some),
            sum(one.list_nanos for one in some),
            _query(month, some[0].provider, purpose, centre if role in chart.by_cost_centre else None),
        )
        found.append(Line(role, chart.accounts[role], deducted, centre, origin))
        if deducted != cost:
            found.append(Line("recharge", chart.accounts["recharge"], cost - deducted, "", origin))
    return found


def _query(month: str, provider: str, purpose: str | None = None, centre: str | None = None) -> str:
    parts = [f"bursar export focus --month {month} --provider {_quoted(provider)}"]
    if purpose is not None:
        parts.append(f"--purpose {_quoted(purpose)}")
    if centre is not None:
        parts.append(f"--cost-centre {_quoted(centre)}")
    return " ".join(parts)


def _quoted(text: str) -> str:
    """A word of a command line, for a POSIX shell."""
    plain = text and all(one.isalnum() or one in "-_./:" for one in text)
    return text if plain else "'" + text.replace("'", "'\\''") + "'"


def _unused(month: Month, own: Sequence[Figure], chart: Chart) -> tuple[int, int]:
    """What is accrued, at the employer's cost, and what is only disclosed, at list."""
    listed = sum(one.list_nanos for one in own)
    # A month without use has no price of its own: then a promise is taken at its face.
    ratio = Fraction(sum(one.cost_nanos for one in own), listed) if listed > 0 else Fraction(1)
    share = ratio * chart.accrual.use
    accrued = disclosed = 0
    for one in month.carried:
        if chart.accrual.takes(one.plan, one.accumulates):
            accrued += round_half_up_div(one.nanos * share.numerator, share.denominator)
        else:
            disclosed += one.nanos
    return accrued, disclosed


def _accruals(month: Month, accrued: int, chart: Chart, first: date, last: date) -> list[Entry]:
    found = []
    for kind, day, nanos, told in (
        ("reversal", first, -month.accrued_before, "Accrual of the month before, reversed"),
        ("accrual", last, accrued, "Promised credits that are carried on, at cost and by the share that will be used"),
    ):
        if nanos:
            origin = Origin(month.name, list_nanos=sum(one.nanos for one in month.carried) if kind == "accrual" else 0)
            lines = (
                Line("accrual", chart.accounts["accrual"], nanos, origin=origin),
                Line("accrued", chart.accounts["accrued"], -nanos, origin=origin),
            )
            found.append(Entry(f"{month.name}/{kind}", day, kind, told, lines))
    return found


def _days(month: str) -> tuple[date, date]:
    first = date(int(month[:4]), int(month[5:]), 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
