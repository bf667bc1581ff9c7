"""A table as a file to download."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from starlette.responses import Response, StreamingResponse

from bursar.exchange.sheets import Cell, csv_text


def download(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """CSV under a file name, which is ours and plain."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(csv_text(columns, rows), media_type="text/csv; charset=utf-8", headers=headers)


def streamed(name: str, media: str, pieces: Iterator[bytes]) -> Response:
    """A file of any length, drawn while it travels; its name is ours and plain."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=media, headers=headers)
