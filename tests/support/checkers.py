"""Checkers of others' formats (``tools/install-checkers``): where they are, or why a test that needs one is skipped."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

BIN = Path(os.environ.get("BURSAR_CHECKERS", "~/.cache/bursar/checkers")).expanduser() / "bin"


def checker(name: str) -> Path:
    """The command of this name (``bean-check``, ``focus-validator``); the test is skipped where it is not installed."""
    command = BIN / name
    if not command.exists():
        pytest.skip(f"{name} is not installed: run tools/install-checkers")
    return command


def run_checker(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a checker and return what it said; at most two minutes.

    It works in its own packages' folder: focus-validator looks for its list of currencies below the working directory.
    """
    command = checker(name)
    (packages,) = BIN.parent.glob("lib/python3*/site-packages")
    return subprocess.run(
        [str(command), *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=packages
    )
