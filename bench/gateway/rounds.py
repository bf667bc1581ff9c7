"""The rounds: in each, every contestant does every workload, seconds apart from the others, in a rotated order.

Cost is the CPU time of the contestant's process tree over a closed loop, divided by the requests that were answered.
Latency comes from an open loop at a rate that the contestant can sustain. The upstream counts too, and has to agree.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.gateway.contestants import CONTESTANTS, Contestant
from bench.gateway.load import Outcome, closed_loop, open_loop
from bench.gateway.processes import START_SECONDS, Missing, Process, alone, fresh_folder, made_certificate
from bench.gateway.upstream import command as upstream_command
from bench.gateway.workloads import WORKLOADS, Workload
from bench.report import percentile

SUSTAINED_SHARE = 0.4
"""The open loop asks for at most this share of what the closed loop of the same round got through."""
FEWEST_REQUESTS = 10
SETTLE_SECONDS = 0.1
"""Between the last reply and reading the clock: whatever a gateway still writes down belongs to the request."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure and for how long; `seconds` are those of one closed and of one open loop."""

    contestants: tuple[str, ...]
    workloads: tuple[str, ...]
    rounds: int
    seconds: float
    warm_up_seconds: float
    proxy_core: int
    load_core: int
    tls: bool = False
    """The upstream speaks TLS."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One contestant, one workload, one round. CPU and latencies in seconds; rates in requests per second."""

    round: int
    workload: str
    contestant: str
    requests: int
    throughput: float
    cpu_seconds: float
    core_share: float
    rate: float
    requests_timed: int
    first_p50: float
    first_p99: float
    last_p50: float
    last_p99: float


@dataclass(slots=True)
class Found:
    """Everything that a run found out."""

    plan: Plan
    samples: list[Sample] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    faults: dict[str, dict[str, int]] = field(default_factory=dict)
    proofs: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return asdict(self)


def measure(plan: Plan, say: Callable[[str], None]) -> Found:
    """Start everybody, warm them up, run the rounds, stop everybody. Progress goes to `say`."""
    found = Found(plan)
    answered: dict[str, int] = {}
    present: list[Contestant] = []
    with ExitStack() as running:
        running.enter_context(alone())
        folder = fresh_folder("upstream")
        certificate = made_certificate(folder) if plan.tls else None
        upstream = Process(upstream_command(certificate), folder, plan.load_core)
        running.callback(upstream.stop)
        port = _upstream_port(upstream)
        for name in plan.contestants:
            contestant = CONTESTANTS[name]()
            contestant.certificate = certificate
            running.callback(contestant.stop)
            say(f"starting {contestant.title}")
            try:
                if certificate and not contestant.speaks_tls:
                    raise Missing("it is not told whose certificate to trust")
                contestant.start(port, plan.proxy_core)
                answered[name] = _warm_up(contestant, plan)
            except Missing as missing:
                contestant.stop()
                found.skipped[name] = str(missing)
                continue
            present.append(contestant)
            found.versions[name] = contestant.version
            found.titles[name] = contestant.title
        for number in range(plan.rounds):
            for workload in (WORKLOADS[name] for name in plan.workloads):
                for contestant in _rotated(present, number):
                    say(f"round {number + 1} of {plan.rounds}: {workload.name}, {contestant.title}")
                    sample, faults = _sample(contestant, workload, plan, number, port)
                    found.samples.append(sample)
                    answered[contestant.name] += sample.requests + sample.requests_timed
                    for fault, count in faults.items():
                        counts = found.faults.setdefault(contestant.name, {})
                        counts[fault] = counts.get(fault, 0) + count
    for contestant in present:
        say(f"reading the records of {contestant.title}")
        _prove(contestant, answered[contestant.name], found)
    return found


def _sample(
    contestant: Contestant, workload: Workload, plan: Plan, number: int, upstream_port: int
) -> tuple[Sample, dict[str, int]]:
    served = _served(upstream_port, contestant.certificate)
    before = contestant.cpu_seconds()
    cost = asyncio.run(closed_loop(contestant.target, workload, plan.seconds))
    time.sleep(SETTLE_SECONDS)
    cpu = contestant.cpu_seconds() - before
    throughput = cost.done / cost.seconds
    rate = min(workload.rate, max(throughput * SUSTAINED_SHARE, 1.0))
    count = max(FEWEST_REQUESTS, int(rate * plan.seconds))
    timed = asyncio.run(open_loop(contestant.target, workload, rate, count))
    faults = dict(cost.faults + timed.faults)
    served = _served(upstream_port, contestant.certificate) - served
    if not faults and served != cost.done + timed.done:
        faults[f"the upstream served {served} requests, the callers got {cost.done + timed.done} replies"] = 1
    sample = Sample(
        round=number,
        workload=workload.name,
        contestant=contestant.name,
        requests=cost.done,
        throughput=throughput,
        cpu_seconds=cpu / max(cost.done, 1),
        core_share=cpu / cost.seconds,
        rate=rate,
        requests_timed=timed.done,
        **_percentiles(timed),
    )
    return sample, faults


def _percentiles(outcome: Outcome) -> dict[str, float]:
    return {
        f"{name}_p{share:.0%}".rstrip("%"): percentile(samples, share) if samples else float("nan")
        for name, samples in (("first", outcome.first), ("last", outcome.last))
        for share in (0.50, 0.99)
    }


def _warm_up(contestant: Contestant, plan: Plan) -> int:
    """Requests answered. Raises Missing with the first fault: who cannot relay now takes no part."""
    done = 0
    for name in plan.workloads:
        outcome = asyncio.run(closed_loop(contestant.target, WORKLOADS[name], plan.warm_up_seconds))
        if outcome.faults:
            fault, count = outcome.faults.most_common(1)[0]
            raise Missing(f"{name}: {count} wrong replies, such as: {fault}")
        done += outcome.done
    return done


def _prove(contestant: Contestant, answered: int, found: Found) -> None:
    try:
        if proof := contestant.proof(answered):
            found.proofs[contestant.name] = proof
    except (ValueError, OSError) as error:
        found.faults.setdefault(contestant.name, {})[str(error)] = 1


def _rotated(contestants: Sequence[Contestant], number: int) -> list[Contestant]:
    """Nobody always comes first, or always after the slowest."""
    at = number % len(contestants) if contestants else 0
    return [*contestants[at:], *contestants[:at]]


def _upstream_port(upstream: Process) -> int:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and upstream.popen.poll() is None:
        if (line := upstream.log.read_bytes()).endswith(b"\n"):
            return int(line)
        time.sleep(0.05)
    raise SystemExit(f"the upstream did not start: {upstream.log_tail()}")


def _served(upstream_port: int, certificate: Path | None) -> int:
    if certificate:
        tls = ssl.create_default_context(cafile=str(certificate))
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            "127.0.0.1", upstream_port, timeout=10, context=tls
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", upstream_port, timeout=10)
    try:
        connection.request("GET", "/count")
        return int(connection.getresponse().read())
    finally:
        connection.close()
