"""Admission: what a request may cost at worst, how much to hold for it, and what to say when it is refused.

The provider enforces what we cannot count (hidden reasoning), so a hold that is smaller than the worst case lowers the
request's own output limit to what the hold affords. Nothing here does I/O.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from bursar.gateway.dialects.contract import Call, Refusal
from bursar.gateway.directory import KeyRecord, ProviderRecord
from bursar.gateway.labels import NOTHING_SAID, Labels
from bursar.gateway.policy import Policy
from bursar.ledger import Refused, Request, TakeHold
from bursar.ledger.values import MAX_AMOUNT
from bursar.money import Amount, Unit, format_amount
from bursar.prices import Tariff, maximum_output

MICROS = 1_000_000
CONTENTION_RETRY_SECONDS = 2
"""How soon to try again when the person's own requests will give money back."""
PROBE_SECONDS = 3600
"""The time limit of a hold that is never taken: beyond any wait for the ledger and any difference between clocks."""


class Plan(Struct, frozen=True):
    """How a billable request is to be held for."""

    tariff: Tariff
    input_tokens: int
    """Bound of the input that the worst case was computed with."""
    output_tokens: int
    """Most output per choice that the request could generate."""
    worst_nanos: int
    floor_nanos: int


def plan_hold(
    call: Call, provider: ProviderRecord, tariff: Tariff, policy: Policy, input_tokens: int | None = None
) -> Plan:
    """Quote a call; `input_tokens` replaces the cheap bound where a tighter count is known."""
    bound = call.input_bound if input_tokens is None else min(input_tokens, call.input_bound)
    if call.unbounded:
        bound += policy.unbounded_input_tokens
    most = maximum_output(provider.kind, call.model)
    output = most if call.output_limit is None else call.output_limit
    if call.dialect.endswith("embeddings") or call.dialect.endswith("embed"):
        output = 0
    floor_output = min(output, policy.floor_output_tokens)
    worst = tariff.quote(bound, output, call.choices, call.cache_ttl).worst_nanos
    floor = tariff.quote(bound, floor_output, call.choices, call.cache_ttl).worst_nanos
    return Plan(tariff, bound, output, worst, floor)


def hold_command(
    hold_id: str,
    plan: Plan,
    call: Call,
    key: KeyRecord,
    provider: ProviderRecord,
    policy: Policy,
    node: str,
    now: int,
    holder: str,
    most: int = MAX_AMOUNT,
    labels: Labels = NOTHING_SAID,
) -> TakeHold:
    """The hold for a plan, on the lots of `holder`: the person who has the key, or a pool. At most `most` is held."""
    note = {"key": key.key_id, "dialect": call.dialect, "project": labels.project_of(key), "request_id": hold_id}
    cap, ceiling = labels.cap_of(key)
    if call.session:
        note["session"] = call.session
    if call.agent:
        note["agent"] = call.agent
    return TakeHold(
        hold_id,
        holder,
        "USD",
        min(plan.worst_nanos, most),
        min(plan.floor_nanos, most),
        now + policy.hold_seconds * MICROS,
        Request(provider.name, call.model, purpose_of(key)),
        policy.share_divisor,
        policy.on_lapse,
        node,
        cap,
        ceiling,
        note,
    )


def purpose_of(key: KeyRecord) -> str:
    """What lots are asked for: a key that names a project may draw on what is kept for it."""
    return f"{key.purpose}/{key.project}" if key.project else key.purpose


def drawn_for(provider: ProviderRecord, model: str, key: KeyRecord) -> Request:
    """What a charge without a hold may draw on: the lots that a hold for it could have drawn on."""
    return Request(provider.name, model, purpose_of(key))


def probe_command(name: str, call: Call, key: KeyRecord, provider: ProviderRecord, now: int, holder: str) -> TakeHold:
    """A hold that nothing covers: its refusal says what is free, and moves nothing."""
    request = Request(provider.name, call.model, purpose_of(key))
    return TakeHold(name, holder, "USD", MAX_AMOUNT, MAX_AMOUNT, now + PROBE_SECONDS * MICROS, request)


def output_limit(plan: Plan, held_nanos: int, call: Call) -> int | None:
    """The output limit per choice to forward: None if the hold covers the worst case as it is."""
    if held_nanos >= plan.worst_nanos:
        return None
    return min(
        plan.tariff.affordable_output(held_nanos, plan.input_tokens, call.choices, call.cache_ttl), plan.output_tokens
    )


def explain(
    refused: Refused, key: KeyRecord, policy: Policy, now: int, *, may_ask: bool = False, run: str = ""
) -> Refusal:
    """Whose limit, how much is left, what the request would have needed, when more opens, where to ask.

    `may_ask`: the person's plan takes requests for more, so there is a way that somebody has to answer.
    """
    needed, left = dollars(refused.needed), dollars(refused.available)
    opens_at = None if refused.opens is None else refused.opens // MICROS
    if refused.reason == "contention":
        whose = "this key's cap" if key.cap_nanos and refused.limit == key.cap_nanos else "your allotment"
        sentence = (
            f"Bursar: {dollars(refused.held)} of {whose} is held by your other requests in flight, {left} is free and "
            f"this request needs at least {needed}. Try again in a moment."
        )
        return Refusal(
            "contention",
            sentence,
            retry_after_seconds=CONTENTION_RETRY_SECONDS,
            fields=_fields(refused, key, policy, opens_at, run),
        )
    if refused.reason == "cap":
        whose = f"run {run}" if run else "this access key"
        what = f"The cap of {whose} ({dollars(refused.limit)}) is used up: {left} is left"
    elif refused.available:
        what = f"Your token allotment has {left} left of {dollars(refused.limit)}"
    elif refused.limit:
        what = f"Your token allotment of {dollars(refused.limit)} is used up: nothing is left"
    else:
        what = "No allotment that covers this request is open"
    sentence = f"Bursar: {what} and this request needs at least {needed}."
    if refused.opens is not None:
        sentence += f" Your next allotment opens {moment(refused.opens)}."
    if may_ask:
        sentence += f" Your plan takes requests for more: bursar topup request {key.person} AMOUNT."
    else:
        sentence += f" Ask for more: {policy.ask_at or 'talk to whoever granted your allotment'}."
    wait = None if refused.opens is None else max(1, (refused.opens - now) // MICROS)
    return Refusal("exhausted", sentence, wait, opens_at, _fields(refused, key, policy, opens_at, run))


def _fields(
    refused: Refused, key: KeyRecord, policy: Policy, opens_at: int | None, run: str
) -> dict[str, str | int | None]:
    of_cap = f"run:{run}" if run else f"key:{key.key_id}"
    return {
        "reason": refused.reason,
        "pool": of_cap if refused.reason == "cap" else f"person:{key.person}",
        "limit_nanos": refused.limit,
        "used_nanos": refused.spent,
        "held_nanos": refused.held,
        "needed_nanos": refused.needed,
        "available_nanos": refused.available,
        "resets_at": opens_at,
        "ask_at": policy.ask_at or None,
    }


def dollars(nanos: int) -> str:
    return format_amount(Amount(nanos, Unit("USD")))


def moment(micros: int) -> str:
    return datetime.fromtimestamp(micros // MICROS, UTC).strftime("on %d %b %Y at %H:%M UTC")
