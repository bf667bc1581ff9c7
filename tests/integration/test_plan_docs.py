"""The reference of the plan document names every field that there is, and what is written in it works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from bursar.cli.app import command_line
from bursar.grants.specs import EventPart, ExpectPart, GivenPart, run_specs
from bursar.plans.check import load
from bursar.plans.document import json_schema
from bursar.plans.templates import text

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "plan.md").read_text()
HOW_TO = (ROOT / "docs" / "how-to" / "write-a-plan.md").read_text()
ROW = re.compile(r"^\| `([a-z_.\[\]]+)` \| (.+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = {row[1]: row for row in ROW.finditer(REFERENCE)}
SCHEMA = json_schema()


def _fields(part: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every field with its path, its schema, and whether it is needed."""
    for name, field in part["properties"].items():
        path = f"{above}{name}"
        yield path, field, name in part.get("required", ())
        for inner, many in _inner(field):
            yield from _fields(inner, f"{path}{'[]' if many else ''}.")


def _inner(field: dict[str, Any], many: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    if "$ref" in field:
        yield SCHEMA["$defs"][field["$ref"].rsplit("/", 1)[1]], many
    for one in field.get("anyOf", ()):
        yield from _inner(one, many)
    if "items" in field:
        yield from _inner(field["items"], True)


FIELDS = list(_fields(SCHEMA))


def test_every_field_of_the_schema_is_in_a_table_and_no_other() -> None:
    assert sorted(ROWS) == sorted(path for path, _, _ in FIELDS)


@pytest.mark.parametrize(("path", "field", "needed"), FIELDS, ids=[path for path, _, _ in FIELDS])
def test_the_default_of_a_field_is_the_one_of_the_schema(path: str, field: dict[str, Any], needed: bool) -> None:
    told, default = ROWS[path][4].strip("`"), field.get("default")
    if needed:
        assert told == "needed"
    elif not default or isinstance(default, dict):
        assert told in ("left out", "none")
    else:
        assert told == (", ".join(default) if isinstance(default, list) else str(default))


@pytest.mark.parametrize(("path", "field", "needed"), FIELDS, ids=[path for path, _, _ in FIELDS])
def test_the_example_of_a_field_is_allowed(path: str, field: dict[str, Any], needed: bool) -> None:
    example = re.fullmatch(r"`(.+)`", ROWS[path][5])
    if example is None:
        assert "../../examples" in ROWS[path][5]
        return
    validator = Draft202012Validator({**field, "$defs": SCHEMA["$defs"]})
    value = example[1] if field.get("type") == "string" else yaml.safe_load(example[1])
    assert [error.message for error in validator.iter_errors(value)] == []


def test_the_first_plan_of_the_reference_is_one() -> None:
    plans = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
    assert [load(one).plan.name for one in plans] == ["stipend"]


def test_what_the_how_to_shows_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    (tmp_path / "stipend.yaml").write_text(text("stipend"))
    specs = "\n".join(line[3:] for line in re.findall(r"```yaml\n(.*?)   ```", HOW_TO, re.DOTALL)[0].splitlines())
    (tmp_path / "stipend.test.yaml").write_text(specs)
    monkeypatch.chdir(tmp_path)
    code = "".join(re.findall(r"```python\n(.*?)   ```", HOW_TO, re.DOTALL))
    exec("\n".join(line[3:] for line in code.splitlines()), {})
    printed = capsys.readouterr().out
    assert "# AI stipend" in printed
    assert printed.endswith("passed\n  what is left at the end of a month evaporates\n")
    assert [one.passed for one in run_specs(specs, load(text("stipend")).plan)] == [True]


def test_the_how_to_names_everything_that_a_spec_may_say() -> None:
    names = {name for part in (GivenPart, EventPart, ExpectPart) for name in part.model_fields}
    assert [name for name in sorted(names) if f"`{name}" not in HOW_TO] == []


def test_a_template_is_printed_as_it_is_however_narrow_the_terminal() -> None:
    printed = CliRunner().invoke(command_line(), ["plan", "new", "stipend"], env={"COLUMNS": "40"})
    assert (printed.exit_code, printed.stdout) == (0, text("stipend"))
