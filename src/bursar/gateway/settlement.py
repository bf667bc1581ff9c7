"""Settlement: from what a meter read to what is charged. Nothing here does I/O.

The provider's own figures are charged exactly. Where a reply ended before they came, the charge is estimated from what
was streamed and marked `estimated`. A reply with neither usage nor output is not charged.
"""

from __future__ import annotations

from msgspec import Struct

from bursar.gateway.admission import Plan
from bursar.gateway.calibration import Calibration
from bursar.gateway.dialects.contract import Call, Reading
from bursar.gateway.directory import Directory, KeyRecord, ProviderRecord
from bursar.ledger import Usage as UsageRecord
from bursar.prices.usage import FIELDS, Usage

BYTES_PER_OUTPUT_TOKEN = 3
"""For estimates where the provider's figures never came: on the dear side of what models generate."""


class Outcome(Struct, frozen=True):
    """What to settle: the amount in nano-USD and the usage row; None as usage means that nothing is charged."""

    amount: int
    usage: UsageRecord | None
    beside: tuple[tuple[int, UsageRecord], ...] = ()
    """What the provider bills for other models that took part in the same reply: amounts and usage rows of their own."""


NOTHING = Outcome(0, None)


class Billing(Struct, frozen=True):
    """Everything about one admitted request that its charge will say."""

    request_id: str
    key: KeyRecord
    provider: ProviderRecord
    call: Call
    plan: Plan
    output_limit: int
    """Output tokens per choice that the provider was allowed to generate."""
    held_nanos: int
    at: int
    project: str = ""
    """What reports have it under."""


def outcome_of(
    billing: Billing, reading: Reading, status: int, directory: Directory, calibration: Calibration
) -> Outcome:
    """Decide the charge for a reply with HTTP status `status`, complete or not."""
    usage, state = reading.usage, "exact"
    if reading.pending:
        return _unresolved(billing, directory)
    if usage is None:
        if status >= 400 or not (reading.output_bytes or reading.began):
            return NOTHING
        usage, state = _estimate(billing, reading, calibration), "estimated"
    elif not reading.final:
        usage, state = _at_least(usage, _estimate(billing, reading, calibration)), "estimated"
    tariff = billing.plan.tariff
    served, tier = reading.model, reading.service_tier
    if (served and served != billing.call.model) or tier:
        better = directory.tariff(billing.provider, served or billing.call.model, billing.at, tier)
        if better is None and tier:
            better = directory.tariff(billing.provider, billing.call.model, billing.at, tier)
        tariff = better or tariff
    list_nanos, cost_nanos = tariff.list_nanos(usage), tariff.cost_nanos(usage)
    tokens = {name: count for name in FIELDS if (count := getattr(usage, name))}
    record = _record(
        billing,
        directory,
        model=served or billing.call.model,
        tier=tier or billing.call.service_tier,
        status=state,
        tokens=tokens,
        list_nanos=list_nanos,
        cost_nanos=cost_nanos,
    )
    return Outcome(list_nanos, record, _beside(billing, reading, directory))


def _beside(billing: Billing, reading: Reading, directory: Directory) -> tuple[tuple[int, UsageRecord], ...]:
    found = []
    for name, usage in reading.others:
        model = name or billing.call.model
        tariff = directory.tariff(billing.provider, model, billing.at, "") or billing.plan.tariff
        value = tariff.list_nanos(usage)
        record = _record(
            billing,
            directory,
            model=model,
            tier="",
            status="exact",
            tokens={field: count for field in FIELDS if (count := getattr(usage, field))},
            list_nanos=value,
            cost_nanos=tariff.cost_nanos(usage),
        )
        found.append((value, record))
    return tuple(found)


def _unresolved(billing: Billing, directory: Directory) -> Outcome:
    """What the provider will bill is not known yet: the whole hold is charged, visibly, until it is reconciled."""
    held = billing.held_nanos
    record = _record(
        billing,
        directory,
        model=billing.call.model,
        tier=billing.call.service_tier,
        status="unresolved",
        tokens={},
        list_nanos=held,
        cost_nanos=held,
    )
    return Outcome(held, record)


def _record(
    billing: Billing,
    directory: Directory,
    *,
    model: str,
    tier: str,
    status: str,
    tokens: dict[str, int],
    list_nanos: int,
    cost_nanos: int,
) -> UsageRecord:
    return UsageRecord(
        request_id=billing.request_id,
        key=billing.key.key_id,
        provider=billing.provider.name,
        model=model,
        dialect=billing.call.dialect,
        purpose=billing.key.purpose,
        project=billing.project,
        session=billing.call.session,
        agent=billing.call.agent,
        service_tier=tier,
        price_version=directory.price_version(),
        status=status,
        tokens=tokens,
        list_nanos=list_nanos,
        cost_nanos=cost_nanos,
        at=billing.at,
    )


def _estimate(billing: Billing, reading: Reading, calibration: Calibration) -> Usage:
    return Usage(
        input=min(calibration.expected(billing.provider.kind, billing.call), billing.plan.input_tokens),
        output=min(
            -(-reading.output_bytes // BYTES_PER_OUTPUT_TOKEN), billing.output_limit * max(1, billing.call.choices)
        ),
    )


def _at_least(known: Usage, estimate: Usage) -> Usage:
    """Figures of an unfinished reply: the provider's input, and at least the output that was seen."""
    values = {name: getattr(known, name) for name in FIELDS}
    if known.total_input == 0:
        values["input"] = estimate.input
    missing = estimate.output - known.total_output
    if missing > 0:
        values["output"] += missing
    return Usage(**values)
