"""Bursar as a contestant: an installation of its own with one person, one allotment and one key, serving on SQLite.

It is set up and run as any installation is, by the command line, so the full path is measured: key, quote, durable
hold, relay, metering, durable settlement. Afterwards its ledger has to hold one charge for every request.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.gateway.processes import START_SECONDS, Missing, Process, bare_environment

COMMAND_SECONDS = 60
ALLOTMENT = "$1000000"
LISTENING = re.compile(rb"listening on (http://\S+)")


def start_bursar(
    upstream_url: str, workdir: Path, core: int, certificate: Path | None = None
) -> tuple[Process, str, str]:
    """A serving gateway in front of `upstream_url`: its process, its base URL and a key. Raises SystemExit."""
    try:
        bursar("init", workdir=workdir)
        bursar("provider", "add", "openai", "--base-url", upstream_url, "--secret-env", "BENCH_KEY", workdir=workdir)
        bursar("person", "add", "ada", workdir=workdir)
        bursar("grant", "give", "ada", ALLOTMENT, workdir=workdir)
        key = str(bursar("key", "issue", "ada", workdir=workdir)["token"])
        trusted = {"SSL_CERT_FILE": str(certificate)} if certificate else {}
        process = Process([_command(), "serve", "--port", "0"], workdir, core, _environment(workdir) | trusted)
        try:
            return process, _base_url(process), key
        except Missing:
            process.stop()
            raise
    except (Missing, OSError, KeyError, ValueError, subprocess.SubprocessError) as error:
        raise SystemExit(f"bursar gateway is not available: {error}") from error


def charges(workdir: Path) -> int:
    """How many charges the journal holds, after it has been verified. Raises ValueError if it is not clean."""
    found = bursar("ledger", "verify", workdir=workdir)
    if not found["clean"]:
        raise ValueError(f"ledger: found {found['findings']}, expected no findings")
    if held := bursar("balance", "ada", workdir=workdir)["held_nanos"]:
        raise ValueError(f"ledger: found {held} nano-units still held, expected none")
    return int(found["charges"])


def bursar(*words: str, workdir: Path) -> dict[str, Any]:
    """Run `bursar <words> --json` on the installation in `workdir`. Raises ValueError with what it said."""
    done = subprocess.run(
        [_command(), *words, "--json"],
        env=bare_environment(workdir) | _environment(workdir),
        cwd=workdir,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise ValueError(f"`bursar {' '.join(words)}` ended with {done.returncode}: {_last_line(done.stderr)}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _command() -> Path:
    return Path(sys.executable).with_name("bursar")


def _environment(workdir: Path) -> dict[str, str]:
    return {"BURSAR_HOME": str(workdir / "home"), "BENCH_KEY": "sk-upstream"}


def _base_url(process: Process) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if found := LISTENING.search(process.log.read_bytes()):
            return found[1].decode()
        if process.popen.poll() is not None:
            break
        time.sleep(0.1)
    raise Missing(f"`bursar serve` did not say where it listens; {process.log_tail()}")


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "nothing was said")
