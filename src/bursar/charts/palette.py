"""The colours, light and dark: what `charts.css` calls `var(--bc-...)`.

Six series colours, each 3:1 or more against the page and a card of its theme, and 10 or more apart (OKLab distance x 100) for
normal sight and for people without red, green or blue cones (simulated after Machado, Oliveira and Fernandes 2009). Text is
4.5:1 or more. Tests compute all of that from this table. A page may set any of the properties anew.
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "page": "#faf9f7",
    "ink": "#16191d",
    "quiet": "#5b636d",
    "rule": "#e4e3df",
    "axis": "#8a9099",
    "zone": "#d9dbde",
    "level": "#253345",
    "1": "#075a4d",
    "2": "#d27642",
    "3": "#3a6fde",
    "4": "#af469e",
    "5": "#7d6400",
    "6": "#253345",
    "on-1": "#ffffff",
    "on-2": "#0f1215",
    "on-3": "#ffffff",
    "on-4": "#ffffff",
    "on-5": "#ffffff",
    "on-6": "#ffffff",
    "tint-1": "#bfd9d3",
    "tint-2": "#cfe2dd",
    "tint-3": "#dceae6",
    "tint-4": "#e8f1ee",
}

DARK: Mapping[str, str] = {
    "paper": "#1a1d21",
    "page": "#131518",
    "ink": "#eceef0",
    "quiet": "#a4acb5",
    "rule": "#2e3339",
    "axis": "#7d858f",
    "zone": "#3a4047",
    "level": "#a9b7ca",
    "1": "#83d2bf",
    "2": "#e77837",
    "3": "#7e90fa",
    "4": "#b67d9c",
    "5": "#f1c454",
    "6": "#e4eefd",
    "on-1": "#0f1215",
    "on-2": "#0f1215",
    "on-3": "#0f1215",
    "on-4": "#0f1215",
    "on-5": "#0f1215",
    "on-6": "#0f1215",
    "tint-1": "#2b5a51",
    "tint-2": "#274a44",
    "tint-3": "#243d39",
    "tint-4": "#213230",
}

CONTRAST: Mapping[str, str] = {
    "paper": "Canvas",
    "page": "Canvas",
    "ink": "CanvasText",
    "quiet": "CanvasText",
    "rule": "GrayText",
    "axis": "CanvasText",
    "zone": "GrayText",
    "level": "CanvasText",
    **{str(number): "CanvasText" for number in range(1, 7)},
    **{f"on-{number}": "Canvas" for number in range(1, 7)},
    **{f"tint-{number}": "Canvas" for number in range(1, 5)},
}
"""The system's own colours where it enforces them; there patterns, positions and words tell things apart."""
