"""A shell with an installation of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


class Terminal:
    """A shell with an installation of its own."""

    def __init__(self, home: Path) -> None:
        self.environment = {**os.environ, "BURSAR_HOME": str(home), "OPENAI_API_KEY": "sk-x", "COLUMNS": "160"}

    def run(self, *words: str, expect: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "bursar.cli", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        text = done.stdout + done.stderr
        assert done.returncode == expect, text
        assert "Traceback" not in text
        return text

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))
