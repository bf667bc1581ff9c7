"""The same figures as a table, for who cannot see a picture and for who wants to copy them."""

from __future__ import annotations

from collections.abc import Sequence

from bursar.charts.words import safe

Rows = Sequence[Sequence[str]]


def tabulated(
    caption: str, columns: Sequence[str], rows: Rows, *, notes: Sequence[str] = (), words: bool = False
) -> str:
    """An HTML table whose first column names the row; `words` if the others hold sentences instead of figures.

    It scrolls within its own region where it is wider than the page; the keyboard reaches that region.
    """
    kind = ' class="bc-words"' if words else ""
    head = "".join(f'<th scope="col">{safe(one)}</th>' for one in columns)
    body = "\n".join(
        f'<tr><th scope="row">{safe(row[0])}</th>{"".join(f"<td{kind}>{safe(one)}</td>" for one in row[1:])}</tr>'
        for row in rows
    )
    more = "".join(f'<span class="bc-aside">{safe(note)}</span>' for note in notes)
    return (
        f'<div class="bc-scroll" tabindex="0" role="region" aria-label="{safe(caption)}">'
        f'<table class="bc-table"><caption>{safe(caption)}{more}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
