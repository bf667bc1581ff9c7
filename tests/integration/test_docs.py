"""What the documentation says can be found, and every command in it is one that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from bursar.cli.app import command_line

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "bench" / "README.md",
        *ROOT.glob("docs/**/*.md"),
        ROOT / "src/bursar/ledger/README.md",
    ]
)
LINK = re.compile(r"\]\((?!http)([^)#]+)")
COMMAND = re.compile(r"(?:^|[`\s])(?:\.venv/bin/)?bursar ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    missing = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_of_a_page_exists(page: Path) -> None:
    known = get_command(command_line()).commands
    code = "\n".join(
        re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", page.read_text(), re.DOTALL)
        and [
            part
            for pair in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", page.read_text(), re.DOTALL)
            for part in pair
            if part
        ]
    )
    for group, command in COMMAND.findall(code):
        assert group in known, f"bursar {group}"
        children = getattr(known[group], "commands", {})
        if children and command:
            assert command in children, f"bursar {group} {command}"


def test_nothing_names_a_machine_or_a_registry() -> None:
    suspicious = re.compile(r"(^|[^a-z.~])/(work|root)/|registry\.npmjs|files\.pythonhosted|pypi\.org/simple")
    tracked = [
        path for pattern in ("src/**/*", "tests/**/*", "docs/**/*", "bench/**/*", "*") for path in ROOT.glob(pattern)
    ]
    found = []
    for path in tracked:
        if (
            path.is_file()
            and path != Path(__file__)
            and path.name != ".git"
            and path.suffix in ("", ".py", ".md", ".toml", ".json", ".yml", ".yaml", ".lock", ".txt")
        ):
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
                if suspicious.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []
