"""Open Cap Format documents against OCF's own JSON Schemas, which lie unmodified in `ocf_schemas/`.

A document is refused with the path of its first wrong field, what was found there and what the schema expects. Nothing
is fetched: every schema that these refer to is here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT7

from bursar.errors import InvalidInput

SCHEMAS = files("bursar.exchange") / "ocf_schemas" / "schema"
_BASE = "https://raw.githubusercontent.com/Open-Cap-Table-Coalition/Open-Cap-Format-OCF/main/schema/"


def validate(document: object, schema: str, field: str = "") -> None:
    """Raise `InvalidInput` unless `document`, found at the path `field`, fits `objects/VestingTerms` or the like."""
    error = next(_validator(schema).iter_errors(document), None)
    if error is not None:
        raise _refusal(_innermost(error), field)


def path(field: str, *parts: str | int) -> str:
    """The path of a field below another: `items[2].trigger`."""
    for part in parts:
        field += f"[{part}]" if isinstance(part, int) else f".{part}" if field else part
    return field


@cache
def _validator(schema: str) -> Draft7Validator:
    # Of the formats, `date` alone occurs; checked strictly, because a date that does not exist pays nobody.
    return Draft7Validator(
        {"$ref": f"{_BASE}{schema}.schema.json"}, registry=_registry(), format_checker=FormatChecker(["date"])
    )


@cache
def _registry() -> Registry[Any]:
    schemas = [json.loads(each.read_text(encoding="utf-8")) for each in _files(SCHEMAS)]
    return Registry().with_resources((each["$id"], DRAFT7.create_resource(each)) for each in schemas)


def _files(folder: Traversable) -> Iterable[Traversable]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each)
        elif each.name.endswith(".schema.json"):
            yield each


def _innermost(error: ValidationError) -> ValidationError:
    """Of alternatives that all fail, the first error of the one that was meant: the one whose `type` fits."""
    while error.validator in ("oneOf", "anyOf") and error.context:
        branches: dict[object, list[ValidationError]] = {}
        for each in error.context:
            branches.setdefault(each.relative_schema_path[0], []).append(each)
        meant = [branch for branch in branches.values() if not any(_is_of_another_type(each) for each in branch)]
        if len(meant) != 1:
            return error
        error = meant[0][0]
    return error


def _is_of_another_type(error: ValidationError) -> bool:
    return error.validator in ("const", "enum") and list(error.path)[-1:] == ["type"]


def _refusal(error: ValidationError, field: str) -> InvalidInput:
    where, found = path(field, *error.absolute_path), _shown(error.instance)
    value: Any = error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "required":
            missing = next(each for each in rule if each not in value)
            return InvalidInput(path(where, missing), "nothing", "a value: OCF requires it")
        case "additionalProperties":
            unknown = min(set(value) - set(schema.get("properties", {})))
            return InvalidInput(path(where, unknown[:80]), "a field that OCF does not know", "only the fields of OCF")
        case "const":
            expected = str(rule)
        case "enum":
            shown = rule if len(rule) <= 10 else [*rule[:2], "...", *rule[-4:]]
            expected = f"one of {', '.join(shown)}"
        case "type":
            expected = f"JSON of type {rule}"
        case "format":
            expected = "a date such as 2025-01-31"
        case "pattern":
            expected = "a number as text, such as '12.5', with at most 10 decimals"
        case "minimum":
            expected = f"{rule} or more"
        case "minLength" | "minItems":
            expected = f"at least {rule} of them"
        case "uniqueItems":
            expected = "each value once"
        case "oneOf":
            expected, where, found = _alternatives(error, where, found)
        case other:
            expected = f"what the schema says under {other}"
    return InvalidInput(where or "document", found, expected)


def _alternatives(error: ValidationError, where: str, found: str) -> tuple[str, str, str]:
    """None of several shapes fits, or more than one does."""
    rule: Any = error.validator_value
    value: Any = error.instance
    names = [each["required"][0] for each in rule if "required" in each]
    if names:
        given = any(each in value for each in names)
        return f"exactly one of {' and '.join(names)}", where, "both" if given else "neither"
    types = [
        str(each.validator_value)
        for each in error.context or ()
        if each.validator == "const" and list(each.path) == ["type"]
    ]
    kind = value.get("type") if isinstance(value, dict) else None
    if types and kind not in types:
        return f"one of {', '.join(types)}", path(where, "type"), _shown(kind)
    if isinstance(value, dict) and kind is None:
        return "a value: OCF requires it", path(where, "type"), "nothing"
    return "exactly one of the shapes that OCF allows here", where, found


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, default=repr)
    return text if len(text) <= 80 else text[:77] + "..."
