"""One request, from the client's bytes to its settled charge.

The order is what makes overshoot impossible: hold durably, then send; read the provider's figures as they pass; settle
durably before the client sees the end of the reply. So whoever saw a complete reply has it on the ledger, and a node
that dies leaves a hold behind, never a free answer.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from bursar.gateway import settlement
from bursar.gateway.admission import drawn_for
from bursar.gateway.calibration import Calibration
from bursar.gateway.dialects import authenticate_upstream
from bursar.gateway.dialects.contract import Meter, Refusal
from bursar.gateway.directory import Directory, Promises
from bursar.gateway.holding import Asked, Turned, hold
from bursar.gateway.live import Live, LiveRequest
from bursar.gateway.policy import Policy
from bursar.gateway.rates import Counted, Rate, Rates
from bursar.gateway.rating import counted, tokens_of
from bursar.gateway.settlement import Billing
from bursar.gateway.tally import Tally
from bursar.gateway.upstream import Upstream, UpstreamFailed, reply_headers, request_headers
from bursar.gateway.velocity import Velocity
from bursar.gateway.wire.reply import Reply, WireError
from bursar.gateway.wire.request import Request
from bursar.ledger import Applied, Charge, Rejected, Saturated, Settle, StoreUnavailable, Void, Writer
from bursar.ledger import Usage as UsageRecord

log = logging.getLogger("bursar.gateway")

MICROS = 1_000_000
ID_BYTES = 6
IDS_DRAWN = 256
SETTLE_ATTEMPTS = 240
SETTLE_RETRY_SECONDS = 0.5
"""Two minutes: what a managed database may take until its standby serves."""


class Gate:
    """What every request of one gateway shares."""

    def __init__(
        self,
        directory: Directory,
        writer: Writer,
        upstream: Upstream,
        policy: Policy,
        clock: Callable[[], int],
        node: str,
        promises: Promises | None = None,
    ) -> None:
        self.directory = directory
        self.writer = writer
        self.upstream = upstream
        self.policy = policy
        self.clock = clock
        self.node = node
        self.live = Live()
        self.endings: set[asyncio.Task[Any]] = set()
        """Holds that are being ended for requests that are over."""
        self.tally = Tally()
        self.calibration = Calibration()
        everybody = Rate(policy.person_requests_per_minute, policy.person_tokens_per_minute)
        self.rates = Rates(everybody if everybody != Rate() else None)
        self.promises = promises
        self.velocity = None if promises is None else Velocity(promises.spent_since)
        self.free_nanos: dict[str, int] = {}
        """What was free for a person at the last hold: decides only whether a tighter count is worth asking for."""
        self._drawn: list[str] = []
        self.slices: dict[tuple[str, str, str], int] = {}
        """Slices of grace and top-ups that are known to exist, by grant, period and step; the ledger has the truth."""

    def new_id(self) -> str:
        """Sorts by time, so that what belongs together lies together; the rest is random."""
        return f"req_{self.clock():014x}{self._random()}"

    def _random(self) -> str:
        if not self._drawn:  # asked of the system for many requests at once
            drawn = secrets.token_hex(ID_BYTES * IDS_DRAWN)
            self._drawn = [drawn[at : at + 2 * ID_BYTES] for at in range(0, len(drawn), 2 * ID_BYTES)]
        return self._drawn.pop()


class Exchange:
    """One request and its reply."""

    def __init__(self, gate: Gate, request: Request, asked: Asked) -> None:
        self.gate, self.request, self.asked = gate, request, asked
        self.request_id, self.dialect, self.key = asked.request_id, asked.dialect, asked.key
        self.live = LiveRequest(asked.request_id, asked.key, asked.call, gate.clock())
        self.counted: Counted | None = None
        """What counts towards limits per minute, where there are any."""
        self.billing: Billing | None = None
        self.headers: list[tuple[str, str]] = [("x-bursar-request-id", asked.request_id)]
        self._settled = False

    async def run(self) -> None:
        """Hold, relay, settle, answer. Raises Turned before anything was sent to the client."""
        self.gate.live.add(self.live)
        try:
            if self.asked.call.billable:
                if (
                    self.key.rate is not None
                    or self.asked.provider.rate is not None
                    or self.gate.rates.person is not None
                ):
                    self.counted = counted(self.gate, self.asked)
                try:
                    self.billing = await hold(self.gate, self.asked)
                except StoreUnavailable as error:
                    if not isinstance(error, Saturated):
                        self._let_go()
                    raise
                self.live.held_nanos = self.billing.held_nanos
                self.headers += self.asked.told
            reply = await self._send()
            try:
                if reply.status >= 400:
                    self._failed(f"status {reply.status}")
                meter = self.dialect.meter(self.asked.call, reply.status, reply.lowered.get("content-type", ""))
                loop = asyncio.get_running_loop()
                reply.expect(self.asked.provider.idle_seconds, loop.time() + self.gate.policy.request_seconds)
                if self.asked.call.stream and reply.status < 400:
                    await self._relay_stream(reply, meter)
                else:
                    await self._relay_whole(reply, meter)
            finally:
                reply.close()
        except BaseException:
            await asyncio.shield(self._give_up())
            raise
        finally:
            self.gate.live.remove(self.live)

    def _let_go(self) -> None:
        """The hold may be there although nobody heard of it: end it, while the client is told to ask again."""
        reason = "the ledger did not say whether it was held"
        holder, name = self.asked.holder, self.request_id
        ending = asyncio.create_task(self._submit(lambda: Void(f"{name}.void", holder, name, reason)), name=name)
        self.gate.endings.add(ending)
        ending.add_done_callback(self.gate.endings.discard)

    async def _send(self) -> Reply:
        provider = self.asked.provider
        headers = request_headers(self.request.headers, authenticate_upstream(self.asked.call.dialect, provider.secret))
        try:
            return await self.gate.upstream.send(
                provider, self.request.method, self.asked.path, self.asked.query, headers, self.asked.body
            )
        except UpstreamFailed as error:
            self._failed("not reached")
            raise Turned(Refusal("unavailable", error.sentence, retry_after_seconds=2)) from error

    async def _relay_whole(self, reply: Reply, meter: Meter) -> None:
        """A reply in one piece: read it, settle it, hand it over."""
        try:
            body = await self._whole_body(reply, meter)
        except (WireError, TimeoutError, ConnectionError) as error:
            self._failed("broke off")
            await self._settle(meter, reply.status)
            raise Turned(
                Refusal(
                    "unavailable",
                    f"Bursar: provider {self.asked.provider.name} broke off its reply",
                    retry_after_seconds=2,
                )
            ) from error
        body += meter.finish()
        await self._settle(meter, reply.status)
        self.request.respond(reply.status, self._reply_headers(reply), body, reply.reason)

    def _failed(self, reason: str) -> None:
        self.gate.tally.failed(self.asked.provider.name, reason)

    async def _whole_body(self, reply: Reply, meter: Meter) -> bytes:
        """The reply's body as the client shall receive it. Raises WireError, TimeoutError."""
        if reply.whole:  # it came with its head: nothing to wait for
            return meter.feed(reply.take())
        parts = bytearray()
        while (part := await reply.read()) is not None:
            parts += meter.feed(part)
            if len(parts) > self.gate.policy.max_reply_bytes:
                raise WireError("the reply is larger than a gateway may buffer")
        return bytes(parts)

    async def _relay_stream(self, reply: Reply, meter: Meter) -> None:
        """A stream: pass bytes on as they come, settle at the terminal event before it is passed on."""
        request, live = self.request, self.live
        live.on_stop(reply.close)
        request.begin(reply.status, self._reply_headers(reply), reply.reason)
        if not reply.ready:
            request.write(b"")  # the head alone: the client learns that it has begun

        def pass_on(part: bytes) -> bool:
            if meter.terminal or request.blocked or request.gone or live.stop_reason:
                return False
            if part:
                request.write(part)
            return True

        reply.flow(meter.feed, pass_on)
        try:
            while (part := await reply.read()) is not None:
                if meter.terminal and not self._settled:
                    await self._settle(meter, reply.status)
                if request.gone:
                    raise ConnectionResetError
                if part:
                    request.write(part)
                    if request.blocked:
                        await self._drained()
                if live.stop_reason:
                    raise WireError("stopped")
        except ConnectionResetError:
            await self._after_hang_up(reply, meter)
            return
        except (WireError, TimeoutError, OSError) as error:
            await self._break_off(reply, meter, error)
            return
        rest = meter.finish()
        if not meter.terminal and not self._ends_by_close(meter):
            await self._break_off(reply, meter, None, rest)
            return
        await self._settle(meter, reply.status)
        request.end(rest)

    async def _drained(self) -> None:
        """Wait for a client that reads slowly; one that reads nothing for long has left. Raises ConnectionResetError."""
        try:
            async with asyncio.timeout(self.gate.policy.client_seconds):
                await self.request.drained()
        except TimeoutError:
            self.request.break_off(hard=True)
            raise ConnectionResetError from None

    def _ends_by_close(self, meter: Meter) -> bool:
        """Without a last event a stream is whole when its final figures have come, or when the provider said why it broke."""
        reading = meter.reading()
        return reading.final or reading.error

    async def _break_off(self, reply: Reply, meter: Meter, error: BaseException | None, rest: bytes = b"") -> None:
        """End a stream badly, so that nobody takes a part for the whole; what was used is charged."""
        reply.close()
        if not self.live.stop_reason:
            self._failed("broke off")
        await self._settle(meter, reply.status)
        reason = self.live.stop_reason or f"provider {self.asked.provider.name} broke off its reply"
        log.info("stream %s broken off: %s (%s)", self.request_id, reason, type(error).__name__)
        event = self.dialect.stream_error(f"Bursar: {reason}", self.request_id)
        self.request.break_off(rest + (event or b""), hard=event is None)

    async def _after_hang_up(self, reply: Reply, meter: Meter) -> None:
        """The client left: read on for the real usage within bounds, or stop and estimate."""
        policy = self.gate.policy
        if policy.hang_up == "drain" and not self._settled:
            left = policy.hang_up_bytes
            try:
                async with asyncio.timeout(policy.hang_up_seconds):
                    while left > 0 and not meter.terminal and not self.live.stop_reason:
                        part = await reply.read()
                        if part is None:
                            break
                        left -= len(part)
            except (WireError, TimeoutError, OSError):
                pass
        reply.close()
        await self._settle(meter, reply.status)

    async def _settle(self, meter: Meter, status: int) -> None:
        if self._settled or self.billing is None:
            return
        self._settled = True
        gate, reading = self.gate, meter.reading()
        outcome = settlement.outcome_of(self.billing, reading, status, gate.directory, gate.calibration)
        if self.counted is not None:
            gate.rates.settle(self.counted, tokens_of(outcome.usage), gate.clock())
        if outcome.usage is None:
            self._pace(0)
            await self._submit(
                lambda: Void(f"{self.request_id}.void", self.asked.holder, self.request_id, f"provider status {status}")
            )
            return
        if reading.usage is not None and outcome.usage.status == "exact":
            gate.calibration.learn(self.asked.provider.kind, self.asked.call, reading.usage)
        amount, usage = outcome.amount, outcome.usage
        self._pace(amount)
        answer = await self._submit(
            lambda: Settle(
                f"{self.request_id}.settle", self.asked.holder, self.request_id, amount, usage, self.asked.note
            )
        )
        if isinstance(answer, Rejected) and answer.reason == "hold_ended":
            # The hold lapsed while the request was still running: the true cost is charged beside it, and the
            # unresolved charge (if that was the hold's policy) is left for reconciliation with its id on it.
            await self._submit(
                lambda: Charge(
                    f"{self.request_id}.late",
                    self.asked.holder,
                    "USD",
                    amount,
                    drawn_for(self.asked.provider, self.asked.call.model, self.key),
                    usage=self._counted_where_held(usage),
                    note=f"settled after hold {self.request_id} had ended: {answer.state}",
                )
            )
        for number, (beside, other) in enumerate(outcome.beside):
            await self._submit(partial(self._charge_beside, number, beside, other))
        if isinstance(answer, Applied) and answer.overage:
            log.warning("request %s overran its hold: %d nano-USD overage", self.request_id, answer.overage)

    def _pace(self, amount: int) -> None:
        """Count what the request came to instead of what was held for it."""
        if self.gate.velocity is not None and self.billing is not None:
            self.gate.velocity.count(self.key.person_id, amount - self.billing.held_nanos, self.gate.clock())

    def _charge_beside(self, number: int, amount: int, usage: UsageRecord) -> Charge:
        """The charge for another model that took part in the same reply."""
        name = f"{self.request_id}.beside{number}"
        counted = self._counted_where_held(usage)
        request = drawn_for(self.asked.provider, usage.model, self.key)
        return Charge(name, self.asked.holder, "USD", amount, request, usage=counted, note=f"beside {self.request_id}")

    def _counted_where_held(self, usage: UsageRecord) -> UsageRecord:
        """A charge beside the hold counts in the same cap as the hold did: a run's, where the request belongs to one."""
        cap, _ = self.asked.labels.cap_of(self.key)
        return replace(usage, key=cap) if cap and cap != usage.key else usage

    async def _submit(self, command: Callable[[], Any]) -> Any:
        """A settlement is never dropped: while the ledger is away it is tried again, and the hold stands meanwhile."""
        for attempt in range(1, SETTLE_ATTEMPTS + 1):
            try:
                return await self.gate.writer.submit(command())
            except asyncio.CancelledError:
                raise
            except Exception:
                if attempt == SETTLE_ATTEMPTS:
                    log.exception("request %s could not be settled; its hold stands until it lapses", self.request_id)
                    return None
                await asyncio.sleep(SETTLE_RETRY_SECONDS)
        return None

    async def _give_up(self) -> None:
        """Nothing was relayed: end the hold without a charge."""
        if self.counted is not None and not self._settled:
            self.gate.rates.settle(self.counted, 0, self.gate.clock())
        if self.billing is None or self._settled:
            return
        self._settled = True
        self._pace(0)
        await self._submit(
            lambda: Void(f"{self.request_id}.void", self.asked.holder, self.request_id, "no reply from the provider")
        )

    def _reply_headers(self, reply: Reply) -> list[tuple[str, str]]:
        return [*reply_headers(reply.headers), *self.headers]
