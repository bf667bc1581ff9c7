"""Printing: a template of this folder, filled with a document.

Values go in as one JSON text, which the template reads as data: whatever somebody is called, no sign of it is markup. The day is
an argument, fonts come with typst, and nothing is fetched, so that the same document is the same file. PDF/UA-1: a reader
for the blind finds headings, tables and their headers.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bursar.errors import InvalidInput, Unavailable

FOLDER = Path(__file__).parent
TEMPLATES = tuple(sorted(one.stem for one in FOLDER.glob("*.typ")))
MAX_CHARS = 500_000
"""Of the document as JSON: some hundred pages."""


def printed(template: str, document: dict[str, Any], day: date) -> bytes:
    """The PDF of a document that is of this day. Raises Unavailable without typst, InvalidInput."""
    if find_spec("typst") is None:
        raise Unavailable("printing needs typst", "install Bursar as `bursar[console]`")
    import typst

    if template not in TEMPLATES:
        raise InvalidInput("template", repr(template[:80]), f"one of {', '.join(TEMPLATES)}")
    text = json.dumps(_plain(document), ensure_ascii=False)
    if len(text) > MAX_CHARS:
        raise InvalidInput("document", f"{len(text)} characters", f"at most {MAX_CHARS}")
    source = (FOLDER / f"{template}.typ").read_bytes()

    def made(*, embedded_only: bool, standards: typst.PDFStandards) -> bytes:
        return typst.compile(
            source,
            format="pdf",
            sys_inputs={"document": text},
            ignore_system_fonts=embedded_only,
            pdf_standards=standards,
            timestamp=datetime.combine(day, time(), UTC),
        )

    # Where a name has signs that the embedded fonts lack, those of the machine help out; where none has them, they are
    # left blank rather than the whole document refused.
    try:
        return made(embedded_only=True, standards="ua-1")
    except typst.TypstError:
        pass
    try:
        return made(embedded_only=False, standards="ua-1")
    except typst.TypstError:
        pass
    try:
        return made(embedded_only=False, standards=[])
    except typst.TypstError as error:
        raise InvalidInput("document", str(error)[:300], "what can be printed") from error


def _plain(value: Any) -> Any:
    """The same without control characters, which no font has."""
    match value:
        case str():
            return "".join(one if one.isprintable() or one == "\n" else " " for one in value)
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
