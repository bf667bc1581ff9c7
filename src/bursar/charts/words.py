"""Words on a chart: what may stand in XML, how wide it is, where it is cut, and ids made of keys.

The server knows no font, so widths are those of Arial and its kin with a margin for wider faces; a label that fits here fits
in a browser. `tests/acceptance/test_charts_browser.py` measures that in a real one.
"""

from __future__ import annotations

import re
from html import escape
from unicodedata import category, combining, east_asian_width
from zlib import crc32

SIZES = {"": 12.0, "bc-big": 34.0, "bc-mid": 17.0}
"""Height of text in px, by the class that `charts.css` gives it to."""

ELLIPSIS = "…"
_MARGIN = 1.09
_BOLD = 1.07
_SLACK = 0.01
"""Room that was measured for a text fits it, whatever floats make of adding and taking away."""
_BY_WIDTH = {
    0.24: "ijl'|",
    0.31: " !,./:;[]\\ftI",
    0.37: '()-`r{}"*',
    0.48: "^",
    0.52: "ckszJvxy",
    0.56: "abdeghnopquL_$#?0123456789",
    0.59: "+<=>~F",
    0.63: "TZ",
    0.68: "ABEKPSVXY&",
    0.74: "CDHNRUw",
    0.79: "GOQ",
    0.86: "mM",
    0.91: "%",
    0.97: "W",
    1.03: "@" + ELLIPSIS,
}
_WIDTHS = {letter: width for width, letters in _BY_WIDTH.items() for letter in letters}
_WIDTHS |= {"–": 0.58, "—": 1.02, "−": 0.6, "·": 0.34, "→": 1.02, "\u00a0": 0.31, "\u202f": 0.31, "×": 0.6, "±": 0.57}
_ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MINUS = re.compile(r"^-(?=\D{0,4}\d)")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def plain(text: str) -> str:
    """One line of what XML 1.0 allows: runs of white space become one space, what is illegal a replacement character."""
    return " ".join(_ILLEGAL.sub("\ufffd", text).split())


def typeset(written: str) -> str:
    """A value as a picture shows it: with a true minus. Tables keep the hyphen, which spreadsheets read."""
    return _MINUS.sub("−", plain(written))


def safe(text: str) -> str:
    """`text` as the content of an element or of a quoted attribute."""
    return escape(plain(text))


def identifier(key: str) -> str:
    """A part of an id made of a key: the same for the same key, another for any other."""
    made = _UNSAFE.sub("-", key)
    return made if made == key else f"{made[:40]}-{crc32(key.encode('utf-8', 'surrogatepass')):08x}"


def width_of(text: str, size: float = SIZES[""], *, bold: bool = False) -> float:
    """About how wide `text` is at most, in px."""
    return sum(_letter(one) for one in text) * size * _MARGIN * (_BOLD if bold else 1.0)


def _letter(one: str) -> float:
    known = _WIDTHS.get(one)
    if known is not None:
        return known
    if combining(one) or category(one) in ("Mn", "Me", "Cf"):
        return 0.0
    if ord(one) >= 0x1F000:
        return 1.4
    return 1.02 if east_asian_width(one) in ("W", "F") else 0.74 if one.isupper() else 0.68


def cut(text: str, room: float, size: float = SIZES[""], *, bold: bool = False) -> str:
    """`text` if it fits into `room` px, else as much of it as fits with an ellipsis; nothing where not even that fits."""
    if width_of(text, size, bold=bold) <= room + _SLACK:
        return text
    left = room - width_of(ELLIPSIS, size, bold=bold)
    end = 0
    for one in text:
        left -= width_of(one, size, bold=bold)
        if left < 0:
            break
        end += 1
    kept = text[:end].rstrip(" ,;:-–·(")
    return kept + ELLIPSIS if kept else ""


def wrapped(text: str, room: float, lines: int, size: float = SIZES[""], *, bold: bool = False) -> list[str]:
    """`text` in at most `lines` lines of `room` px, broken between words; the last one is cut."""
    found: list[str] = []
    rest = text.split(" ")
    while rest and len(found) < lines - 1:
        line = rest.pop(0)
        while rest and width_of(f"{line} {rest[0]}", size, bold=bold) <= room:
            line = f"{line} {rest.pop(0)}"
        found.append(cut(line, room, size, bold=bold))
    if rest:
        found.append(cut(" ".join(rest), room, size, bold=bold))
    return [line for line in found if line]
