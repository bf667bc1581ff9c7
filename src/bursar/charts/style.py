"""The stylesheet of all charts: the palette as custom properties, then `charts.css`.

Light unless the reader's system is dark; `data-theme="light"` or `"dark"` on any element decides for what is in it. Paper is
always light. Where the system enforces its own colours, they are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bursar.charts.palette import CONTRAST, DARK, LIGHT


@cache
def stylesheet() -> str:
    """The text of the one stylesheet that charts and their tables need, for a `style` element or a file."""
    rules = files("bursar.charts").joinpath("charts.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            _block(":root", LIGHT, "light dark"),
            "@media (prefers-color-scheme: dark) {",
            _block(":root", DARK),
            "}",
            _block('[data-theme="light"]', LIGHT, "light"),
            _block('[data-theme="dark"]', DARK, "dark"),
            "@media print {",
            _block(":root, [data-theme]", LIGHT, "light"),
            "}",
            "@media (forced-colors: active) {",
            _block(":root, [data-theme]", CONTRAST),
            "}",
            rules,
        ]
    )


def _block(selector: str, colours: Mapping[str, str], scheme: str = "") -> str:
    lines = [f"  --bc-{name}: {value};" for name, value in colours.items()]
    if scheme:
        lines.insert(0, f"  color-scheme: {scheme};")
    return "\n".join([f"{selector} {{", *lines, "}"])
