"""The `bursar` command: its groups, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import islice
from typing import Annotated

import typer

from bursar import __version__
from bursar.cli.render import errors
from bursar.errors import BursarError

_OPTION, _ORGANISATION = "--organisation", "BURSAR_ORGANISATION"
_GROUPS: dict[str, tuple[str, str, str]] = {
    "person": ("people", "app", "People of the roster."),
    "import": ("imports", "app", "What other systems know, brought in from a file."),
    "account": ("accounts", "app", "Who signs in, and what they may."),
    "plan": ("plans", "app", "The terms of a promise, as code."),
    "offer": ("offers", "app", "What a token package is really worth, to whom it is offered."),
    "calendar": ("calendar", "app", "What falls due, done once and in order."),
    "grant": ("grants", "app", "What was promised to whom."),
    "topup": ("topups", "app", "Asking for more."),
    "pool": ("topups", "pool_app", "What a team shares."),
    "consent": ("topups", "consent_app", "Paying beyond the limit from one's pay."),
    "seat": ("seats", "app", "Subscriptions that are paid from people's allotments."),
    "usage": ("usage", "app", "Where it went, and what no gateway sees. Example: bursar usage --by person"),
    "study": ("study", "app", "What a house asks about itself, in aggregates."),
    "key": ("keys", "app", "Access keys, shown once."),
    "provider": ("providers", "app", "Where requests are relayed to."),
    "organisation": ("organisations", "app", "Several organisations in one installation on PostgreSQL."),
    "setting": ("settings", "app", "What the organisation has opened."),
    "notify": ("notify", "app", "What people are told, and whether it reached them."),
    "price": ("prices", "app", "The price book: list, contract and own rates."),
    "books": ("books", "app", "Closing months, and the chart of accounts."),
    "report": ("report", "app", "The house in figures: exposure, forecast, fairness, pay, prices, the close."),
    "export": ("exports", "app", "What leaves the house as a file: FOCUS, journal, payroll, OCF."),
    "suspense": ("reconcile", "app", "Use on a provider's bill that nobody is known to have made."),
    "tax": ("tax", "app", "What use counts for as pay, by rules with their sources. Never advice."),
    "ledger": ("reports", "ledger_app", "The journal and its proof."),
    "db": ("db", "app", "The database: where it stands, brought up to date, copied to another engine."),
}
"""By name: the module, its group, and what it is for."""
_COMMANDS: dict[str, str] = {
    "init": "running",
    "demo": "running",
    "serve": "running",
    "console": "console",
    "top": "running",
    "balance": "reports",
    "statement": "reports",
    "total-pay": "total_pay",
    "exposure": "reports",
    "reconcile": "reconcile",
    "doctor": "reports",
}
"""Commands without a group: their module."""


def command_line(first: str = "") -> typer.Typer:
    """The command line with all that it has, or, to start at once, with the one group or command that was asked for."""
    app = typer.Typer(
        name="bursar",
        help="AI tokens as the fourth pillar of pay: promise compute, meter it, show what it is worth.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_for_all)
    known = {*_GROUPS, *_COMMANDS, "version"}
    wanted = {first} if first in known else known
    for name in _COMMANDS:
        if name in wanted:
            app.command(name)(getattr(import_module(f"bursar.cli.{_COMMANDS[name]}"), name.replace("-", "_")))
    for name, (module, group, purpose) in _GROUPS.items():
        if name in wanted:
            app.add_typer(getattr(import_module(f"bursar.cli.{module}"), group), name=name, help=purpose)
    if "version" in wanted:
        app.command()(version)
    return app


def _for_all(
    organisation: Annotated[
        str,
        typer.Option(metavar="NAME", help="Whose books, where one installation keeps several; or BURSAR_ORGANISATION."),
    ] = "",
) -> None:
    if organisation:
        os.environ[_ORGANISATION] = organisation


def version() -> None:
    """Print the version. Example: bursar version"""
    typer.echo(f"bursar {__version__}")


def main() -> None:
    """Run the command line; every expected failure is one sentence and a documented exit code."""
    try:
        asked, rest = _organisation_first(sys.argv[1:])
        command_line(next(iter(rest), ""))([*asked, *rest])
    except BursarError as error:
        _fail(error.sentence, error.hint, error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except Exception as error:
        from bursar.ledger import StoreUnavailable  # only who failed waits for it

        if not isinstance(error, StoreUnavailable):
            raise
        hint = "is another process holding the database, or is the disk full?"
        _fail(f"the ledger is not available: {error}", hint, 6)


def _organisation_first(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The option that every command takes, wherever it was put, and the other words."""
    asked: list[str] = []
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            rest += [word, *left]
        elif word == _OPTION:
            asked += [word, *islice(left, 1)]
        elif word.startswith(f"{_OPTION}="):
            asked.append(word)
        else:
            rest.append(word)
    return asked, rest


def _fail(sentence: str, hint: str, code: int) -> None:
    errors.print(f"bursar: {sentence}", style="red", markup=False)
    if hint:
        errors.print(f"        {hint}", markup=False)
    sys.exit(code)
