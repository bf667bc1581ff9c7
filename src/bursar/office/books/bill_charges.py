"""Charges of a provider as they stand after their corrections, for a bill to be held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec

from bursar.calendar import from_micros
from bursar.exchange.provider_bills.matching import Charged
from bursar.exchange.provider_bills.values import usage_of
from bursar.ledger import Usage, stretch
from bursar.ledger.session import Session
from bursar.office import months
from bursar.office.books.month_reading import SKEW_MICROS

OUTSIDE = "outside.bill"
"""The dialect of charges that were made from a bill: use that passed no gateway."""
OUTSIDE_ID = "outside:"
"""How their ids begin."""
RECONCILED = "reconcile:"
"""How the ids of corrections by a reconciliation begin: they may be set again by the next one."""
UNIT = "USD"


@dataclass(frozen=True, slots=True)
class Standing:
    """A charge as it stands: for the matching, and what a correction of it has to repeat."""

    charged: Charged
    usage: Usage
    overage_nanos: int


def charges(session: Session, provider: str, first: date, end: date) -> dict[str, Standing]:
    """Charges of [first, end), days of UTC, by the ids of their commands."""
    start, until = ((one - months.EPOCH).days * months.MICROS_PER_DAY for one in (first, end))
    rows = session.rows(
        "SELECT e.command, e.corrects, e.person, CASE WHEN c.at > 0 THEN c.at ELSE e.effective END, c.amount, c.overage, "
        "c.request_id, c.access_key, c.model, c.dialect, c.purpose, c.project, c.session, c.agent, c.service_tier, "
        "c.price_version, c.status, c.tokens, c.list_nanos, c.cost_nanos FROM charge c JOIN entry e ON e.seq = c.seq "
        "WHERE c.seq >= ? AND c.provider = ? AND c.unit = ? AND (e.corrects <> '' OR "
        "(CASE WHEN c.at > 0 THEN c.at ELSE e.effective END) BETWEEN ? AND ?) ORDER BY c.seq",
        # Nothing is recorded before it happens, but for what clocks differ by: what is older need not be read.
        max(1, stretch.seq_at(session, start - SKEW_MICROS)),
        provider,
        UNIT,
        start,
        until - 1,
    )
    found: dict[str, Standing] = {}
    for row in rows:
        command, corrects, at = str(row[0]), str(row[1]), int(row[3])
        if corrects and corrects not in found:
            continue  # of another month
        before = found.get(corrects)
        usage = Usage(
            request_id=row[6],
            key=row[7],
            provider=provider,
            model=row[8],
            dialect=row[9],
            purpose=row[10],
            project=row[11],
            session=row[12],
            agent=row[13],
            service_tier=row[14],
            price_version=row[15],
            status=row[16],
            tokens=msgspec.json.decode(row[17], type=dict[str, int]),
            list_nanos=int(row[18]),
            cost_nanos=int(row[19]),
            at=at if before is None else before.usage.at,
        )
        outside = usage.dialect == OUTSIDE
        status = "reconciled" if command.startswith(RECONCILED) and not outside else usage.status
        day = from_micros(usage.at).date().isoformat()
        amount = int(row[4]) + (before.charged.amount_nanos if before else 0)
        charged = Charged(
            corrects or command,
            str(row[2]),
            day,
            usage.model,
            usage_of(usage.tokens),
            "exact" if outside else status,
            amount,
            place=usage.request_id if outside else "",
            key=usage.agent if outside else "",
        )
        overage = int(row[5]) + (before.overage_nanos if before else 0)
        found[charged.id] = Standing(charged, usage, overage)
    return found
