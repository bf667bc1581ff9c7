"""The contestants: how each is started in front of the upstream, what it wants in the head, and which version it is.

Each runs as one process (nginx: a master and a worker) on one core with its own logging off, as its makers advise for
throughput. Bursar and LiteLLM check a key of their own; nginx and Portkey pass the caller's on.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path

import yaml

from bench.gateway.bursar_contestant import charges, start_bursar
from bench.gateway.load import Target
from bench.gateway.processes import CACHE, Missing, Process, free_port, fresh_folder
from bench.gateway.workloads import MODEL

HERE = Path(__file__).resolve().parent
INSTALL = "run bench/gateway/install"
CALLERS_KEY = "sk-caller"


class Contestant(ABC):
    """One gateway. `start` it, ask it at `target`, read `cpu_seconds` before and after, `stop` it."""

    name: str
    title: str
    speaks_tls = False
    """Whether it can be told to trust the upstream's certificate."""
    exact = True
    """Whether a relay that answers is bound to pass the bytes through; else it rewrites the JSON."""

    def __init__(self) -> None:
        self.process: Process | None = None
        self.port = 0
        self.version = ""
        self.certificate: Path | None = None
        """Of the upstream, if that speaks TLS; who cannot be told takes no part."""

    @abstractmethod
    def start(self, upstream_port: int, core: int) -> None:
        """Listen. Raises Missing."""

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {CALLERS_KEY}"}

    def cpu_seconds(self) -> float:
        return self.process.cpu_seconds() if self.process else 0.0

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def proof(self, answered: int) -> str:
        """After `stop`: what its own records say of the requests that were answered; empty if it keeps none."""
        return ""

    @property
    def target(self) -> Target:
        return Target(self.port, self.headers(), self.exact)


class Direct(Contestant):
    """No gateway: the load generator asks the upstream. The floor of every latency."""

    name = "direct"
    speaks_tls = True
    title = "direct (floor)"

    def start(self, upstream_port: int, core: int) -> None:
        self.port = upstream_port

    @property
    def target(self) -> Target:
        return Target(self.port, self.headers(), self.exact, self.certificate)


class Nginx(Contestant):
    """Debian's nginx with `proxy_pass`: what relaying costs when nothing is looked at."""

    name = "nginx"
    speaks_tls = True
    title = "nginx proxy_pass"

    def start(self, upstream_port: int, core: int) -> None:
        binary = shutil.which("nginx") or CACHE / "nginx" / "usr" / "sbin" / "nginx"
        if not Path(binary).exists():
            raise Missing(f"nginx is not installed; {INSTALL}")
        said = subprocess.run([binary, "-v"], capture_output=True, text=True, check=True, timeout=10).stderr
        self.version = said.strip().rpartition("/")[2]
        self.port = free_port()
        folder = fresh_folder("nginx")
        text = (HERE / "nginx.conf").read_text(encoding="utf-8")
        text = text.replace("LISTEN_PORT", str(self.port)).replace("UPSTREAM_PORT", str(upstream_port))
        if self.certificate:
            text = text.replace("proxy_pass http://", "proxy_pass https://")
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        self.process = Process([binary, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"], folder, core)
        self.process.wait_for_port(self.port)


class Bursar(Contestant):
    """The whole path, with a durable hold and a durable settlement for every request."""

    name = "bursar"
    speaks_tls = True
    title = "Bursar"

    def __init__(self) -> None:
        super().__init__()
        self._key = ""
        self._folder = Path()

    def start(self, upstream_port: int, core: int) -> None:
        self._folder = fresh_folder("bursar")
        try:
            url = f"{'https' if self.certificate else 'http'}://127.0.0.1:{upstream_port}"
            self.process, base_url, self._key = start_bursar(url, self._folder, core, self.certificate)
        except SystemExit as error:
            raise Missing(str(error)) from error
        self.port = int(base_url.rpartition(":")[2])
        self.version = "this checkout"

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"}

    def proof(self, answered: int) -> str:
        found = charges(self._folder)
        if found != answered:
            raise ValueError(f"ledger: found {found} charges, expected {answered}, one for every request answered")
        return f"the ledger verifies and holds {found:,} charges, one for every request answered"


class LiteLLM(Contestant):
    """LiteLLM's proxy without a database: one worker on uvloop, a master key, logging off."""

    name = "litellm"
    title = "LiteLLM proxy"
    exact = False

    def start(self, upstream_port: int, core: int) -> None:
        folder = fresh_folder("litellm")
        binary = CACHE / "litellm" / "bin" / "litellm"
        if not binary.exists():
            raise Missing(f"LiteLLM is not installed; {INSTALL}")
        pinned = re.search(r"^litellm==(\S+)", (HERE / "litellm.lock").read_text(encoding="utf-8"), re.MULTILINE)
        self.version = pinned[1] if pinned else ""
        self.port = free_port()
        (folder / "config.yaml").write_text(yaml.safe_dump(self._config(upstream_port)), encoding="utf-8")
        self.process = Process(
            [binary, "--host", "127.0.0.1", "--port", str(self.port), "--config", folder / "config.yaml"],
            folder,
            core,
            {"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        )
        self.process.wait_for_port(self.port)

    def _config(self, upstream_port: int) -> dict[str, object]:
        upstream = {"model": f"openai/{MODEL}", "api_base": f"http://127.0.0.1:{upstream_port}/v1", "api_key": "sk-up"}
        return {
            "model_list": [{"model_name": MODEL, "litellm_params": upstream}],
            "litellm_settings": {"telemetry": False, "num_retries": 0},
            "general_settings": {"master_key": CALLERS_KEY},
        }


class Portkey(Contestant):
    """Portkey's open-source gateway on Node.js, told by headers where to go."""

    name = "portkey"
    title = "Portkey gateway"
    exact = False

    def start(self, upstream_port: int, core: int) -> None:
        folder = fresh_folder("portkey")
        package = CACHE / "portkey" / "node_modules" / "@portkey-ai" / "gateway"
        node = shutil.which("node")
        if not package.exists() or node is None:
            raise Missing(f"Portkey is not installed; {INSTALL}" if node else "Node.js is not installed")
        found = re.search(r'"version": "([^"]+)"', (package / "package.json").read_text(encoding="utf-8"))
        self.version = found[1] if found else ""
        self._upstream_port = upstream_port
        self.port = free_port()
        # It would listen on every interface; the preload binds it to loopback.
        command: list[str | Path] = [
            node,
            "--require",
            HERE / "portkey" / "loopback.cjs",
            package / "build" / "start-server.js",
        ]
        self.process = Process(
            [*command, "--headless", f"--port={self.port}"], folder, core, {"NODE_ENV": "production"}
        )
        self.process.wait_for_port(self.port)

    def headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {CALLERS_KEY}",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"http://127.0.0.1:{self._upstream_port}/v1",
        }


CONTESTANTS: dict[str, type[Contestant]] = {kind.name: kind for kind in (Direct, Nginx, Bursar, Portkey, LiteLLM)}
