"""What the rounds come to: a table per workload, ratios within a round, and the bounds that Bursar has to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from bench.gateway.rounds import Found, Sample
from bench.gateway.workloads import WORKLOADS
from bench.report import Bound, Spread, console, figure, print_bounds, print_table, ratios

FLOOR, CHEAPEST, DEAREST, OURS = "direct", "nginx", "litellm", "bursar"
MOST_TIMES_NGINX = {"chat": 4.0, "stream": 4.0, "paced": 1.7}
LEAST_TIMES_CHEAPER = {"litellm": 150.0, "portkey": 15.0}
JUDGED_AGAINST_GATEWAYS = ("chat", "stream")
MOST_ADDED_SECONDS = {"last_p50": 0.002, "last_p99": 0.008}
COST_COLUMNS = ("", "CPU ms/request", "x nginx", "LiteLLM / it", "requests/s", "core busy")
LATENCY_COLUMNS = ("", "at requests/s", "p50 ms", "p99 ms", "added p50 ms", "added p99 ms")
MILLISECONDS = 1000.0


def summary(found: Found) -> dict[str, Any]:
    """Workload -> contestant -> figure -> its spread over the rounds (seconds, ratios, requests per second)."""
    return {
        workload: {name: _figures(found, workload, name) for name in found.versions}
        for workload in found.plan.workloads
    }


def bounds(found: Found) -> list[Bound]:
    """The bounds that can be judged with the contestants that took part."""
    judged = []
    for workload in found.plan.workloads:
        ours = _of(found, workload, OURS)
        if ours and (nginx := _of(found, workload, CHEAPEST)):
            times = _cpu_ratio(ours, nginx).median
            most = MOST_TIMES_NGINX[workload]
            judged.append(Bound(f"{workload}: Bursar's CPU per request over nginx's", times, most, "x"))
        for name, least in LEAST_TIMES_CHEAPER.items():
            theirs = _of(found, workload, name)
            if ours and theirs and workload in JUDGED_AGAINST_GATEWAYS:
                what = f"{workload}: {found.titles[name]}'s CPU per request over Bursar's"
                judged.append(Bound(what, _cpu_ratio(theirs, ours).median, least, "x", at_least=True))
        if ours and workload == "chat" and _of(found, workload, FLOOR):
            for key, most in MOST_ADDED_SECONDS.items():
                added = _milliseconds(_added(found, workload, ours, attrgetter(key))).median
                judged.append(Bound(f"{workload}: {key} added, ms", added, most * MILLISECONDS, "ms"))
    return judged


def show(found: Found) -> None:
    """Print the tables, then what kept somebody from taking part, wrong replies, proofs and bounds."""
    caption = f"median (least-most) of {found.plan.rounds} rounds"
    for workload in found.plan.workloads:
        kind = WORKLOADS[workload]
        title = f"{kind.title}: cost, {kind.connections} connections"
        rows = [_cost(found, workload, name) for name in found.versions]
        print_table(title, COST_COLUMNS, rows, f"{caption}; ratios are taken within a round")
        title = f"{kind.title}: latency to the {kind.waited_for} byte of the body"
        rows = [_latency(found, workload, name) for name in found.versions]
        print_table(title, LATENCY_COLUMNS, rows, f"{caption}; added to the floor of the same round")
    lines = [f"{name} takes no part: {why}" for name, why in found.skipped.items()]
    for name, faults in found.faults.items():
        lines += [f"{found.titles[name]}: {count} times: {fault}" for fault, count in faults.items()]
    lines += [f"{found.titles[name]}: {proof}" for name, proof in found.proofs.items()]
    for line in lines:
        console().print(line, markup=False, highlight=False)
    print_bounds(bounds(found))


def _cost(found: Found, workload: str, name: str) -> list[str]:
    samples = _of(found, workload, name)
    throughput = _spread(samples, attrgetter("throughput")).text()
    if name == FLOOR:
        return [_title(found, name), "", "", "", throughput, ""]
    nginx, litellm = _of(found, workload, CHEAPEST), _of(found, workload, DEAREST)
    return [
        _title(found, name),
        _spread(samples, lambda sample: sample.cpu_seconds * MILLISECONDS).text(),
        _cpu_ratio(samples, nginx).text() if nginx else "",
        _cpu_ratio(litellm, samples).text() if litellm else "",
        throughput,
        f"{_spread(samples, attrgetter('core_share')).median:.0%}",
    ]


def _latency(found: Found, workload: str, name: str) -> list[str]:
    samples = _of(found, workload, name)
    waited = WORKLOADS[workload].waited_for
    waits = [attrgetter(f"{waited}_p50"), attrgetter(f"{waited}_p99")]
    whole = [_milliseconds(_spread(samples, wait)).text() for wait in waits]
    added = [_milliseconds(_added(found, workload, samples, wait)).text() for wait in waits]
    rate = _spread(samples, attrgetter("rate"))
    return [_title(found, name), figure(rate.median), *whole, *(added if name != FLOOR else ["", ""])]


def _title(found: Found, name: str) -> str:
    return f"{found.titles[name]} {found.versions[name]}".strip()


def _figures(found: Found, workload: str, name: str) -> dict[str, Any]:
    samples = _of(found, workload, name)
    figures: dict[str, Spread] = {"throughput": _spread(samples, lambda sample: sample.throughput)}
    for key in ("first_p50", "first_p99", "last_p50", "last_p99"):
        figures[key] = _spread(samples, attrgetter(key))
        if name != FLOOR and _of(found, workload, FLOOR):
            figures[f"added_{key}"] = _added(found, workload, samples, attrgetter(key))
    if name != FLOOR:
        figures["cpu_seconds"] = _spread(samples, lambda sample: sample.cpu_seconds)
        if nginx := _of(found, workload, CHEAPEST):
            figures["times_nginx"] = _cpu_ratio(samples, nginx)
        if litellm := _of(found, workload, DEAREST):
            figures["litellm_times"] = _cpu_ratio(litellm, samples)
    return {key: {"least": s.least, "median": s.median, "most": s.most} for key, s in figures.items()}


def _of(found: Found, workload: str, name: str) -> list[Sample]:
    return sorted((s for s in found.samples if (s.workload, s.contestant) == (workload, name)), key=lambda s: s.round)


def _spread(samples: Sequence[Sample], of: Callable[[Sample], float]) -> Spread:
    return Spread.of([of(sample) for sample in samples])


def _cpu_ratio(above: Sequence[Sample], below: Sequence[Sample]) -> Spread:
    return ratios([sample.cpu_seconds for sample in above], [sample.cpu_seconds for sample in below])


def _added(found: Found, workload: str, samples: Sequence[Sample], of: Callable[[Sample], float]) -> Spread:
    """Seconds above the floor, round by round."""
    floor = _of(found, workload, FLOOR)
    return Spread.of([of(sample) - of(bare) for sample, bare in zip(samples, floor, strict=True)])


def _milliseconds(spread: Spread) -> Spread:
    return Spread(spread.least * MILLISECONDS, spread.median * MILLISECONDS, spread.most * MILLISECONDS)
