"""CPU per request and added latency of Bursar's gateway, nginx, Portkey and LiteLLM, in one run on the same two cores.

python -m bench.gateway [--quick] [--only nginx,bursar] [--workloads chat,stream] [--rounds 5] [--json FILE] [--check]

The gateway under test has one core, the upstream and the load generator share another. Only loopback is touched.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import uvloop

from bench.gateway.contestants import CONTESTANTS
from bench.gateway.outcome import FLOOR, bounds, show, summary
from bench.gateway.rounds import Plan, measure
from bench.gateway.workloads import WORKLOADS
from bench.report import console, write_json

Number = TypeVar("Number", int, float)
MOST_ROUNDS = 50
MOST_SECONDS = 60.0


def main() -> int:
    options = _options()
    plan = _plan(options)
    os.sched_setaffinity(0, {plan.load_core})
    # A terminated run has to end its contestants too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    uvloop.install()
    with console().status("") as status:
        found = measure(plan, status.update)
    show(found)
    judged = bounds(found)
    if options.json:
        write_json(options.json, {**found.document(), "summary": summary(found)}, judged)
    kept = bool(judged) and all(bound.holds for bound in judged) and not found.faults and not found.skipped
    return 0 if kept or not options.check else 1


def _plan(options: argparse.Namespace) -> Plan:
    chosen = _chosen("--only", options.only, CONTESTANTS)
    if FLOOR not in chosen:
        chosen = (FLOOR, *chosen)
    proxy_core, load_core = _cores(options.cores)
    return Plan(
        contestants=chosen,
        workloads=_chosen("--workloads", options.workloads, WORKLOADS),
        rounds=_within("--rounds", options.rounds or (2 if options.quick else 5), 1, MOST_ROUNDS),
        seconds=_within("--seconds", options.seconds or (1.0 if options.quick else 2.0), 0.2, MOST_SECONDS),
        warm_up_seconds=1.5 if options.quick else 4.0,
        proxy_core=proxy_core,
        load_core=load_core,
        tls=options.tls,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.gateway", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two rounds of one second: a glance, not a measurement")
    parser.add_argument("--only", default="", help=f"contestants besides the floor: {','.join(CONTESTANTS)}")
    parser.add_argument("--workloads", default="", help=f"some of {','.join(WORKLOADS)}")
    parser.add_argument("--rounds", type=int, default=0, help=f"1 to {MOST_ROUNDS}; without it, 5")
    parser.add_argument("--seconds", type=float, default=0.0, help="of a closed loop and of an open one; without it, 2")
    parser.add_argument("--tls", action="store_true", help="the upstream speaks TLS: nginx and Bursar only")
    parser.add_argument("--cores", default="0,1", help="the gateway's core and the load's, such as 0,1")
    parser.add_argument("--json", type=Path, help="also write every sample and the summary to this file")
    parser.add_argument("--check", action="store_true", help="exit 1 unless all took part and every bound holds")
    return parser.parse_args()


def _chosen(option: str, given: str, known: Mapping[str, object]) -> tuple[str, ...]:
    names = tuple(name for name in known if not given or name in given.split(","))
    if unknown := [name for name in given.split(",") if given and name not in known]:
        raise SystemExit(f"{option}: found {', '.join(unknown)}, expected some of {', '.join(known)}")
    return names


def _cores(given: str) -> tuple[int, int]:
    usable = sorted(os.sched_getaffinity(0))
    try:
        proxy_core, load_core = (int(core) for core in given.split(","))
    except ValueError:
        raise SystemExit(f"--cores: found {given!r}, expected two numbers such as 0,1") from None
    if proxy_core == load_core or not {proxy_core, load_core} <= set(usable):
        raise SystemExit(f"--cores: found {given}, expected two different ones of {usable}")
    return proxy_core, load_core


def _within(option: str, given: Number, least: Number, most: Number) -> Number:
    if not least <= given <= most:
        raise SystemExit(f"{option}: found {given:g}, expected {least:g} to {most:g}")
    return given


if __name__ == "__main__":
    raise SystemExit(main())
