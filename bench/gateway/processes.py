"""Processes on a core of their own, and what they cost: the CPU time that the system accounts to a whole tree of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CACHE = Path(os.environ.get("BURSAR_BENCH") or Path.home() / ".cache" / "bursar" / "bench")
START_SECONDS = 90.0
"""How long a contestant may take until it listens; the slowest one imports for half a minute on a busy machine."""
STOP_SECONDS = 15.0
LOG_TAIL_BYTES = 2000
TICKS = os.sysconf("SC_CLK_TCK")


class Missing(Exception):
    """A contestant cannot take part; the sentence says what to do."""


class Process:
    """A process (and its children) bound to one core, logging to a file, with an environment of its own."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, core: int, environment: Mapping[str, str] | None = None
    ) -> None:
        self.log = folder / "log"
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [str(word) for word in command],
                cwd=folder,
                env=bare_environment(folder) | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Before exec, so that threads and children cannot start anywhere else.
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def cpu_seconds(self) -> float:
        return tree_cpu_seconds(self.pid)

    def wait_for_port(self, port: int) -> None:
        """Return as soon as something accepts on the port. Raises Missing with the end of the log."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.popen.poll() is not None:
                raise Missing(f"it ended with {self.popen.returncode} before it listened; {self.log_tail()}")
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(0.1)
        raise Missing(f"it did not listen within {START_SECONDS:g} s; {self.log_tail()}")

    def log_tail(self) -> str:
        return f"{self.log}: ...{self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors='replace').strip()}"

    def stop(self) -> None:
        """SIGTERM to the whole session, SIGKILL to what is left of it."""
        with suppress(ProcessLookupError):
            self.popen.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()


def tree(root: int) -> list[int]:
    """The process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                parent = int(_fields(int(entry.name))[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def tree_cpu_seconds(root: int) -> float:
    """User and system time of the tree: all threads, living children, and children that were waited for."""
    total = 0
    for pid in tree(root):
        with suppress(OSError, IndexError):
            # utime, stime, cutime, cstime of proc_pid_stat(5), counted from the state.
            total += sum(int(field) for field in _fields(pid)[11:15])
    return total / TICKS


def bare_environment(folder: Path) -> dict[str, str]:
    """Nothing inherited but the path: no proxies, no keys, no settings of whoever runs this."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8", "TZ": "UTC"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def alone() -> Iterator[None]:
    """One measurement at a time: two would share cores and folders. Raises SystemExit where another one runs."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit("another measurement of gateways is running; wait until it has ended") from None
        yield


def fresh_folder(name: str) -> Path:
    """An empty folder on the disk (not in memory: a durable ledger has to pay for its disk)."""
    folder = CACHE / "work" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def made_certificate(folder: Path) -> Path:
    """A key and its self-signed certificate for 127.0.0.1 in one file, good as its own authority for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "upstream.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem))
    return file


def _fields(pid: int) -> list[str]:
    # The command name may hold spaces and parentheses; what follows the last one does not.
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
