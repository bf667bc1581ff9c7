"""The examples of the how-to about the API, run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.api import served, token_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/how-to/use-the-api.md"
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", PAGE.read_text(), re.DOTALL)
MAX_SECONDS = 120


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl: apt-get install curl")
def test_every_example_does_what_it_says(tmp_path: Path) -> None:
    with served(tmp_path) as house:
        house.desk.give("ada", "$25")
        token = token_of(house.desk, "acc_ada", "*:write")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "BURSAR_URL": house.url,
            "BURSAR_TOKEN": token,
        }
        told = []
        for language, text in BLOCKS:
            text = text.replace(".venv/bin/bursar", f"{sys.executable} -m bursar.cli")
            command = [sys.executable, "-c", text] if language == "python" else ["bash", "-euo", "pipefail", "-c", text]
            ran = subprocess.run(
                command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=MAX_SECONDS, check=False
            )
            assert ran.returncode == 0, f"{text}\n{ran.stdout}\n{ran.stderr}"
            told.append(ran.stdout)
    whole = "\n".join(told)
    assert '"login":"ada"' in told[0]
    assert '"amount":"25"' in whole
    assert whole.count('"secret":"bur_live_') == 3, "the same key, three times"
    assert len(set(re.findall(r'"secret":"(bur_live_\w+)"', whole))) == 1
    assert '"state":"paused"' in whole
    assert '"field":"cap"' in whole
    assert "cap was '12,50'" in whole
    assert "\nlive\n" in whole
    assert "$25.00" in told[-1]
