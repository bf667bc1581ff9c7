"""Who is measured: each starts a proxy in front of the same provider and says how to ask it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from bursar.office.desk import initialise, open_desk
from bursar.office.settings import Settings

CACHE = Path(os.environ.get("BURSAR_BENCH", Path.home() / ".cache" / "bursar" / "bench"))
START_SECONDS = 120.0
PROXY_CORE = 0


class NotInstalled(Exception):
    """This contestant cannot run here; the sentence says how to get it."""


@dataclass
class Running:
    """A started proxy."""

    process: subprocess.Popen[bytes] | None
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    path: str = "/v1/chat/completions"

    def cpu_seconds(self) -> float:
        """User and system time of the proxy's whole process tree."""
        if self.process is None:
            return 0.0
        return sum(_cpu(pid) for pid in _tree(self.process.pid))

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


def direct(upstream: str, folder: Path) -> Running:
    """No proxy at all: the floor."""
    return Running(None, upstream)


def nginx(upstream: str, folder: Path) -> Running:
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(binary).exists():
        raise NotInstalled("run bench/gateway/install (apt-get install nginx-light)")
    port = _free_port()
    address = upstream.removeprefix("http://")
    (folder / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream provider {{ server {address}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port}; keepalive_requests 1000000;
    location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }}
  }}
}}
""")
    return _started([binary, "-c", str(folder / "nginx.conf"), "-p", str(folder)], port, {}, folder)


def bursar(upstream: str, folder: Path) -> Running:
    """The full path: key, price, durable hold, relay, metering, durable settlement with its usage row."""
    settings = Settings(home=folder / "bursar", port=0)
    initialise(settings)
    desk = open_desk(settings, actor="bench")
    desk.add_person("ada")
    desk.give("ada", "$1,000,000")
    key = desk.issue_key("ada")["token"]
    desk.add_provider("openai", base_url=upstream, secret="sk-bench")
    desk.close()
    port = _free_port()
    environment = {"BURSAR_HOME": str(folder / "bursar")}
    command = [sys.executable, "-m", "bursar.cli", "serve", "--port", str(port)]
    return _started(command, port, environment, folder, {"authorization": f"Bearer {key}"})


def litellm(upstream: str, folder: Path) -> Running:
    binary = CACHE / "litellm" / "bin" / "litellm"
    if not binary.exists():
        raise NotInstalled("run bench/gateway/install (LiteLLM into a venv of its own)")
    (folder / "litellm.yaml").write_text(
        "model_list:\n  - model_name: gpt-4o-mini\n    litellm_params:\n      model: openai/gpt-4o-mini\n"
        f"      api_base: {upstream}/v1\n      api_key: sk-bench\n"
        "litellm_settings:\n  telemetry: false\n  num_retries: 0\n"
    )
    port = _free_port()
    command = [str(binary), "--config", str(folder / "litellm.yaml"), "--port", str(port), "--host", "127.0.0.1"]
    key = "sk-bench-0f3b9f6d52c14c7f8a9e5d2b71c6e4a3"
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MASTER_KEY": key}
    return _started(command, port, environment, folder, {"authorization": f"Bearer {key}"})


def portkey(upstream: str, folder: Path) -> Running:
    script = CACHE / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    if not script.exists():
        raise NotInstalled("run bench/gateway/install (Portkey through npm)")
    port = _free_port()
    headers = {
        "authorization": "Bearer sk-bench",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"{upstream}/v1",
    }
    environment = {"TRUSTED_CUSTOM_HOSTS": "localhost,127.0.0.1", "NODE_ENV": "production"}
    return _started(["node", str(script), f"--port={port}", "--headless"], port, environment, folder, headers)


ALL = {"direct": direct, "nginx": nginx, "bursar": bursar, "portkey": portkey, "litellm": litellm}


def _started(
    command: list[str], port: int, environment: dict[str, str], folder: Path, headers: dict[str, str] | None = None
) -> Running:
    with (folder / f"{Path(command[0]).name}.out").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.sched_setaffinity(0, {PROXY_CORE}),
        )
    end = time.monotonic() + START_SECONDS
    url = f"http://127.0.0.1:{port}"
    while time.monotonic() < end:
        if process.poll() is not None:
            raise NotInstalled(f"{command[0]} ended with {process.returncode}: {_tail(log.name)}")
        if _answers(url, headers or {}):
            return Running(process, url, headers or {})
        time.sleep(0.2)
    process.kill()
    raise NotInstalled(f"{command[0]} did not answer within {START_SECONDS:g} s: {_tail(log.name)}")


def _answers(url: str, headers: dict[str, str]) -> bool:
    body = json.dumps(
        {"model": "gpt-4o-mini", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    ).encode()
    request = urllib.request.Request(
        url + "/v1/chat/completions", body, {"content-type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _tail(name: str) -> str:
    return Path(name).read_text(errors="replace")[-300:]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _tree(pid: int) -> list[int]:
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [one for child in (task / "children").read_text().split() for one in _tree(int(child))]
    except OSError:
        pass
    return found


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
