"""Plans to start from: the example plans, without their calendars."""

from __future__ import annotations

from importlib.resources import files

from bursar.errors import NotFound

_FOLDER = files("bursar.plans") / "templates"
_ENDING = ".yaml"


def names() -> tuple[str, ...]:
    """Every template, in alphabetical order."""
    return tuple(sorted(one.name.removesuffix(_ENDING) for one in _FOLDER.iterdir() if one.name.endswith(_ENDING)))


def text(name: str) -> str:
    """The document of a template. Raises `NotFound`."""
    if name not in names():
        raise NotFound(f"there is no template {name[:80]!r}", f"There are {', '.join(names())}.")
    return (_FOLDER / f"{name}{_ENDING}").read_text(encoding="utf-8")
