"""How much the suites do: the default profile fits into a coffee break, `BURSAR_PROFILE=nightly` into a night."""

from __future__ import annotations

import os
from pathlib import Path

NIGHTLY = os.environ.get("BURSAR_PROFILE") == "nightly"
SHARED = Path(__file__).resolve().parents[3] / "shared"
WHY_NO_SHARED = "needs the recorded exchanges and vectors, which are not part of a user's clone"


def size(default: int, nightly: int) -> int:
    """How often to do something in the profile in force."""
    return nightly if NIGHTLY else default


PAGE_ENGINES = ("sqlite", "postgresql") if NIGHTLY else ("sqlite",)
"""Where pages are looked at: what they ask of the office is tested on both engines anyway."""
