"""The real clients as processes of their own: an isolated home, a gateway, a key, a prompt."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

INSTALLED = (
    Path(os.environ.get("BURSAR_CLIENTS", Path.home() / ".cache" / "bursar" / "clients")) / "node_modules" / ".bin"
)
HOW_TO_GET = "run tools/install-clients (needs npm)"
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a client did: its exit code and everything that it printed."""

    code: int
    text: str


def installed(name: str) -> bool:
    return (INSTALLED / name).exists()


async def claude(url: str, key: str, home: Path, prompt: str = "hi", *words: str) -> Said:
    """`claude -p`, pointed at a gateway as a user would; `words` are more of its options."""
    environment = {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_AUTH_TOKEN": key,
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    return await _run([str(INSTALLED / "claude"), "-p", prompt, *words], environment, home)


async def codex(url: str, key: str, home: Path, prompt: str = "hi", *words: str) -> Said:
    """`codex exec` with a provider of its own in its configuration file; `words` name an earlier session to go on from."""
    folder = home / ".codex"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(
        f'model = "gpt-5-codex"\nmodel_provider = "bursar"\n\n[model_providers.bursar]\nname = "Bursar"\n'
        f'base_url = "{url}/v1"\nenv_key = "BURSAR_KEY"\nwire_api = "responses"\n'
    )
    command = [str(INSTALLED / "codex"), "exec", "--skip-git-repo-check", "--sandbox", "read-only", *words, prompt]
    return await _run(command, {"BURSAR_KEY": key, "CODEX_HOME": str(folder)}, home)


async def _run(command: list[str], environment: dict[str, str], home: Path) -> Said:
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TERM", "TMPDIR")}
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**kept, "HOME": str(home), **environment},
        cwd=home,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    except TimeoutError:
        process.kill()
        out, _ = await process.communicate()
        return Said(-1, out.decode(errors="replace"))
    return Said(process.returncode or 0, out.decode(errors="replace"))
