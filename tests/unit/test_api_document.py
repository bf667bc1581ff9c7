"""The OpenAPI document: every operation says what it does, who may, what comes and what may go wrong; nothing is behind it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from bursar.api import ROUTES, Route, document
from bursar.api.problems import KINDS
from bursar.office.access import TABLE

ROOT = Path(__file__).resolve().parents[2]
FOUND = document()
OPERATIONS = [
    (path, method, operation) for path, methods in FOUND["paths"].items() for method, operation in methods.items()
]
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = FOUND
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Of a schema of the document, whose references lead into the document."""
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": FOUND["components"],
        "allOf": [schema],
    }
    return validator_for(whole)(whole)


def test_the_document_has_every_route_and_no_other() -> None:
    assert sorted((one.path, one.method.lower(), one.name) for one in ROUTES) == sorted(
        (path, method, operation["operationId"]) for path, method, operation in OPERATIONS
    )
    assert len(set(NAMES)) == len(NAMES)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", name) for name in NAMES)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_an_operation_says_everything_about_itself(path: str, method: str, operation: dict[str, Any]) -> None:
    assert len(operation["summary"]) <= 60
    assert not operation["summary"].endswith(".")
    assert len(operation["description"]) > 30
    assert operation["tags"]
    assert "security" in operation
    responses = operation["responses"]
    good = [status for status in responses if status.startswith("2")]
    assert len(good) == 1
    for status in ("422", "500", "503"):
        assert "application/problem+json" in resolved(responses[status])["content"]
    if operation["security"]:
        assert {"401", "403", "404"} <= responses.keys()
    for parameter in operation.get("parameters", []):
        assert parameter["description"], parameter["name"]
        schema = parameter["schema"]
        assert (
            schema["type"] != "string"
            or {"maxLength", "enum", "pattern"} & schema.keys()
            or parameter["in"] == "header"
        )
    assert set(re.findall(r"{(\w+)}", path)) == {
        one["name"] for one in operation.get("parameters", []) if one["in"] == "path"
    }


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_the_examples_of_an_operation_are_what_its_schemas_say(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for one in [*bodies, *(resolved(each) for each in operation["responses"].values())]:
        for media, content in one.get("content", {}).items():
            if "json" in media and "problem" not in media:
                assert "example" in content, media
                errors = list(validator(content["schema"]).iter_errors(content["example"]))
                assert not errors, errors[0].message
    for parameter in operation.get("parameters", []):
        for example in parameter["schema"].get("examples", []):
            assert not list(validator(parameter["schema"]).iter_errors(example))


def test_every_field_of_every_shape_is_described() -> None:
    bare = [
        f"{name}.{field}"
        for name, schema in FOUND["components"]["schemas"].items()
        for field, one in schema.get("properties", {}).items()
        if not one.get("description")
    ]
    assert bare == []


def test_every_text_that_is_sent_has_a_limit() -> None:
    sent: set[str] = set()

    def take(schema: dict[str, Any]) -> None:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name not in sent:
                sent.add(name)
                for one in resolved(schema).get("properties", {}).values():
                    take(one)
        for one in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
            take(one)

    for _, _, operation in OPERATIONS:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            take(content["schema"])
    assert len(sent) > 20
    for name in sent:
        schema = FOUND["components"]["schemas"][name]
        assert schema.get("additionalProperties") is False, name
        for field, one in schema["properties"].items():
            for kind in one.get("anyOf", [one]):
                assert kind.get("type") != "string" or "maxLength" in kind, f"{name}.{field}"
                assert kind.get("type") != "array" or "maxItems" in kind, f"{name}.{field}"
                assert kind.get("type") != "integer" or {"minimum", "maximum"} <= kind.keys(), f"{name}.{field}"


def test_every_route_but_one_names_an_action_of_the_table() -> None:
    assert [one.name for one in ROUTES if one.gate.action is None] == ["getHealth"]
    assert all(one.gate.action in TABLE for one in ROUTES if one.gate.action is not None)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_what_changes_something_is_an_action_that_changes(route: Route) -> None:
    action = route.gate.action
    if action is None:
        return
    begins_work = route.status == 202
    assert route.changes == (route.method != "GET" and not _only_works_out(route))
    if route.changes and not begins_work:
        assert action.kind == "change", "a right to read lets nobody change anything"
    if action.about == "person" and "{person}" in route.path:
        assert route.gate.whose == "person"


def _only_works_out(route: Route) -> bool:
    """POST for the size of what is asked, and nothing is kept."""
    asked = {"checkPlan", "diffPlans", "evaluateOffer", "askAboutOffer", "compareOffers", "stateTotalPay"}
    return route.name in asked


def test_every_kind_of_problem_has_a_title_and_a_status() -> None:
    assert all(400 <= status < 600 and title for status, title in KINDS.values())
    schema = FOUND["components"]["schemas"]["ProblemDocument"]
    assert len(schema["properties"]["type"]["enum"]) == len(KINDS)


def test_what_is_written_from_the_document_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("write_client", ROOT / "tools/write_client.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for path, text in module.written().items():
        assert path.read_text() == text, f"{path.relative_to(ROOT)}: run tools/write_client.py"
