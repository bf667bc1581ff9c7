"""Bills and clients' logs that come in as files: read whole, kept once however often they are imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bursar.errors import InvalidInput
from bursar.exchange import local_usage
from bursar.exchange.local_usage import Skipped
from bursar.exchange.provider_bills import read_csv
from bursar.exchange.provider_bills.csv_file import MAX_FILE_BYTES
from bursar.exchange.provider_bills.values import plus
from bursar.office import months
from bursar.office.books import bills
from bursar.office.catalogue import pricing
from bursar.office.database import reading, transaction
from bursar.office.metering import outside
from bursar.office.workforce import people
from bursar.prices import Usage

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_SHOWN = 20
LOGS = frozenset({"claude", "codex"})


def import_bill(
    desk: Desk,
    file: Path,
    provider: str,
    *,
    columns: Mapping[str, str] | None = None,
    leave_out: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Keep a bill from a CSV, whole or not at all; with `leave_out`, without the rows that are wrong."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidInput("file", error.strerror or "something else", "a file that can be read") from error
    return import_bill_text(desk, raw, file.name, provider, columns=columns, leave_out=leave_out, dry_run=dry_run)


def import_bill_text(
    desk: Desk,
    raw: bytes,
    name: str,
    provider: str,
    *,
    columns: Mapping[str, str] | None = None,
    leave_out: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """The same for the content of a file, as a request has it."""
    if not 0 < len(provider) <= bills.MAX_ACCOUNT_CHARS or not provider.isprintable():
        raise InvalidInput("provider", f"{len(provider)} characters", "the name of a provider")
    found = read_csv(raw, name, columns=columns, leave_out=leave_out)
    kept = bills.keep(desk, provider, found.bill, name, dry_run=dry_run)
    return {**kept, "skipped": _shown(found.skipped), "rows": found.rows}


def import_logs(desk: Desk, paths: Sequence[Path], person: str, *, dry_run: bool = False) -> dict[str, Any]:
    """Keep what somebody's own logs (Claude Code, Codex) tell, by hour, session and model.

    It is evidence of whose use it was, and no charge: money moves when a provider's bill is reconciled.
    """
    with reading(desk.engine) as connection:
        holder = people.named(connection, person)["id"]
        book = pricing.current_book(connection)
    found = local_usage.read(paths, book)
    told: dict[tuple[str, int, str, str], Usage] = {}
    for event in found.events:
        if event.source in LOGS:
            place = (event.source, event.at_micros // outside.MICROS_PER_HOUR, event.session, event.model)
            told[place] = plus(told.get(place, Usage()), event.usage)
    rows = [outside.Told(holder, *place, usage) for place, usage in told.items()]
    changed = outside.keep_fullest(desk, rows, dry_run=dry_run)
    if changed and not dry_run:
        with transaction(desk.engine) as connection:
            desk.note(connection, "usage.observe", holder, {"lines": len(rows), "changed": changed})
    hours = sorted(one.hour for one in rows)
    days = [months.day_name(hours[at] // 24) for at in (0, -1)] if hours else ["", ""]
    return {
        "person": person,
        "source": "logs",
        "first": days[0],
        "last": days[1],
        "lines": len(rows),
        "changed": changed,
        "dry_run": dry_run,
        "skipped": _shown(found.skipped),
        "rows": found.lines,
    }


def _shown(skipped: Sequence[Skipped]) -> list[dict[str, str]]:
    return [{"place": one.place, "reason": one.reason} for one in skipped[:MAX_SHOWN]]
