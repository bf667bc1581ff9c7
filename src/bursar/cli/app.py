"""The `bursar` command: its groups, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys

import typer

from bursar import __version__
from bursar.cli import (
    calendar,
    grants,
    keys,
    notify,
    offers,
    people,
    plans,
    prices,
    providers,
    reports,
    running,
    seats,
    topups,
    usage,
)
from bursar.cli.render import errors
from bursar.errors import BursarError
from bursar.ledger import StoreUnavailable

app = typer.Typer(
    name="bursar",
    help="AI tokens as the fourth pillar of pay: promise compute, meter it, show what it is worth.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
running.register(app)
reports.register(app)
app.add_typer(people.app, name="person", help="People of the roster.")
app.add_typer(plans.app, name="plan", help="The terms of a promise, as code.")
app.add_typer(offers.app, name="offer", help="What a token package is really worth, to whom it is offered.")
app.add_typer(calendar.app, name="calendar", help="What falls due, done once and in order.")
app.add_typer(grants.app, name="grant", help="What was promised to whom.")
app.add_typer(topups.app, name="topup", help="Asking for more.")
app.add_typer(topups.pool_app, name="pool", help="What a team shares.")
app.add_typer(topups.consent_app, name="consent", help="Paying beyond the limit from one's pay.")
app.add_typer(seats.app, name="seat", help="Subscriptions that are paid from people's allotments.")
app.add_typer(
    usage.app, name="usage", help="Where it went, and what no gateway sees. Example: bursar usage --by person"
)
app.add_typer(keys.app, name="key", help="Access keys, shown once.")
app.add_typer(providers.app, name="provider", help="Where requests are relayed to.")
app.add_typer(notify.app, name="notify", help="What people are told, and whether it reached them.")
app.add_typer(prices.app, name="price", help="The price book: list, contract and own rates.")
app.add_typer(reports.ledger_app, name="ledger", help="The journal and its proof.")


@app.command()
def version() -> None:
    """Print the version. Example: bursar version"""
    typer.echo(f"bursar {__version__}")


def main() -> None:
    """Run the command line; every expected failure is one sentence and a documented exit code."""
    try:
        app()
    except BursarError as error:
        _fail(error.sentence, error.hint, error.exit_code)
    except StoreUnavailable as error:
        _fail(
            f"the ledger is not available: {error}", "is another process holding the database, or is the disk full?", 6
        )
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


def _fail(sentence: str, hint: str, code: int) -> None:
    errors.print(f"bursar: {sentence}", style="red", markup=False)
    if hint:
        errors.print(f"        {hint}", markup=False)
    sys.exit(code)
