"""The journal as files: beancount, CSV rows for spreadsheets and importers, and one plain document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from bursar.exchange.journal.entries import Entry, Journal, Line
from bursar.exchange.sheets import Cell, number
from bursar.money import NANO

COLUMNS = (
    "month",
    "date",
    "entry",
    "kind",
    "code",
    "account",
    "account name",
    "cost centre",
    "debit",
    "credit",
    "currency",
    "narration",
    "concerns",
    "provider",
    "purpose",
    "classes",
    "people",
    "requests",
    "list USD",
    "query",
)
_PLAIN = re.compile(r"[^A-Za-z0-9]+")


def csv_rows(journals: Iterable[Journal]) -> Iterator[tuple[Cell, ...]]:
    """A row for each line, as `COLUMNS` names them."""
    for journal in journals:
        for entry in journal.entries:
            for line in entry.lines:
                yield _row(journal, entry, line)


def _row(journal: Journal, entry: Entry, line: Line) -> tuple[Cell, ...]:
    made = line.origin
    return (
        journal.month,
        entry.day.isoformat(),
        entry.id,
        entry.kind,
        line.account.code,
        line.account.name,
        line.account.title,
        line.cost_centre,
        number(line.nanos) if line.nanos > 0 else None,
        number(-line.nanos) if line.nanos < 0 else None,
        journal.currency,
        entry.narration,
        *(
            (made.month, made.provider, made.purpose, " ".join(made.classes), made.people, made.requests)
            if made
            else ("", "", "", "", None, None)
        ),
        number(made.list_nanos) if made else None,
        made.query if made else "",
    )


def beancount_text(journals: Sequence[Journal], title: str) -> str:
    """A whole ledger file that `bean-check` accepts: accounts opened, then the transactions with what each was made from."""
    names = _names(journals)
    lines = [
        f"; {_comment(title)}",
        *(
            f"; {one.month}: {'of a closed month' if one.closed else 'a preview, of a month that is not closed'}"
            for one in journals
        ),
        f'option "title" {_quoted(title)}',
        *(f'option "operating_currency" "{one}"' for one in sorted({one.currency for one in journals})),
        "",
    ]
    days = [entry.day for one in journals for entry in one.entries]
    currency = journals[0].currency if journals else "USD"
    lines.extend(f"{min(days).isoformat()} open {name} {currency}" for name in sorted(names.values()))
    for journal in journals:
        for entry in journal.entries:
            lines += ["", *_transaction(journal, entry, names)]
    return "\n".join(lines) + "\n"


def json_document(journal: Journal) -> dict[str, Any]:
    """Amounts in nano-units, days as ISO 8601."""
    return {
        "month": journal.month,
        "currency": journal.currency,
        "closed": journal.closed,
        "memo": {f"{name.removesuffix('_nanos')}_nanos": value for name, value in asdict(journal.memo).items()},
        "totals": [
            {"account": account.name, "title": account.title, "code": account.code, "debit_nanos": debit, "credit_nanos": credit}
            for account, debit, credit in journal.totals()
        ],
        "entries": [
            {
                "id": entry.id,
                "day": entry.day.isoformat(),
                "kind": entry.kind,
                "narration": entry.narration,
                "lines": [
                    {
                        "account": line.account.name,
                        "title": line.account.title,
                        "code": line.account.code,
                        "cost_centre": line.cost_centre,
                        "nanos": line.nanos,
                        "origin": None if line.origin is None else asdict(line.origin),
                    }
                    for line in entry.lines
                ],
            }
            for entry in journal.entries
        ],
    }  # fmt: skip


def _transaction(journal: Journal, entry: Entry, names: dict[tuple[str, str], str]) -> Iterator[str]:
    yield f"{entry.day.isoformat()} * {_quoted(entry.narration)} #bursar-{entry.kind}"
    yield f"  entry: {_quoted(entry.id)}"
    for line in entry.lines:
        yield f"  {names[_key(line)]}  {_amount(line.nanos)} {journal.currency}"
        made = line.origin
        if made is None:
            continue
        yield f"    month: {_quoted(made.month)}"
        for name, text in (
            ("provider", made.provider),
            ("purpose", made.purpose),
            ("classes", " ".join(made.classes)),
            ("costcentre", line.cost_centre),
            ("query", made.query),
        ):
            if text:
                yield f"    {name}: {_quoted(text)}"
        if made.requests:
            yield f"    people: {made.people}"
            yield f"    requests: {made.requests}"
        if made.list_nanos:
            yield f"    list: {_amount(made.list_nanos)} USD"


def _key(line: Line) -> tuple[str, str]:
    return (line.account.name, line.cost_centre)


def _names(journals: Sequence[Journal]) -> dict[tuple[str, str], str]:
    """What each account and cost centre is called: cost centres are accounts below, and two never become one."""
    found: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for account, centre in sorted({_key(line) for one in journals for entry in one.entries for line in entry.lines}):
        name = account
        if centre:
            part = _PLAIN.sub("-", centre).strip("-")
            name = f"{account}:{part[:1].upper()}{part[1:]}" if part else f"{account}:X"
            if not part or name in taken:
                name = f"{name}-{sha256(centre.encode()).hexdigest()[:8]}"
        found[(account, centre)] = name
        taken.add(name)
    return found


def _amount(nanos: int) -> str:
    """Exact, to the last nano-unit: beancount lets pass half of the last digit that it sees."""
    return f"{'-' if nanos < 0 else ''}{abs(nanos) // NANO}.{abs(nanos) % NANO:09}"


def _quoted(text: str) -> str:
    plain = "".join(one if one.isprintable() else " " for one in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _comment(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)
