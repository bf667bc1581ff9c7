"""Write what is derived from the routes of the API: the client's shapes and operations, and the reference.

    .venv/bin/python tools/write_client.py

A test compares, so that none of them is ever behind the API.
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from bursar.api import document
from bursar.api.page import page

ROOT = Path(__file__).resolve().parents[1]
CLIENT = ROOT / "src/bursar/client"
REFERENCE = ROOT / "docs/reference/api.md"
WRITTEN = "Written by tools/write_client.py from the OpenAPI document; a test compares them."
JSON = "application/json"
STREAM = "text/event-stream"
WIDTH = 116
SENT = frozenset({"PlanSide", "BandSent"})
"""Shapes that are sent inside of others; what is sent whole is a function's arguments."""

Json = dict[str, Any]


def written() -> dict[Path, str]:
    """Every file with its text."""
    found = document()
    return {
        CLIENT / "shapes.py": _formatted(shapes(found)),
        CLIENT / "operations.py": _formatted(operations(found)),
        REFERENCE: page(),
    }


# Shapes.


def shapes(found: Json) -> str:
    """A frozen dataclass for every shape that is answered, those that others need first."""
    schemas: Json = found["components"]["schemas"]
    wanted = _reached(found, schemas)
    lines = [f'"""What the API answers, as values. {WRITTEN}"""', "", "from __future__ import annotations", ""]
    lines += ["from dataclasses import dataclass", "from typing import Any", ""]
    for name in sorted(wanted):
        lines += _shape(name, schemas[name])
    return "\n".join(lines)


def _reached(found: Json, schemas: Json) -> set[str]:
    """Shapes of answers, and whatever they are made of."""
    wanted: set[str] = set(SENT)
    for path in found["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status.startswith("2"):
                    wanted |= _references(response)
    while more := {name for one in wanted for name in _references(schemas[one])} - wanted:
        wanted |= more
    return wanted


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"].rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*(_references(one) for key, one in value.items() if key != "example"))
    return set().union(*(_references(one) for one in value)) if isinstance(value, list) else set()


def _shape(name: str, schema: Json) -> list[str]:
    lines = ["", "@dataclass(frozen=True, slots=True)", f"class {name}:"]
    lines += [*_docstring(schema.get("description", name), 4), ""]
    required = schema.get("required", []) if name in SENT else list(schema["properties"])
    ordered = sorted(schema["properties"].items(), key=lambda one: one[0] not in required)
    for field, one in ordered:
        default = "" if field in required else f" = {one.get('default')!r}"
        lines.append(f"    {_python(field)}: {_type(one)}{default}")
        if one.get("description"):
            lines += _docstring(one["description"], 4)
    return [*lines, ""]


# Operations.


def operations(found: Json) -> str:
    """A function for every operation, which gives the call."""
    lines = [f'"""Every operation of the API, as a call. {WRITTEN}"""', "", "from __future__ import annotations", ""]
    lines += ["from collections.abc import Sequence", "from typing import Any, Literal", ""]
    lines += [
        "from bursar.client import shapes",
        "from bursar.client.call import Call, Paged, content, questions, segment",
    ]
    schemas: Json = found["components"]["schemas"]
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            if STREAM not in _good(operation).get("content", {}):
                lines += _operation(path, method.upper(), operation, schemas)
    return "\n".join(lines)


def _operation(path: str, method: str, operation: Json, schemas: Json) -> list[str]:
    parameters = operation.get("parameters", [])
    in_path = [one for one in parameters if one["in"] == "path"]
    in_query = [one for one in parameters if one["in"] == "query"]
    order = re.findall(r"{(\w+)}", path)
    in_path.sort(key=lambda one: order.index(one["name"]))
    first = [f"{_python(one['name'])}: {_type(one['schema'])}" for one in in_path]
    later = [_optional(one["name"], one["schema"], one.get("required", False)) for one in in_query]
    body, media, body_first, body_later = _body(operation, schemas)
    given = ", ".join([*first, *body_first, *(["*", *body_later, *later] if body_later or later else [])])
    shape, kind = _answer(operation, schemas)
    text = f"{operation['summary']}. {operation['description'].partition(chr(10))[0]}".strip()
    filled = re.sub(r"{(\w+)}", lambda one: f"{{segment({_python(one[1])})}}", path)
    call = [repr(operation["operationId"]), repr(method), f'f"{filled}"' if in_path else f'"{path}"', shape]
    if in_query:
        pairs = ", ".join(f'"{one["name"]}": {_python(one["name"])}' for one in in_query)
        call.append(f"query=questions({{{pairs}}})")
    call += [*body, *media]
    if any(one["name"] == "Idempotency-Key" for one in parameters):
        call.append("changes=True")
    maker = kind.partition("[")[0]
    return [
        "",
        "",
        f"def {_snake(operation['operationId'])}({given}) -> {kind}:",
        *_docstring(text, 4),
        f"    return {maker}({', '.join(call)})",
    ]


def _body(operation: Json, schemas: Json) -> tuple[list[str], list[str], list[str], list[str]]:
    """How the body is made, and the arguments that it takes: those that are needed, and the others."""
    if "requestBody" not in operation:
        return [], [], [], []
    kinds = operation["requestBody"]["content"]
    if list(kinds) != [JSON]:
        names = ", ".join(f'"{one}"' for one in kinds)
        return ["body=body"], ["media=media"], ["body: bytes"], [f'media: Literal[{names}] = "{next(iter(kinds))}"']
    schema = schemas[kinds[JSON]["schema"]["$ref"].rpartition("/")[2]]
    pairs = ", ".join(f'"{name}": {_python(name)}' for name in schema["properties"])
    first, later = [], []
    for name, one in schema["properties"].items():
        needed = name in schema.get("required", ())
        (first if needed else later).append(
            f"{_python(name)}: {_type(one, sent=True)}" if needed else _optional(name, one, False, sent=True)
        )
    return [f"body=content({{{pairs}}})"], [], first, later


def _answer(operation: Json, schemas: Json) -> tuple[str, str]:
    """The shape of the answer, and the type of the call."""
    kinds = _good(operation).get("content")
    if not kinds:
        return "type(None)", "Call[None]"
    schema = kinds.get(JSON, {}).get("schema")
    if schema is None or len(kinds) > 1:
        return "bytes", "Call[bytes]"
    if "$ref" not in schema:
        return "dict", "Call[dict[str, Any]]"
    name = schema["$ref"].rpartition("/")[2]
    fields = schemas[name]["properties"]
    if {"items", "next"} <= fields.keys():
        item = fields["items"]["items"]["$ref"].rpartition("/")[2]
        return f"shapes.{name}", f"Paged[shapes.{name}, shapes.{item}]"
    return f"shapes.{name}", f"Call[shapes.{name}]"


def _good(operation: Json) -> Json:
    return next(one for status, one in operation["responses"].items() if status.startswith("2"))


# Words.


def _type(schema: Json, *, sent: bool = False) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"shapes.{name}" if sent else name
    if "anyOf" in schema:
        return " | ".join("None" if one.get("type") == "null" else _type(one, sent=sent) for one in schema["anyOf"])
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    match schema.get("type"):
        case "array":
            inner = _type(schema["items"], sent=sent)
            return f"Sequence[{inner}]" if sent else f"tuple[{inner}, ...]"
        case "object":
            inner = schema.get("additionalProperties")
            return f"dict[str, {_type(inner)}]" if isinstance(inner, dict) and inner else "dict[str, Any]"
        case kind:
            return {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}.get(str(kind), "Any")


def _optional(name: str, schema: Json, needed: bool, *, sent: bool = False) -> str:
    kind = _type(schema, sent=sent)
    if needed:
        return f"{_python(name)}: {kind}"
    return f"{_python(name)}: {kind if kind.endswith('| None') else f'{kind} | None'} = None"


def _python(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.replace("TopUp", "Topup")).lower()


def _docstring(text: str, indent: int) -> list[str]:
    space = " " * indent
    lines = textwrap.wrap(text.replace("\\", "\\\\"), WIDTH - indent - 6) or [""]
    if len(lines) == 1:
        return [f'{space}"""{lines[0]}"""']
    return [f'{space}"""{lines[0]}', *(f"{space}{one}" for one in lines[1:]), f'{space}"""']


def _formatted(text: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "format", "--stdin-filename", "src/bursar/client/x.py", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout  # noqa: S603


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
