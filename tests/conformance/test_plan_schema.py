"""The published schema of `bursar: plan/1` is the one that the code has, and says nothing that the code refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.support.examples import PLANS, ROOT

from bursar.plans.check import load
from bursar.plans.document import PlanFaults, json_schema

SCHEMA = ROOT / "docs" / "schema" / "plan-1.json"
VALIDATOR = Draft202012Validator(json_schema())


def test_the_published_schema_is_current() -> None:
    hint = "write json.dumps(bursar.plans.document.json_schema(), indent=2, ensure_ascii=False) and a newline to it"
    assert SCHEMA.read_text() == json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", hint


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_example_names_the_schema_and_is_valid(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=../../docs/schema/plan-1.json\n")
    assert (path.parent / "../../docs/schema/plan-1.json").resolve() == SCHEMA
    assert [error.message for error in VALIDATOR.iter_errors(_as_json(yaml.safe_load(text)))] == []


def _defaults(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in [schema, *schema["$defs"].values()]:
        for name, one in part.get("properties", {}).items():
            if "default" in one:
                yield f"{part['title']}.{name}", one


@pytest.mark.parametrize(
    ("name", "field"), list(_defaults(json_schema())), ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_default_may_be_written(name: str, field: dict[str, Any]) -> None:
    errors = VALIDATOR.evolve(schema={**field, "$defs": json_schema()["$defs"]}).iter_errors(field["default"])
    assert [error.message for error in errors] == []


def test_no_notice_and_no_tail_can_be_said() -> None:
    terms = "bursar: plan/1\nname: a\ntitle: A\nallotment: {amount: $10}\n"
    said = load(f"{terms}notice: {{adjust: 0 days, reduce: 0 weeks}}\nleaving: {{tail: 0 days}}\n").plan
    assert said == load(terms).plan
    with pytest.raises(PlanFaults, match="a time in days or weeks"):
        load(f"{terms}notice: {{adjust: 0}}\n")


def test_one_value_needs_no_list() -> None:
    terms = (
        "bursar: plan/1\nname: a\ntitle: A\nallotment: {amount: $10}\nfor: {team: core}\nscope: {models: claude-*}\n"
    )
    assert load(terms).plan.eligible == {"team": ("core",)}
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(terms))] == []


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
