"""A provider's bill as CSV: rows of usage, of cost, or of both; the consoles' exports and whatever has such columns.

Every line is a row by itself, so a stray quote costs one row and not the rest of the file. A row that stands for many
requests is priced at the first band of a model's rates, since a sum says nothing about the length of each request;
where the export tells long contexts apart it is priced at the band of those.

Cached tokens stand within the input (`cached_input_tokens`, OpenAI) or beside it (`cache_read_input_tokens`,
Anthropic): the column's name says which. A row with a cost and no tokens is worth what it says, at list price if the
export has that too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence

from bursar.errors import InvalidInput
from bursar.exchange.local_usage import columns
from bursar.exchange.local_usage.fields import count, dollars, identity, moment, named
from bursar.exchange.local_usage.values import MAX_ROW_BYTES, MAX_TOTAL_TOKENS, Band, Nothing, Sighting, UsageEvent
from bursar.prices import Usage

SOURCE = "csv"
DELIMITERS = ",;\t|"
MAX_COLUMNS = 200
_WHOLE = re.compile(r"(\d+)(?:\.0+)?", re.ASCII)
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_NO_TIER = frozenset({"message", "not_available"})
_TRUE = frozenset({"true", "1", "yes"})


class Bill:
    """One file, read from its header."""

    def __init__(self, file: str, renamed: Mapping[str, str] | None = None) -> None:
        """`renamed` says what columns mean that have names of their own: `{"Datum": "date"}`."""
        self._file = file
        self._renamed = renamed or {}
        self._delimiter = ""
        self._columns: dict[str, tuple[int, ...]] = {}
        self._exporter = ""
        self._wrong = False
        self._repeats: dict[bytes, int] = {}

    @property
    def opened(self) -> bool:
        """Was there a header?"""
        return bool(self._delimiter)

    def read(self, number: int, line: bytes | None) -> list[Sighting] | Nothing:
        """The event of a row; a line of None was too long. Raises InvalidInput."""
        if line is None:
            raise InvalidInput("row", f"longer than {MAX_ROW_BYTES // 1024} KiB", "a shorter row")
        try:
            text = line.decode("utf-8-sig" if not self._delimiter else "utf-8")
        except UnicodeDecodeError:
            raise InvalidInput("row", "other bytes", "text in UTF-8") from None
        if not text.strip() or self._wrong:
            return []
        if not self._delimiter:
            self._open(text)
            return []
        return self._row(_Row(self._columns, self._cells(text), self._delimiter))

    def _open(self, text: str) -> None:
        self._delimiter = max(DELIMITERS, key=text.count)
        header = self._cells(text)[:MAX_COLUMNS]
        if self._renamed:
            header = columns.renamed(header, self._renamed)
        self._columns = columns.places(header)
        self._exporter = columns.exporter(header)
        valued = any(one in self._columns for one in columns.TOKENS) or "cost" in self._columns
        # A bucket of OpenAI's without any use has its times and nothing else.
        self._wrong = not ("time" in self._columns and (valued or {columns.plain(one) for one in header} <= _EMPTY))
        if self._wrong:
            raise InvalidInput(
                "header", "other columns", "a date, and tokens or a cost", "see docs/how-to/see-my-own-usage.md"
            )

    def _cells(self, text: str) -> list[str]:
        try:
            return next(csv.reader([text], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            raise InvalidInput("row", "a quote that does not end", "a whole row") from None

    def _row(self, row: _Row) -> list[Sighting] | Nothing:
        usage = _usage(row)
        stated = row.dollars("cost")
        at_list = row.dollars("list price")
        if usage == Usage() and not stated and not at_list:
            return Nothing.UNBILLED
        currency = row.text("currency").lower()
        if (stated or at_list) and currency not in ("", "usd"):
            raise InvalidInput("currency", "another", "usd")
        requests = row.count("requests") if row.has("requests") else int(row.has("id"))
        name = row.text("id")
        event = UsageEvent(
            at_micros=moment(row.text("time"), "time"),
            source=SOURCE,
            model=_model(row),
            provider=named(row.text("provider")).lower() or self._exporter,
            usage=usage,
            list_nanos=at_list,
            stated_nanos=stated,
            service_tier=_tier(row),
            session=named(row.text("session")),
            project=named(row.text("project")),
            requests=requests,
            key=named(row.text("key")),
        )
        band = Band.LONG if ">" in row.text("window") else Band.OWN if requests == 1 else Band.FIRST
        return [Sighting(identity(SOURCE, name) if name else self._nth(row.cells), event, band=band)]

    def _nth(self, cells: Sequence[str]) -> bytes:
        """Equal rows of one file are different usage; those of another file are the same again, one for one."""
        row = identity(*(cell.strip() for cell in cells))
        self._repeats[row] = self._repeats.get(row, 0) + 1
        return identity(SOURCE, row, self._repeats[row])


_EMPTY = frozenset({"start_time", "end_time", "start_time_iso", "end_time_iso"})


class _Row:
    """Cells by their meaning."""

    __slots__ = ("_columns", "_grouped", "cells")

    def __init__(self, places: dict[str, tuple[int, ...]], cells: Sequence[str], delimiter: str) -> None:
        self._columns, self.cells = places, cells
        # Where a semicolon parts the cells, a comma is a decimal point as likely as not.
        self._grouped = delimiter != ";"

    def has(self, meaning: str) -> bool:
        return bool(self.text(meaning))

    def text(self, meaning: str) -> str:
        for column in self._columns.get(meaning, ()):
            if column < len(self.cells) and self.cells[column].strip():
                return self.cells[column].strip()
        return ""

    def count(self, meaning: str) -> int:
        text = self._number(meaning)
        if not text:
            return 0
        whole = _WHOLE.fullmatch(text)
        if whole is None or len(text) > 40:
            raise InvalidInput(meaning, "a text", "a whole number")
        return count(int(whole[1]), meaning, MAX_TOTAL_TOKENS)

    def dollars(self, meaning: str) -> int | None:
        text = self._number(meaning).removeprefix("$")
        return dollars(text, meaning) if text else None

    def _number(self, meaning: str) -> str:
        text = self.text(meaning)
        if self._grouped and _GROUPED.fullmatch(text.removeprefix("$")):
            return text.replace(",", "")
        return text


def _usage(row: _Row) -> Usage:
    """Every token in one field. Raises InvalidInput where parts are more than their whole."""
    cached, written = row.count("cached within"), row.count("written within")
    audio, cached_audio = row.count("audio"), row.count("cached audio")
    image, cached_image = row.count("image"), row.count("cached image")
    if row.has("fresh") and not row.has("input"):
        fresh = row.count("fresh")
    else:
        fresh = _rest("input", row.count("input"), cached, written, audio, image)
    reasoning = row.count("reasoning")
    output_audio, output_image = row.count("output audio"), row.count("output image")
    return Usage(
        input=fresh,
        cache_read=_rest("cached within", cached, cached_audio, cached_image) + row.count("cached beside"),
        cache_write_5m=written + row.count("written beside"),
        cache_write_1h=row.count("written for an hour"),
        input_audio=audio,
        input_image=image,
        cache_read_audio=cached_audio,
        cache_read_image=cached_image,
        output=_rest("output", row.count("output"), reasoning, output_audio, output_image),
        reasoning=reasoning,
        output_audio=output_audio,
        output_image=output_image,
        web_searches=row.count("searches"),
    )


def _rest(meaning: str, whole: int, *parts: int) -> int:
    left = whole - sum(parts)
    if left < 0:
        raise InvalidInput(meaning, "less than its parts", "the sum of them or more")
    return left


def _model(row: _Row) -> str:
    """The model's id; the cost export of Anthropic has names to read (Claude Haiku 4.5), OpenAI's has line items."""
    name = row.text("model") or row.text("item").split(",")[0]
    if name.startswith("Claude "):
        name = re.sub(r"[ .]+", "-", name.lower())
    return named(name)


def _tier(row: _Row) -> str:
    if row.text("speed").lower() == "fast":
        return "speed:fast"
    if row.text("batch").lower() in _TRUE:
        return "batch"
    tier = named(row.text("tier")).lower()
    return "" if tier in _NO_TIER else tier
