"""Lines of a stream of bytes, one at a time: however long a line is, no more than the limit of it is held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bursar.exchange.local_usage.values import MAX_LINE_BYTES


def lines(chunks: Iterable[bytes], limit: int = MAX_LINE_BYTES) -> Iterator[tuple[int, bytes | None]]:
    """Numbered from 1, without their ends; None for a line of more than `limit` bytes. A last line needs no end."""
    number, held, size = 1, list[bytes](), 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        for nth, part in enumerate((first, *others)):
            if nth:
                yield number, b"".join(held).rstrip(b"\r") if size <= limit else None
                number, held, size = number + 1, [], 0
            size += len(part)
            if size <= limit:
                held.append(part)
            else:
                held.clear()
    if size:
        yield number, b"".join(held).rstrip(b"\r") if size <= limit else None
