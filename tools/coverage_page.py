"""Write docs/reference/coverage.md from coverage.yaml, and follow every reference in it.

    .venv/bin/python tools/coverage_page.py            # writes the page; says what leads nowhere

A test compares the page and follows the references, so that nothing is said to be served by what is not there.
"""

from __future__ import annotations

import ast
import functools
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from typer.main import get_command

from bursar.api import document
from bursar.cli.app import command_line
from bursar.console.areas import AREAS
from bursar.offers.document import json_schema as offer_schema
from bursar.office.openings import OPENINGS
from bursar.plans.document import json_schema as plan_schema

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "docs/reference/coverage.yaml"
PAGE = ROOT / "docs/reference/coverage.md"
ITEMS = 153
KINDS = ("command", "page", "api", "plan", "offer", "opening", "header")
WORDS = {"plan": "plan field", "offer": "offer field", "opening": "opening", "header": "header"}


@dataclass(frozen=True, slots=True)
class Item:
    """One of the things that were asked for."""

    id: str
    title: str
    theme: str
    served_by: tuple[tuple[str, str], ...]
    """Kind and name."""
    proof: tuple[str, ...]
    """Tests, as pytest names them."""
    not_yet: str

    @property
    def served(self) -> bool:
        return not self.not_yet


def read(text: str) -> tuple[int, list[Item]]:
    """The least number that has to be served, and all items in the order of the file. Raises ValueError."""
    found = yaml.safe_load(text)
    items = [_item(one, theme["name"]) for theme in found["themes"] for one in theme["items"]]
    return int(found["at_least"]), items


def _item(row: dict[str, Any], theme: str) -> Item:
    unknown = row.keys() - {"id", "title", "served_by", "proof", "not_yet"}
    if unknown:
        raise ValueError(f"{row.get('id')}: found {', '.join(sorted(unknown))}, expected no other field")
    served_by = [(kind, name) for kind, names in row.get("served_by", {}).items() for name in _listed(names)]
    return Item(
        row["id"], row["title"], theme, tuple(served_by), tuple(row.get("proof", ())), str(row.get("not_yet", ""))
    )


def _listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def faults(items: list[Item]) -> list[str]:
    """What is wrong with them, a sentence each: numbers that are missing or twice, references that lead nowhere."""
    found = []
    ids = [one.id for one in items]
    wanted = [f"S{number}" for number in range(1, ITEMS + 1)]
    found += [f"{one}: found it {ids.count(one)} times, expected once" for one in wanted if ids.count(one) != 1]
    found += [f"{one}: found an id that nobody asked for" for one in ids if one not in wanted]
    for item in items:
        if item.served and not (item.served_by and item.proof):
            found.append(f"{item.id}: found no reference or no proof, expected both, or why it is not yet there")
        found += [f"{item.id}: {kind} {name}: there is none" for kind, name in item.served_by if not exists(kind, name)]
        found += [f"{item.id}: proof {name}: there is no such test" for name in item.proof if not is_test(name)]
    return found


def exists(kind: str, name: str) -> bool:
    """Does a reference lead somewhere?"""
    match kind:
        case "command":
            return name in _commands()
        case "page":
            return name in _pages()
        case "api":
            return name in _operations()
        case "plan" | "offer":
            return _has_field(_schema(kind), name.split("."))
        case "opening":
            return name in OPENINGS
        case "header":
            return f"`{name}" in (ROOT / "docs/reference/refusals.md").read_text(encoding="utf-8")
        case _:
            return False


@functools.cache
def _commands() -> frozenset[str]:
    found = []

    def walk(command: Any, words: str) -> None:
        children = getattr(command, "commands", None)
        if children is None or command.invoke_without_command:
            found.append(words)
        for name, child in (children or {}).items():
            walk(child, f"{words} {name}")

    walk(get_command(command_line()), "bursar")
    return frozenset(found)


@functools.cache
def _pages() -> frozenset[str]:
    return frozenset(page.path for area in AREAS for page in area.pages)


@functools.cache
def _operations() -> frozenset[str]:
    return frozenset(f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods)


@functools.cache
def _schema(kind: str) -> dict[str, Any]:
    return plan_schema() if kind == "plan" else offer_schema()


def _has_field(schema: dict[str, Any], path: list[str]) -> bool:
    """Is there a field at this place of a document, whichever of several shapes has it?"""
    nodes: list[dict[str, Any]] = [schema]
    for name in path:
        nodes = [shape["properties"][name] for shape in _shapes(schema, nodes) if name in shape.get("properties", {})]
    return bool(nodes)


def _shapes(schema: dict[str, Any], nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found, waiting = [], list(nodes)
    while waiting:
        one = waiting.pop()
        if "$ref" in one:
            waiting.append(schema["$defs"][one["$ref"].rpartition("/")[2]])
        waiting += [*one.get("anyOf", ()), *one.get("allOf", ()), *one.get("prefixItems", ())]
        if isinstance(one.get("items"), dict):
            waiting.append(one["items"])
        found.append(one)
    return found


def is_test(name: str) -> bool:
    """Is there a test function of that name, on its own or in a class? The file is parsed and nothing is run."""
    file, _, path = name.partition("::")
    return bool(path) and path in _tests(file)


@functools.cache
def _tests(file: str) -> frozenset[str]:
    path = ROOT / file
    if not file.startswith("tests/") or not path.is_file():
        return frozenset()
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        for one in inner:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name.startswith("test_"):
                found |= {one.name} | ({f"{node.name}::{one.name}"} if isinstance(node, ast.ClassDef) else set())
    return frozenset(found)


def page(items: list[Item]) -> str:
    """The page of all items, by theme."""
    served = sum(one.served for one in items)
    lines = [
        "# What was asked for, and where it is",
        "",
        "Written by `tools/coverage_page.py` from `coverage.yaml`; a test compares them and follows every reference: each",
        "command, page, operation, field and test named here exists.",
        "",
        f"The debate about AI tokens as pay raises {len(items)} mechanisms, questions, claims and risks. "
        f"**{served} are served**, {len(items) - served} not yet.",
        "",
        "| theme | asked for | served |",
        "|---|---|---|",
    ]
    themes = list(dict.fromkeys(one.theme for one in items))
    for theme in themes:
        mine = [one for one in items if one.theme == theme]
        lines.append(f"| [{theme}](#{_anchor(theme)}) | {len(mine)} | {sum(one.served for one in mine)} |")
    for theme in themes:
        lines += ["", f"## {theme}", "", "| | what | where | proof |", "|---|---|---|---|"]
        for one in items:
            if one.theme == theme:
                lines.append(f"| {one.id} | {one.title} | {_where(one)} | {_proof(one)} |")
    return "\n".join(lines) + "\n"


def _anchor(theme: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", theme.lower()).replace(" ", "-")


def _where(item: Item) -> str:
    if not item.served:
        return f"**not yet**: {item.not_yet}"
    return "; ".join(f"{WORDS[kind]} `{name}`" if kind in WORDS else f"`{name}`" for kind, name in item.served_by)


def _proof(item: Item) -> str:
    """The sentences that tests read as, each with a link to its file."""
    if not item.served:
        return ""
    said = []
    for name in item.proof:
        file, _, test = name.partition("::")
        words = test.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        said.append(f"[{words}](../../{file})")
    return "; ".join(said)


def main() -> int:
    """Write the page; 1 if something leads nowhere."""
    _, items = read(SOURCE.read_text(encoding="utf-8"))
    wrong = faults(items)
    for one in wrong:
        print(one, file=sys.stderr)
    PAGE.write_text(page(items), encoding="utf-8")
    print(f"{sum(one.served for one in items)} of {len(items)} are served: {PAGE.relative_to(ROOT)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
