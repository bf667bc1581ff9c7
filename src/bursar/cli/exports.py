"""`bursar export ...`: what leaves the house as a file: FOCUS, the journal, payroll, the Open Cap Format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bursar.cli.files import Force, Out, draft, pour, write
from bursar.cli.options import At, Json, desk
from bursar.cli.render import Column, console, money, show_json, show_pairs, show_table
from bursar.errors import InvalidInput
from bursar.exchange import journal as journal_files
from bursar.exchange.journal import Journal
from bursar.exchange.sheets import csv_pieces
from bursar.office import months
from bursar.office.books import focus_export, journals, payroll, payroll_sheet
from bursar.office.books.focus_export import Wanted
from bursar.office.database import reading
from bursar.office.desk import Desk

app = typer.Typer(no_args_is_help=True)

Month = Annotated[str, typer.Option("--month", metavar="MONTH", help="2026-10; without it, the month before this one.")]
First = Annotated[str, typer.Option("--from", metavar="MONTH", help="The first month of several.")]
Last = Annotated[str, typer.Option("--to", metavar="MONTH", help="The last one, included.")]


@app.command("focus")
def focus(
    month: Month = "",
    first: First = "",
    last: Last = "",
    version: Annotated[str, typer.Option("--focus", help="Version of the specification: 1.0 or 1.2.")] = "1.0",
    provider: Annotated[str, typer.Option(help="Only what this provider charged.")] = "",
    purpose: Annotated[str, typer.Option(help="Only this purpose: work or personal.")] = "",
    cost_centre: Annotated[str | None, typer.Option(help="Only people of this cost centre.")] = None,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Write Parquet, as for a file that is called so; needs --out.")
    ] = False,
    at: At = "",
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Every charge as FOCUS. Example: bursar export focus --month 2026-10 -o focus.csv"""
    _refuse(json=json, out=out)
    parquet = parquet or (out is not None and out.suffix == ".parquet")
    if parquet and out is None:
        raise InvalidInput("parquet", "no --out", "a file to write it to")
    with desk() as office:
        names = _months(office, month, first, last)
        wanted = Wanted(*names, _instant(office, at), version, provider, purpose, cost_centre)
        with reading(office.engine) as connection:
            periods = focus_export.periods(connection, office.store.read, wanted)
        if parquet and out is not None:
            with draft(out, force=force) as made:
                rows = focus_export.write_parquet(made, periods, office.store.read, wanted)
            _tell(out, json, {"rows": rows, "from": names[0], "to": names[1], "focus": version})
            return
        _written(focus_export.csv_pieces(periods, office.store.read, wanted), out, force, json, names, focus=version)


@app.command("journal")
def journal(
    month: Month = "",
    first: First = "",
    last: Last = "",
    kind: Annotated[
        str, typer.Option("--format", help="table, beancount or csv; without it, a table, and beancount with --out.")
    ] = "",
    at: At = "",
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Months as balanced entries for the general ledger. Example: bursar export journal --month 2026-10 -o oct.beancount"""
    shown = kind or ("beancount" if out is not None else "table")
    if shown not in ("table", "beancount", "csv"):
        raise InvalidInput("format", repr(shown), "one of table, beancount, csv")
    if shown == "table" and out is not None:
        raise InvalidInput("format", "table", "beancount or csv, for a file")
    with desk() as office:
        names = _months(office, month, first, last)
        found = journals.journals(office, *names, _instant(office, at))
    if json and out is None:
        show_json([journal_files.json_document(one) for one in found])
    elif shown == "table":
        for one in found:
            _show(one)
    else:
        _written(_journal_pieces(found, shown), out, force, json, names, format=shown)


@app.command("payroll")
def payroll_(
    month: Month = "",
    first: First = "",
    last: Last = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="THEIRS=OURS", help="A column to take under a title of theirs; may be repeated."
        ),
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Everybody who used anything, not only what is due.")
    ] = False,
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """What a payroll run takes over. Example: bursar export payroll --month 2026-10 --column "Employee ID=person" """
    columns = payroll_sheet.mapped(column or [])
    with desk() as office:
        names = _months(office, month, first, last)
        every = months.months_between(*names)
        found = [payroll.payroll(office, name).value for name in every]
    titles = [title for _, title in columns]
    rows = list(payroll_sheet.rows(found, columns, everybody=everybody))
    if json and out is None:
        show_json(
            [
                {title: None if cell is None else str(cell) for title, cell in zip(titles, row, strict=True)}
                for row in rows
            ]
        )
        return
    _written((piece.encode() for piece in csv_pieces(titles, rows)), out, force, json, names, rows=len(rows))


@app.command("ocf")
def ocf(
    plan: Annotated[str, typer.Argument(help="A plan in force that vests.")],
    transactions: Annotated[
        bool, typer.Option("--transactions", help="The starts, events and accelerations of its grants, not its terms.")
    ] = False,
    out: Out = None,
    force: Force = False,
) -> None:
    """A plan's vesting as Open Cap Format. Example: bursar export ocf vesting-grant -o VestingTerms.ocf.json"""
    from bursar.exchange import ocf as format_
    from bursar.office.terms import plans, vesting_export

    with desk() as office:
        if transactions:
            text = vesting_export.transactions_file(office, plan)
        else:
            with reading(office.engine) as connection:
                found = plans.in_force(connection, plan, office.now())
            text = format_.write_terms_file([vesting_export.terms_of(found.plan)])
    if out is None:
        pour([text.encode(), b"\n"])
    else:
        write(out, [text.encode()], force=force)
        console.print(f"Wrote {out}.", markup=False)


def _months(office: Desk, month: str, first: str, last: str) -> tuple[str, str]:
    """The first and the last month that are asked for."""
    if month and (first or last):
        raise InvalidInput("month", f"{month!r} beside --from or --to", "one month, or a first and a last one")
    before = months.following(months.month_of(office.now()), -1)
    if not first and not last:
        name = months.checked(month or before)
        return name, name
    names = months.checked(first or last, "from"), months.checked(last or max(before, first), "to")
    if names[0] > names[1]:
        raise InvalidInput("from", names[0], f"a month not after {names[1]}")
    return names


def _instant(office: Desk, at: str) -> int:
    """As of when; 0 for now."""
    return office.instant(at, field="at") if at else 0


def _refuse(*, json: bool, out: Path | None) -> None:
    if json and out is None:
        raise InvalidInput("json", "no --out", "a file to write to: --json tells what was written")


def _written(
    pieces: Iterator[bytes], out: Path | None, force: bool, json: bool, names: tuple[str, str], **told: Any
) -> None:
    if out is None:
        pour(pieces)
        return
    size = write(out, pieces, force=force)
    _tell(out, json, {"bytes": size, "from": names[0], "to": names[1], **told})


def _tell(out: Path, json: bool, told: dict[str, Any]) -> None:
    if json:
        show_json({"file": str(out), **told})
    else:
        console.print(f"Wrote {out}.", markup=False)


def _journal_pieces(found: list[Journal], kind: str) -> Iterator[bytes]:
    if kind == "beancount":
        yield journal_files.beancount_text(found, f"Bursar {found[0].month} to {found[-1].month}").encode()
        return
    for piece in csv_pieces(journal_files.COLUMNS, journal_files.csv_rows(found)):
        yield piece.encode()


def _show(found: Journal) -> None:
    state = "closed" if found.closed else "a preview: it moves until the month is closed"
    console.print(f"{months.title(found.month)}, {state}", style="bold", markup=False)
    show_table(
        (Column("code"), Column("account"), Column("debit", number=True), Column("credit", number=True)),
        [
            (account.code, account.title, money(debit) if debit else "", money(credit) if credit else "")
            for account, debit, credit in found.totals()
        ],
        empty="Nothing is to be booked.",
    )
    memo = found.memo
    show_pairs(
        [
            ("work", money(memo.work)),
            ("personal", money(memo.personal)),
            *([("other", money(memo.other))] if memo.other else []),
            ("prepaid at the end", money(memo.prepaid_closing)),
            ("accrued", money(memo.accrued)),
            (
                "promised, unused, to disclose (at list)",
                money(memo.disclosed) if found.closed or memo.disclosed else "counted when the month is closed",
            ),
        ]
    )
