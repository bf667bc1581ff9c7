"""`bursar offer new`: the interview in the terminal."""

from __future__ import annotations

import re
from typing import Any

import typer
from rich.markup import escape

from bursar.cli.render import console
from bursar.errors import InvalidInput
from bursar.offers.interview import ASKS, Ask, answered, applies, start, written

MAX_TRIES = 20
"""Of one question; whoever pipes in garbage is let go."""


def asked() -> str:
    """Ask everything and return the document. Raises `InvalidInput` after too many answers that cannot be read."""
    console.print("Press Enter where you don't know: what is missing becomes a question to ask.\n", style="dim")
    document = start()
    for ask in ASKS:
        if applies(ask, document):
            document = _one(ask, document)
            if ask.path == "title":
                document["name"] = _name(document.get("title", "offer"))
    return written(document)


def _one(ask: Ask, document: dict[str, Any]) -> dict[str, Any]:
    console.print(f"[bold]{escape(ask.question)}[/bold]" + (f"  [dim]{escape(ask.help)}[/dim]" if ask.help else ""))
    for number, choice in enumerate(ask.choices, start=1):
        console.print(f"  [dim]{number}[/dim] {escape(choice.says)}")
    for _ in range(MAX_TRIES):
        answer = typer.prompt("  ", default=ask.default, show_default=bool(ask.default), prompt_suffix="> ")
        try:
            return answered(document, ask, str(answer))
        except InvalidInput as error:
            console.print(f"  expected {error.expected}", style="yellow", markup=False)
    raise InvalidInput(
        ask.question, f"{MAX_TRIES} answers that cannot be read", "an answer, or Enter for `I don't know`"
    )


def _name(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "offer"
