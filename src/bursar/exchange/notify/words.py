"""What notices say: every kind with its fields and its words, in one place.

A subject names no amount and could stand on a screen that others see; the text is for the person alone. Only the fields
named here can be in a notice, so neither a prompt nor somebody else's figures get into one by accident. Amounts are
nano-units, instants (`..._at`) microseconds UTC, told in the person's own zone; 0 is never.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bursar.calendar import from_micros, to_local
from bursar.errors import InvalidInput
from bursar.money import Amount, Unit, format_amount

PARTS = 1_000_000
MAX_FIELD_CHARS = 500
"""Longest text in a field; what is longer is cut."""

Value = str | int
Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in words. `subject` is fit for a place where others read along."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notice: the fields that it must have, those that it may have, and how it reads."""

    needs: tuple[str, ...]
    may: tuple[str, ...]
    say: Callable[[Fields, ZoneInfo, int], Words]


def checked(kind: str, fields: Fields) -> dict[str, Value]:
    """The fields of a notice, texts cut to their longest. Raises InvalidInput for an unknown kind or field."""
    known = KINDS.get(kind)
    if known is None:
        raise InvalidInput("kind", repr(kind[:80]), f"one of {', '.join(KINDS)}")
    for name in fields:
        if name not in known.needs + known.may:
            raise InvalidInput(f"{kind}: {name[:80]}", "a field", f"only {', '.join(known.needs + known.may)}")
    found: dict[str, Value] = {}
    for name in known.needs + known.may:
        wanted = int if name.endswith(("_nanos", "_at", "_ppm")) else str
        if name not in fields:
            if name in known.needs:
                raise InvalidInput(f"{kind}: {name}", "nothing", "a number" if wanted is int else "a text")
            continue
        value = fields[name]
        if type(value) is not wanted:
            raise InvalidInput(f"{kind}: {name}", type(value).__name__, "a whole number" if wanted is int else "a text")
        found[name] = _one_line(value) if isinstance(value, str) else value
    return found


def in_words(kind: str, fields: Fields, zone: ZoneInfo, now: int) -> Words:
    """A notice as people read it; `now` decides how a day is named."""
    return KINDS[kind].say(checked(kind, fields), zone, now)


def moment(at: int, zone: ZoneInfo, now: int) -> str:
    """`today 14:00`, `Thursday 14:00`, beyond a week `Thursday 3 December 2026, 14:00`; clocks of the zone."""
    local, here = to_local(from_micros(at), zone), to_local(from_micros(now), zone)
    days = (local.date() - here.date()) // timedelta(days=1)
    clock = f"{local:%H:%M}"
    if days == 0:
        return f"today {clock}"
    if 0 < days < 7:
        return f"{local:%A} {clock}"
    return f"{local:%A} {local.day} {local:%B} {local.year}, {clock}"


def forecast_sentence(at: int, zone: ZoneInfo, now: int) -> str:
    """`at this rate it runs out on Thursday 14:00`."""
    when = moment(at, zone, now)
    return f"at this rate it runs out {'' if when.startswith('today') else 'on '}{when}"


def percent(share_ppm: int) -> str:
    whole, part = divmod(share_ppm, PARTS // 100)
    return f"{whole}.{part:04d}".rstrip("0").rstrip(".") + " %"


def _warning(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    share = percent(_int(fields, "share_ppm"))
    text = [
        f"You have used {share} of your allotment: {_amount(fields, 'used_nanos')} of {_amount(fields, 'amount_nanos')}.",
        f"{_amount(fields, 'available_nanos')} is left.",
    ]
    if _int(fields, "runs_out_at"):
        text.append(_capital(forecast_sentence(_int(fields, "runs_out_at"), zone, now)) + ".")
    return Words(f"{share} of the allotment is used", _lines(*text, _resets(fields, zone, now)))


def _forecast(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    sentence = forecast_sentence(_int(fields, "runs_out_at"), zone, now)
    return Words(
        f"The allotment: {sentence}",
        _lines(
            f"You have {_amount(fields, 'available_nanos')} left; {sentence}.",
            _resets(fields, zone, now),
            "This supposes that each hour costs what it cost lately.",
        ),
    )


def _exhausted(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    return Words(
        "The allotment is used up",
        _lines(
            f"Your allotment of {_amount(fields, 'amount_nanos')} is used up; further requests may be refused.",
            _resets(fields, zone, now),
            f"Ask for more: {fields['ask']}" if fields.get("ask") else "",
        ),
    )


def _topup_requested(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    until = _int(fields, "expires_at")
    return Words(
        f"{fields['who']} asks for a top-up",
        _lines(
            f"{fields['who']} asks for {_amount(fields, 'amount_nanos')} more.",
            f"Reason: {fields['reason']}" if fields.get("reason") else "",
            f"The request is {fields['request']}.",
            f"It lapses {moment(until, zone, now)}." if until else "",
        ),
    )


def _topup_decided(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    return Words(
        f"The top-up was {fields['decision']}",
        _lines(
            f"Your request for {_amount(fields, 'amount_nanos')} more was {fields['decision']}"
            + (f" by {fields['by']}." if fields.get("by") else "."),
            f"Note: {fields['note']}" if fields.get("note") else "",
        ),
    )


def _terms_changed(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    return Words(
        f"The terms of {fields['plan']} change",
        _lines(
            f"From {moment(_int(fields, 'starts_at'), zone, now)} your terms under {fields['plan']} change.",
            f"So far: {fields['before']}. Then: {fields['after']}.",
            f"Why: {fields['why']}" if fields.get("why") else "",
        ),
    )


def _released(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    until = _int(fields, "expires_at")
    return Words(
        "A new allotment is there",
        _lines(
            f"{_amount(fields, 'amount_nanos')} has been released to you"
            + (f" ({fields['label']})." if fields.get("label") else "."),
            f"Use it until {moment(until, zone, now)}." if until else "It does not expire.",
        ),
    )


def _expiring_soon(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    until = moment(_int(fields, "expires_at"), zone, now)
    return Words(
        f"Part of the allotment expires {until}",
        _lines(
            f"{_amount(fields, 'amount_nanos')} that you have not used expires {until}"
            + (f" ({fields['label']})." if fields.get("label") else ".")
        ),
    )


def _key_unusual(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    key, paused = fields["key"], bool(fields.get("paused"))
    usual, resume = (
        _amount({**fields, "amount_nanos": _int(fields, "usual_nanos")}, "amount_nanos"),
        f"`bursar key resume {key}`",
    )
    return Words(
        f"An access key burns {fields['times']} times its usual rate" + (" and was paused" if paused else ""),
        _lines(
            f"The key {fields['label']} of {fields['who']} cost {_amount(fields, 'amount_nanos')} in the last minute; "
            f"a usual minute costs {usual}.",
            f"It was paused: nothing passes with it until somebody resumes it ({resume})."
            if paused
            else f"If that is not meant, pause it: `bursar key pause {key}`.",
        ),
    )


def _test(fields: Fields, zone: ZoneInfo, now: int) -> Words:
    return Words("A test", "This is a test: notices of Bursar reach you here.")


_MONEY = ("unit", "amount_nanos")
KINDS: Mapping[str, Kind] = {
    "warning": Kind(
        ("share_ppm", "used_nanos", "available_nanos", *_MONEY), ("runs_out_at", "resets_at", "label"), _warning
    ),
    "forecast": Kind(("unit", "available_nanos", "runs_out_at"), ("resets_at", "label"), _forecast),
    "exhausted": Kind(_MONEY, ("resets_at", "ask", "label"), _exhausted),
    "topup_requested": Kind(("request", "who", *_MONEY), ("reason", "expires_at"), _topup_requested),
    "topup_decided": Kind(("request", "decision", *_MONEY), ("by", "note"), _topup_decided),
    "terms_changed": Kind(("plan", "before", "after", "starts_at"), ("why", "grant"), _terms_changed),
    "released": Kind(_MONEY, ("expires_at", "label"), _released),
    "expiring_soon": Kind(("expires_at", *_MONEY), ("label",), _expiring_soon),
    "key_unusual": Kind(("key", "label", "who", "times", "usual_nanos", *_MONEY), ("paused",), _key_unusual),
    "test": Kind((), (), _test),
}


def _resets(fields: Fields, zone: ZoneInfo, now: int) -> str:
    at = _int(fields, "resets_at")
    return f"The next allotment comes {moment(at, zone, now)}." if at else ""


def _amount(fields: Fields, name: str) -> str:
    return format_amount(Amount(_int(fields, name), Unit(str(fields["unit"]))))


def _int(fields: Fields, name: str) -> int:
    value = fields.get(name, 0)
    assert isinstance(value, int)
    return value


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _one_line(text: str) -> str:
    """No control characters: what is written into a notice cannot forge its lines or an e-mail's headers."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return plain if len(plain) <= MAX_FIELD_CHARS else plain[: MAX_FIELD_CHARS - 1] + "…"
