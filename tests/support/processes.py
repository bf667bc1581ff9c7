"""`bursar serve` as a process of its own."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Server:
    """A running gateway process."""

    process: subprocess.Popen[str]
    url: str

    @property
    def children(self) -> list[int]:
        """Process ids of its gateway processes, where it has several."""
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def stop(self) -> int:
        """SIGTERM, then wait for the drain; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()


def serve_process(
    home: Path, *, database_url: str = "", node: str = "local", port: int = 0, processes: int = 1, **settings: str
) -> Server:
    """Start `bursar serve` and wait until it listens."""
    environment = {**os.environ, "BURSAR_HOME": str(home), "BURSAR_NODE": node, **settings}
    if database_url:
        environment["BURSAR_DATABASE_URL"] = database_url
    process = subprocess.Popen(
        [sys.executable, "-m", "bursar.cli", "serve", "--port", str(port), "--processes", str(processes)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(_leave_none, process)
    assert process.stdout is not None
    for line in process.stdout:
        if "listening on " in line:
            return Server(process, line.split("listening on ")[1].strip())
    raise AssertionError(f"bursar serve ended with {process.wait()} before it listened")


def _leave_none(process: subprocess.Popen[str]) -> None:
    """A test that failed did not come to stop its server."""
    if process.poll() is None:
        process.terminate()
