"""The page of what was asked for: all of it, each item once, and nothing said to be served by what is not there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _tool() -> ModuleType:
    path = ROOT / "tools/coverage_page.py"
    spec = importlib.util.spec_from_file_location("coverage_page", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["coverage_page"] = module
    spec.loader.exec_module(module)
    return module


TOOL = _tool()
LEAST, ITEMS = TOOL.read(TOOL.SOURCE.read_text(encoding="utf-8"))


def test_everything_that_was_asked_for_is_there_once_and_every_reference_leads_somewhere() -> None:
    assert TOOL.faults(ITEMS) == []
    assert [one.id for one in sorted(ITEMS, key=lambda one: int(one.id[1:]))] == [f"S{n}" for n in range(1, 154)]


def test_so_many_are_served_and_what_is_not_says_why() -> None:
    assert sum(one.served for one in ITEMS) >= LEAST
    assert all(len(one.not_yet) > 20 for one in ITEMS if not one.served)


def test_the_page_is_what_the_generator_writes() -> None:
    assert TOOL.PAGE.read_text(encoding="utf-8") == TOOL.page(ITEMS), "run tools/coverage_page.py"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("command", "bursar offer shine"),
        ("command", "bursar offer"),
        ("page", "/nowhere"),
        ("api", "GET /nowhere"),
        ("plan", "rollover.shine"),
        ("offer", "me.shine"),
        ("opening", "doors"),
        ("header", "x-bursar-shine"),
        ("rumour", "x"),
    ],
)
def test_a_reference_to_nowhere_is_found(kind: str, name: str) -> None:
    assert not TOOL.exists(kind, name)


def test_a_proof_that_is_none_is_found() -> None:
    here = "tests/unit/test_coverage_page.py"
    assert TOOL.is_test(f"{here}::test_a_proof_that_is_none_is_found")
    assert not TOOL.is_test(f"{here}::test_that_nobody_wrote")
    assert not TOOL.is_test(f"{here}::_tool")
    assert not TOOL.is_test(here)
    assert not TOOL.is_test("tools/coverage_page.py::main")


def test_an_item_without_proof_or_twice_is_a_fault() -> None:
    bare = TOOL.Item("S1", "a title", "a theme", (("page", "/wallet"),), (), "")
    assert any("S1: found no reference or no proof" in one for one in TOOL.faults([bare, *ITEMS[1:]]))
    assert any("found it 2 times" in one for one in TOOL.faults([*ITEMS, ITEMS[0]]))
    assert any("S7: found it 0 times" in one for one in TOOL.faults([one for one in ITEMS if one.id != "S7"]))
