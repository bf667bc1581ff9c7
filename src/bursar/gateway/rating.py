"""Which limits per minute apply to a request, and what it counts: once when it is admitted, once when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bursar.gateway.dialects.contract import Refusal
from bursar.gateway.holding import Asked, Turned
from bursar.gateway.rates import Counted, Limited
from bursar.ledger import Usage as UsageRecord
from bursar.prices.usage import Usage

if TYPE_CHECKING:
    from bursar.gateway.relay import Gate


def counted(gate: Gate, asked: Asked) -> Counted:
    """Count a request towards its limits. Raises Turned where one of them is reached."""
    call = asked.call
    most = gate.policy.floor_output_tokens
    output = most if call.output_limit is None else min(most, call.output_limit)
    tokens = gate.calibration.expected(asked.provider.kind, call) + output
    found = gate.rates.admit(_limits(gate, asked), tokens, gate.clock())
    if isinstance(found, Refusal):
        raise Turned(found)
    return found


def tokens_of(usage: UsageRecord | None) -> int:
    """Tokens in and out that a reply came to; what is charged without figures counts as none."""
    if usage is None:
        return 0
    real = Usage(**usage.tokens)
    return real.total_input + real.total_output


def _limits(gate: Gate, asked: Asked) -> Iterator[Limited]:
    key, provider = asked.key, asked.provider
    if key.rate is not None:
        pool = f"key:{key.key_id}"
        yield Limited(pool, key.rate, f"access key {key.label or key.key_id}", pool)
    if gate.rates.person is not None:
        yield Limited(f"person:{key.person_id}", gate.rates.person, key.person, f"person:{key.person}")
    if provider.rate is not None:
        pool = f"provider:{provider.name}"
        yield Limited(pool, provider.rate, f"provider {provider.name}, for everybody together,", pool)
