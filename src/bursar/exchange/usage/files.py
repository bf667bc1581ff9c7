"""Usage written down: CSV and JSON lines as pieces of bytes, Parquet into a file (needs the extra `parquet`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from bursar.exchange.parquet import pyarrow
from bursar.exchange.sheets import harmless
from bursar.exchange.usage.columns import KINDS, Batch, House, columns_of

_MICROS = 1_000_000
Lines = Callable[[Sequence[str], House, Iterable[Batch]], Iterator[bytes]]


def csv_lines(wanted: Sequence[str], house: House, batches: Iterable[Batch]) -> Iterator[bytes]:
    """RFC 4180 with a head; instants as ISO 8601, texts that a spreadsheet would run made harmless. Batches have rows."""
    yield (",".join(wanted) + "\r\n").encode()
    for batch in batches:
        columns = columns_of(batch, house, wanted)
        written = [_cells(name, column) for name, column in zip(wanted, columns, strict=True)]
        lines = written[0] if len(written) == 1 else map(",".join, zip(*written, strict=True))
        yield ("\r\n".join(lines) + "\r\n").encode()


def json_lines(wanted: Sequence[str], house: House, batches: Iterable[Batch]) -> Iterator[bytes]:
    """One JSON object a line; the counts of tokens as an object."""
    kinds = [(name, msgspec.Raw if name == "tokens" else int if KINDS[name] == "number" else str) for name in wanted]
    line = msgspec.defstruct("Line", kinds)
    encoder = msgspec.json.Encoder()
    for batch in batches:
        columns = columns_of(batch, house, wanted)
        written = [_values(name, column) for name, column in zip(wanted, columns, strict=True)]
        yield encoder.encode_lines(list(map(line, *written)))


class ParquetFile:
    """A file that is written batch by batch, a row group for each. Raises Conflict where pyarrow is not installed.

    Amounts are int64 and named so, instants `timestamp[us, UTC]`, labels are kept once each.
    """

    def __init__(self, path: Path, wanted: Sequence[str], house: House) -> None:
        self.arrow, parquet = pyarrow()
        self.wanted, self.house = wanted, house
        types = {
            "instant": self.arrow.timestamp("us", tz="UTC"),
            "number": self.arrow.int64(),
            "text": self.arrow.string(),
            "label": self.arrow.string(),
        }
        self.schema = self.arrow.schema([(name, types[KINDS[name]]) for name in wanted])
        labels = [name for name in wanted if KINDS[name] == "label"]
        self._writer = parquet.ParquetWriter(path, self.schema, compression="zstd", use_dictionary=labels)

    def write(self, batch: Batch) -> None:
        columns = columns_of(batch, self.house, self.wanted)
        arrays = [self.arrow.array(column, one.type) for column, one in zip(columns, self.schema, strict=True)]
        self._writer.write_table(self.arrow.Table.from_arrays(arrays, schema=self.schema))

    def close(self) -> None:
        self._writer.close()


def _cells(name: str, column: Sequence[Any]) -> Iterable[str]:
    match KINDS[name]:
        case "instant":
            return map(_instant, column)
        case "number":
            return map(str, column)
        case "label":
            labels = {one: _label(one) for one in set(column)}
            return [labels[one] for one in column]
    if name == "tokens":  # an object of counts by name: always quoted, never run
        return ['"' + one.replace('"', '""') + '"' for one in column]
    return [one if _PLAIN(one) else _cell(one) for one in column]


def _cell(text: str) -> str:
    text = harmless(text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED(text) else text


_label = lru_cache(maxsize=100_000)(_cell)
"""Labels are few: each is written once."""
_PLAIN = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.:/ -]*)?").fullmatch
_QUOTED = re.compile(r'[",\r\n]').search


def _values(name: str, column: Sequence[Any]) -> Sequence[Any]:
    if KINDS[name] == "instant":
        return [_instant(one) for one in column]
    return [msgspec.Raw(one.encode()) for one in column] if name == "tokens" else column


def _instant(micros: int) -> str:
    """ISO 8601 in UTC to the microsecond; the parts of a text that are the same in many rows are made once."""
    second, rest = divmod(micros, _MICROS)
    day, second = divmod(second, 86_400)
    return f"{_day(day)}{_second(second)}.{rest:06}Z"


@lru_cache(maxsize=4096)
def _day(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%dT")


@lru_cache(maxsize=86_400)
def _second(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
