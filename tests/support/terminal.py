"""A shell with an installation of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.support import forking


class Terminal:
    """A shell with an installation of its own."""

    def __init__(self, home: Path) -> None:
        self.environment = {
            **os.environ,
            "BURSAR_HOME": str(home),
            "OPENAI_API_KEY": "sk-x",
            "COLUMNS": forking.COLUMNS,
        }

    def run(self, *words: str, expect: int = 0, typed: str = "") -> str:
        """What a command said on both streams; `typed` is what it reads."""
        done = forking.run(words, self.environment, typed=typed)
        text = done.out + done.err
        assert done.code == expect, text
        assert "Traceback" not in text
        return text

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))
