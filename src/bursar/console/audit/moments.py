"""Instants in forms and addresses: as a browser writes them, where the visitor is."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bursar.calendar import from_micros, to_local
from bursar.errors import InvalidInput

MICROS = 1_000_000


def instant(text: str, zone: ZoneInfo, field: str) -> int:
    """An instant as a browser writes it, where the visitor is. Raises InvalidInput."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        micros = int(moment.timestamp()) * MICROS
    except (ValueError, OverflowError):
        raise InvalidInput(field, repr(text[:40]), "a date and time such as 2026-11-21T14:00") from None
    if not 0 <= micros < 2**61:
        raise InvalidInput(field, repr(text[:40]), "a time since 1970")
    return micros


def local(at: int, zone: ZoneInfo) -> str:
    """As a field of a date and time takes it."""
    return f"{to_local(from_micros(at), zone):%Y-%m-%dT%H:%M}"
