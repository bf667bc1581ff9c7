"""Whatever the OpenAPI document allows, and what it does not, sent to a real server: no fault of ours, no broken schema.

schemathesis makes the requests from the document and holds every answer against it, with all of its checks.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.api import Served, served, token_of
from tests.support.profile import NIGHTLY, size

from bursar.api import PREFIX, ROUTES
from bursar.office.access import ASSIGNABLE
from bursar.office.database import transaction
from bursar.office.identity import accounts

MAX_SECONDS = size(300, 6 * 3600)
LOGINS = ("everything", "ada")
"""An account with every role that is given and no person, and an engineer."""
CONFIG = """\
# What a schema allows may still be no amount, no plan and no person: then the answer says so, which is not a fault.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429"]

[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "429"]
"""


def run(house: Served, folder: Path, login: str, examples: int) -> tuple[int, str]:
    """How many requests were made, and what was found."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", "--no-color"),
        *(f"{house.url}{PREFIX}/openapi.json", "--url", f"{house.url}{PREFIX}"),
        *("-H", f"Authorization: Bearer {house.tokens[login]}", "--checks", "all", "--max-examples", str(examples)),
        *("--phases", "examples,coverage,fuzzing,stateful" if NIGHTLY else "fuzzing"),
        *("--seed", "20261120", "--continue-on-failure", "--suppress-health-check", "all", "--workers", "2"),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS,
        check=False,
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "", "COLUMNS": "120"},
    )
    told = done.stdout + done.stderr
    made = re.search(r"Test cases:\s+([\d,]+) generated", told) or re.search(r"([\d,]+) generated", told)
    assert made is not None, told[-3_000:]
    return int(made[1].replace(",", "")), told if done.returncode else ""


def everything(house: Served) -> None:
    with transaction(house.desk.engine) as connection:
        accounts.add(
            connection, "everything", account_id="acc_everything", by="test", now=house.desk.now(), roles=ASSIGNABLE
        )
    house.tokens["everything"] = token_of(house.desk, "acc_everything")


@pytest.mark.parametrize("engine", ["sqlite", *(["postgresql"] if NIGHTLY else [])])
def test_no_request_makes_a_fault_of_ours_or_breaks_the_document(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    pytest.importorskip("schemathesis", reason="needs schemathesis: ./start setup installs it")
    url = request.getfixturevalue("postgres_url") if engine == "postgresql" else ""
    # Of each operation; PostgreSQL gets fewer, for what is different there is seen by few.
    examples = size(3, 90) if engine == "sqlite" else 15
    with served(tmp_path, url) as house:
        everything(house)
        made = 0
        for login in LOGINS:
            count, faults = run(house, tmp_path, login, examples)
            made += count
            assert not faults, faults[-8_000:]
    assert made >= max(1_000, len(ROUTES) * examples)
