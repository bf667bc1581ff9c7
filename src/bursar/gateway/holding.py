"""Holding: what has to be durable before a request may leave, and what a plan does when the money is not there.

The plan's list is followed in its order within the one request: grace, automatic top-up, pool, cheaper model, own money,
stop. Each slice is a lot with an id of its period, so it exists once whoever asks first; then the hold is tried again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import structs

from bursar.gateway import admission
from bursar.gateway.counting import counted_input
from bursar.gateway.dialects.contract import Call, Dialect, Malformed, Refusal
from bursar.gateway.dialects.warnings import allotment_headers
from bursar.gateway.directory import KeyRecord, Limit, LimitStep, ProviderRecord
from bursar.gateway.labels import NOTHING_SAID, Labels
from bursar.gateway.settlement import Billing
from bursar.gateway.velocity import too_fast
from bursar.ledger import Applied, LotTerms, Refused, Rejected, Release
from bursar.ledger.values import MAX_AMOUNT
from bursar.prices import Tariff

if TYPE_CHECKING:
    from bursar.gateway.relay import Gate

MICROS = 1_000_000
MAX_SLICES = 64
"""Slices of one step that one request may open; a plan with smaller ones is served over several requests."""
_NAMES = {"grace": "Grace", "top_up": "Automatic top-up", "own_money": "Own money, through payroll"}


class Turned(Exception):
    """The request is not relayed: the refusal to phrase in the client's dialect."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


@dataclass(slots=True)
class Asked:
    """A request as it arrived; a cheaper model changes the four fields that say what is asked of whom."""

    request_id: str
    dialect: Dialect
    key: KeyRecord
    provider: ProviderRecord
    call: Call
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]
    labels: Labels = NOTHING_SAID
    holder: str = ""
    """Whose lots are held: the person's, or a pool's."""
    note: str = ""
    """What the statement says of it beside its figures."""
    told: list[tuple[str, str]] = field(default_factory=list)
    """Response headers that say what was done to it."""


async def hold(gate: Gate, asked: Asked) -> Billing:
    """Hold for a request durably and prepare its body. Raises Turned."""
    now = gate.clock()
    asked.holder = asked.key.person_id
    if gate.promises is not None and now >= gate.promises.due_at(asked.holder):
        await gate.promises.catch_up(asked.holder)
    answer, plan = await _try(gate, asked, now)
    may_ask = False
    if isinstance(answer, Refused) and answer.reason == "exhausted" and gate.promises is not None:
        first = answer
        for limit in await gate.promises.limits_of(asked.key.person_id, now):
            may_ask = may_ask or any(step.kind == "request" for step in limit.steps)
            answer, plan = await _follow(gate, asked, limit, answer, plan, now)
            if isinstance(answer, Applied):
                break
        answer = first if isinstance(answer, Refused) else answer
    if isinstance(answer, Refused):
        run = asked.labels.run
        raise Turned(admission.explain(answer, asked.key, gate.policy, now, may_ask=may_ask, run=run))
    call = asked.call
    limit_tokens = admission.output_limit(plan, answer.amount, call)
    most = plan.output_tokens if limit_tokens is None else limit_tokens
    if limit_tokens is not None:
        asked.told.append(("x-bursar-output-limit", str(limit_tokens)))
    asked.body = asked.dialect.prepare(call, asked.body, limit_tokens)
    asked.told += _warnings(call, answer, now)
    project = asked.labels.project_of(asked.key)
    return Billing(asked.request_id, asked.key, asked.provider, call, plan, most, answer.amount, now, project)


async def _try(gate: Gate, asked: Asked, now: int) -> tuple[Applied | Refused, admission.Plan]:
    tariff = _tariff(gate, asked, now)
    plan = admission.plan_hold(asked.call, asked.provider, tariff, gate.policy)
    if plan.worst_nanos:
        free = await _free(gate, asked)
        if 0 < free < plan.worst_nanos * gate.policy.share_divisor:
            plan = await _tighter(gate, asked, plan, tariff)
    most = await _room(gate, asked, plan, now)
    command = admission.hold_command(
        asked.request_id,
        plan,
        asked.call,
        asked.key,
        asked.provider,
        gate.policy,
        gate.node,
        now,
        asked.holder,
        most,
        asked.labels,
    )
    if most < MAX_AMOUNT and gate.velocity is not None:  # reserved before anybody else can look
        gate.velocity.count(asked.key.person_id, command.worst, now)
    answer = await gate.writer.submit(command)
    if most < MAX_AMOUNT and gate.velocity is not None:
        held = answer.amount if isinstance(answer, Applied) else 0
        gate.velocity.count(asked.key.person_id, held - command.worst, now)
    if isinstance(answer, Rejected):
        raise Turned(Refusal("unavailable", f"Bursar: {answer.sentence}", retry_after_seconds=2))
    gate.free_nanos[asked.holder] = answer.available
    return answer, plan


async def _room(gate: Gate, asked: Asked, plan: admission.Plan, now: int) -> int:
    """Most that may be held at the pace that the person's plan allows. Raises Turned if that is too little."""
    pace = None if gate.promises is None else gate.promises.pace_of(asked.key.person_id)
    if pace is None or gate.velocity is None:
        return MAX_AMOUNT
    room, limit, ends, length = await gate.velocity.room(asked.key.person_id, pace, now)
    if room < plan.floor_nanos:
        raise Turned(too_fast(limit, ends, now, plan.floor_nanos - max(0, room), length))
    return room


async def _follow(
    gate: Gate, asked: Asked, limit: Limit, answer: Applied | Refused, plan: admission.Plan, now: int
) -> tuple[Applied | Refused, admission.Plan]:
    """The steps of one plan, until one of them affords the request."""
    for step in limit.steps:
        if step.kind in ("grace", "top_up", "own_money"):
            answer, plan = await _slices(gate, asked, limit, step, answer, plan, now)
        elif step.kind == "pool" and not asked.labels.cap_of(asked.key)[0]:  # a cap is counted in its person's book
            asked.holder = step.pool
            answer, plan = await _try(gate, asked, now)
            asked.holder = step.pool if isinstance(answer, Applied) else asked.key.person_id
            if isinstance(answer, Applied):
                asked.note = f"from {step.pool}"
        elif step.kind == "cheaper_model":
            target = next((to for pattern, to in step.models if fnmatchcase(asked.call.model, pattern)), "")
            cheaper = _asking_for(gate, asked, target) if target else None
            if cheaper is not None:
                answer, plan = await _try(gate, cheaper, now)
                if isinstance(answer, Applied):
                    asked.note = f"{target} answered instead of {asked.call.model}"
                    asked.told.append(("x-bursar-model", f"{target} instead of {asked.call.model}"))
                    asked.provider, asked.call = cheaper.provider, cheaper.call
                    asked.path, asked.body = cheaper.path, cheaper.body
        if isinstance(answer, Applied):
            asked.told.append(("x-bursar-limit-step", step.kind.replace("_", "-")))
            asked.note = asked.note or _NAMES.get(step.kind, "")
            break
    return answer, plan


async def _slices(
    gate: Gate, asked: Asked, limit: Limit, step: LimitStep, answer: Applied | Refused, plan: admission.Plan, now: int
) -> tuple[Applied | Refused, admission.Plan]:
    """Open slice after slice of a step until the request is afforded or the period's sum is reached."""
    whole = step.up_to or step.amount
    place = (limit.grant, limit.period, step.kind)
    number = gate.slices.get(place, 0)
    opened = 0
    while number * step.amount < whole and opened < MAX_SLICES:
        amount = min(step.amount, whole - number * step.amount)
        name = f"{step.kind}:{limit.grant}:{limit.period}:{number}"
        label = f"{_NAMES[step.kind]}, {limit.label}"
        terms = LotTerms(
            name, "USD", amount, limit.starts, limit.ends, limit.priority, False, limit.scope, limit.grant, "", label
        )
        released = await gate.writer.submit(Release(f"release:{name}", asked.key.person_id, terms, label))
        if isinstance(released, Rejected):
            break
        number, opened = number + 1, opened + 1
        gate.slices[place] = number
        answer, plan = await _try(gate, asked, now)
        if isinstance(answer, Applied) or answer.reason != "exhausted":
            break
    return answer, plan


def _asking_for(gate: Gate, asked: Asked, model: str) -> Asked | None:
    """The same request of another model; None if nobody serves it in this dialect or the key may not use it."""
    family = asked.call.dialect.partition(".")[0]
    provider = gate.directory.provider_for(family, model)
    if provider is None or (asked.key.models and not any(fnmatchcase(model, one) for one in asked.key.models)):
        return None
    path, body = asked.path, asked.body
    if family == "gemini":
        path = path.replace(f"/models/{asked.call.model}:", f"/models/{model}:")
        if path == asked.path:
            return None
    else:
        document = json.loads(body)
        document["model"] = model
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    call = asked.dialect.parse(path, asked.query, asked.headers, body)
    if isinstance(call, Malformed):
        return None
    if call.dialect == "openai.chat" and provider.kind == "openai":
        call = structs.replace(call, limit_field="max_completion_tokens")
    return Asked(
        asked.request_id,
        asked.dialect,
        asked.key,
        provider,
        call,
        path,
        asked.query,
        body,
        asked.headers,
        asked.labels,
        asked.holder,
    )


async def _free(gate: Gate, asked: Asked) -> int:
    """What is free for the holder: as of the last hold, or asked for once by a hold that nothing could cover."""
    known = gate.free_nanos.get(asked.holder)
    if known is None:
        probe = admission.probe_command(
            f"{asked.request_id}.probe", asked.call, asked.key, asked.provider, gate.clock(), asked.holder
        )
        answer = await gate.writer.submit(probe)
        known = gate.free_nanos[asked.holder] = answer.available if isinstance(answer, Refused) else 0
    return known


def _tariff(gate: Gate, asked: Asked, now: int) -> Tariff:
    tariff = gate.directory.tariff(asked.provider, asked.call.model, now, asked.call.service_tier)
    if tariff is None:
        raise Turned(
            Refusal(
                "not_found",
                f"Bursar: no price is known for model {asked.call.model!r} at provider {asked.provider.name}, "
                "so it cannot be charged; set one with `bursar price set` or ask your platform team.",
                fields={"reason": "unpriced_model", "model": asked.call.model},
            )
        )
    return tariff


async def _tighter(gate: Gate, asked: Asked, plan: admission.Plan, tariff: Tariff) -> admission.Plan:
    """A closer bound of the input, where the cheap one may not fit: learnt, or the provider's own free count."""
    known = gate.calibration.bound(asked.provider.kind, asked.call)
    if known is None:
        known = await counted_input(
            gate.upstream, asked.provider, asked.call, asked.path, asked.query, asked.headers, asked.body
        )
    if known is None:
        return plan
    return admission.plan_hold(asked.call, asked.provider, tariff, gate.policy, known)


def _warnings(call: Call, held: Applied, now: int) -> list[tuple[str, str]]:
    if not held.limit:
        return []
    resets = None if held.resets is None else held.resets // MICROS
    used = max(0, held.limit - held.available)
    return list(
        allotment_headers(
            call.dialect,
            used_nanos=used,
            limit_nanos=held.limit,
            balance_nanos=held.available,
            resets_at=resets,
            now=now // MICROS,
        )
    )
