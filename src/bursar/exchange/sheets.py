"""Tables as CSV for spreadsheets: exact figures, and no cell that a spreadsheet would run.

RFC 4180 with CRLF. A text that begins like a formula (`=`, `+`, `-`, `@`, a tab, a line's end) gets an apostrophe in
front, as OWASP advises; numbers are numbers, negative ones too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

Cell = str | int | Decimal | None
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
NANO_DECIMALS = 9
PIECE_CHARS = 100_000


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A whole sheet, its head first."""
    return "".join(csv_pieces(columns, rows))


def csv_pieces(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """A sheet piece by piece, its head first: however long it is, little of it is in memory."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([harmless(one) for one in columns])
    for row in rows:
        writer.writerow([_written(one) for one in row])
        if out.tell() >= PIECE_CHARS:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def harmless(text: str) -> str:
    """A text that stays a text wherever it is opened."""
    return f"'{text}" if text.startswith(RISKY) else text


def number(nanos: int) -> Decimal:
    """An amount of nano-units as a number of its unit, exact."""
    return Decimal(nanos).scaleb(-NANO_DECIMALS)


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return str(cell) if isinstance(cell, int) else harmless(cell)
