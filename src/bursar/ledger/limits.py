"""The limits of the ledger, each with its name, and what is wrong with a command that exceeds one.

A misfit is a sentence that names the field, what was found and what was expected; the empty string says that all is well.
"""

from __future__ import annotations

from typing import Any

from bursar.ledger.commands import Charge, Command, Correct, Reduce, Release, Settle, TakeHold
from bursar.ledger.values import BEYOND, MAX_AMOUNT, NEVER, PARTS, LotTerms, Usage, rolled_id

MAX_NAME = 200
"""Characters of an id: of a command, a person, a lot."""
MAX_COMMAND_BYTES = 65_536
"""A command as compact JSON."""
MAX_HOLD_MICROS = 7 * 86_400_000_000
"""How long a hold may stand: providers finish batches within a day, and what stands longer is lost to its owner."""
PRIORITIES = (0, 100)
RESERVED = ("lapse:", "expire:", "roll:", "trim:")
"""Ids under which the ledger records what falls due by itself."""
STATUSES = frozenset({"exact", "estimated", "unresolved", "corrected"})
ON_LAPSE = frozenset({"unresolved", "released"})


def misfit(command: Command, size: int, now: int) -> str:
    """What is wrong with a command of `size` encoded bytes at `now`, before it is held against any book."""
    if size > MAX_COMMAND_BYTES:
        return f"command: found {size} bytes, expected at most {MAX_COMMAND_BYTES}"
    if not 0 < len(command.id) <= MAX_NAME or command.id.startswith(RESERVED):
        return f"id: found {command.id[:40]!r}, expected 1 to {MAX_NAME} characters that do not begin with {RESERVED}"
    if not 0 < len(command.person) <= MAX_NAME:
        return f"person: found {command.person[:40]!r}, expected 1 to {MAX_NAME} characters"
    check = _CHECKS.get(type(command))
    return check(command, now) if check is not None else ""


def _amount(name: str, value: Any, least: int = 0) -> str:
    if type(value) is int and least <= value <= MAX_AMOUNT:
        return ""
    return f"{name}: found {value!r}, expected an integer from {least} to {MAX_AMOUNT} nano-units"


def _usage(usage: Usage | None) -> str:
    if usage is None:
        return ""
    if usage.status not in STATUSES:
        return f"usage.status: found {usage.status!r}, expected one of {', '.join(sorted(STATUSES))}"
    for name, count in usage.tokens.items():
        if type(count) is not int or not 0 <= count <= MAX_AMOUNT:
            return f"usage.tokens.{name}: found {count!r}, expected a count of tokens"
    return _amount("usage.list_nanos", usage.list_nanos) or _amount("usage.cost_nanos", usage.cost_nanos)


def _release(command: Release, now: int) -> str:
    terms: LotTerms = command.lot
    if not 0 < len(terms.id) <= MAX_NAME or terms.id == BEYOND:
        return f"lot.id: found {terms.id[:40]!r}, expected 1 to {MAX_NAME} characters"
    if not terms.unit:
        return "lot.unit: found nothing, expected a unit such as USD"
    if not -NEVER < terms.effective < terms.expires <= NEVER:
        return f"lot.expires: found {terms.expires} with opening {terms.effective}, expected a later instant"
    if not PRIORITIES[0] <= terms.priority <= PRIORITIES[1]:
        return f"lot.priority: found {terms.priority}, expected {PRIORITIES[0]} to {PRIORITIES[1]}"
    return _amount("lot.amount", terms.amount, least=1) or (_roll(terms) if terms.roll is not None else "")


def _roll(terms: LotTerms) -> str:
    roll = terms.roll
    assert roll is not None
    if not terms.expires < roll.expires <= NEVER:
        return f"lot.roll.expires: found {roll.expires}, expected an instant after the lot's expiry {terms.expires}"
    if not 0 <= roll.share <= PARTS:
        return f"lot.roll.share: found {roll.share}, expected 0 to {PARTS} parts per million"
    if not PRIORITIES[0] <= roll.priority <= PRIORITIES[1]:
        return f"lot.roll.priority: found {roll.priority}, expected {PRIORITIES[0]} to {PRIORITIES[1]}"
    if len(rolled_id(terms.id)) > MAX_NAME:
        return f"lot.id: found {len(terms.id)} characters, expected room for the name of a rolled lot"
    wrong = _amount("lot.roll.cap", roll.cap) or _amount("lot.roll.floor", roll.floor)
    if not wrong and roll.floor > roll.cap:
        return f"lot.roll.floor: found {roll.floor}, expected at most the cap of {roll.cap}"
    return wrong


def _take_hold(command: TakeHold, now: int) -> str:
    if not command.unit:
        return "unit: found nothing, expected a unit such as USD"
    if not now < command.expires <= now + MAX_HOLD_MICROS:
        return (
            f"expires: found {command.expires}, expected an instant within {MAX_HOLD_MICROS} microseconds after {now}"
        )
    if command.share_divisor < 1:
        return f"share_divisor: found {command.share_divisor}, expected 1 or more"
    if command.on_lapse not in ON_LAPSE:
        return f"on_lapse: found {command.on_lapse!r}, expected {' or '.join(sorted(ON_LAPSE))}"
    return _amount("worst", command.worst) or _amount("floor", command.floor) or _amount("cap_limit", command.cap_limit)


def _settle(command: Settle, now: int) -> str:
    return _amount("amount", command.amount) or _usage(command.usage)


def _charge(command: Charge, now: int) -> str:
    if not command.unit:
        return "unit: found nothing, expected a unit such as USD"
    return _amount("amount", command.amount) or _usage(command.usage)


def _correct(command: Correct, now: int) -> str:
    return _amount("amount", command.amount) or _usage(command.usage)


def _reduce(command: Reduce, now: int) -> str:
    if not command.grant:
        return "grant: found nothing, expected the grant whose lots give"
    return _amount("amount", command.amount, least=1)


_CHECKS: dict[type[Any], Any] = {
    Release: _release,
    Reduce: _reduce,
    TakeHold: _take_hold,
    Settle: _settle,
    Charge: _charge,
    Correct: _correct,
}
