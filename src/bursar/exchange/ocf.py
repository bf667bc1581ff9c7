"""Vesting in and out of the Open Cap Format (OCF, d5226fb5): terms, and the transactions that record facts.

    VestingTerms.ocf.json   OCF_VESTING_TERMS_FILE    <-> VestingTerms
    Transactions.ocf.json   OCF_TRANSACTIONS_FILE     <-> TX_VESTING_START, TX_VESTING_EVENT, TX_VESTING_ACCELERATION

Everything read and everything written is validated against OCF's own schemas. Whole units there are nano-units here,
so that OCF's tenth decimal is refused. A portion keeps its numerator and denominator, scaled to integers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

from bursar.errors import InvalidInput
from bursar.exchange.ocf_validation import path, validate
from bursar.money import MAX_NANOS, NANO
from bursar.plans.vesting import (
    Absolute,
    Accelerated,
    Days,
    Event,
    Fact,
    Happened,
    Months,
    Portion,
    Relative,
    Start,
    Started,
    Trigger,
    VestingCondition,
    VestingTerms,
)

MAX_FILE_BYTES = 10_000_000
"""Largest OCF file that is read."""
MAX_NUMBER_CHARS = 40
"""Longest number."""

_START_DAY = "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH"
_TERMS_FILE, _TRANSACTIONS_FILE = "OCF_VESTING_TERMS_FILE", "OCF_TRANSACTIONS_FILE"
_FACTS: dict[str, str] = {
    "TX_VESTING_START": "objects/transactions/vesting/VestingStart",
    "TX_VESTING_EVENT": "objects/transactions/vesting/VestingEvent",
    "TX_VESTING_ACCELERATION": "objects/transactions/vesting/VestingAcceleration",
}
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class VestingTransaction:
    """A fact as OCF records it: about one security (our grant), under an id of its own."""

    id: str
    security_id: str
    fact: Fact
    comments: tuple[str, ...] = ()


def read_terms(document: object, field: str = "") -> VestingTerms:
    """A `VESTING_TERMS` object; raises `InvalidInput` with the path of the first wrong field, below `field`.

    References between conditions are not followed here: ask `bursar.plans.vesting.check`.
    """
    validate(document, "objects/VestingTerms", field)
    return _read_terms(_object(document), field)


def write_terms(terms: VestingTerms) -> dict[str, Any]:
    """The `VESTING_TERMS` object of these terms; a portion says `remainder` only where it is true, OCF's default."""
    written = {
        "id": terms.id,
        "object_type": "VESTING_TERMS",
        "name": terms.name,
        "description": terms.description,
        "allocation_type": terms.allocation,
        "vesting_conditions": [_written_condition(each) for each in terms.conditions],
        **_comments(terms.comments),
    }
    validate(written, "objects/VestingTerms")
    return written


def read_transaction(document: object, field: str = "") -> VestingTransaction:
    """A vesting transaction; raises `InvalidInput` with the path of the first wrong field, below `field`."""
    kind = document.get("object_type") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in _FACTS:
        raise InvalidInput(path(field, "object_type"), repr(kind)[:80], f"one of {', '.join(_FACTS)}")
    validate(document, _FACTS[kind], field)
    read = _object(document)
    fact = _made(field, lambda: _read_fact(kind, read))
    return VestingTransaction(read["id"], read["security_id"], fact, tuple(read.get("comments", ())))


def write_transaction(transaction: VestingTransaction) -> dict[str, Any]:
    """The OCF object of a transaction.

    Raises `InvalidInput` for an acceleration that is not a number: what a portion or the rest came to is in `tranches`.
    """
    fact = transaction.fact
    written: dict[str, Any] = {"id": transaction.id, "security_id": transaction.security_id}
    match fact:
        case Accelerated(int(quantity), _, reason):
            written |= {"object_type": "TX_VESTING_ACCELERATION", "quantity": _number(quantity), "reason_text": reason}
        case Accelerated(quantity):
            found = "all of the rest" if quantity is None else "a portion"
            raise InvalidInput("quantity", found, "nano-units: OCF records what an acceleration came to")
        case Started(condition) | Happened(condition):
            kind = "TX_VESTING_START" if isinstance(fact, Started) else "TX_VESTING_EVENT"
            written |= {"object_type": kind, "vesting_condition_id": condition}
    written |= {"date": fact.date.isoformat(), **_comments(transaction.comments)}
    validate(written, _FACTS[written["object_type"]])
    return written


def read_terms_file(text: str | bytes) -> tuple[VestingTerms, ...]:
    """The terms of a `VestingTerms.ocf.json`, each under an id of its own."""
    document = _parsed(text)
    _check_kind(document, _TERMS_FILE)
    validate(document, "files/VestingTermsFile")
    read = tuple(_read_terms(each, f"items[{index}]") for index, each in enumerate(document["items"]))
    seen: set[str] = set()
    for index, terms in enumerate(read):
        if terms.id in seen:
            raise InvalidInput(f"items[{index}].id", repr(terms.id), "an id of its own")
        seen.add(terms.id)
    return read


def write_terms_file(terms: Iterable[VestingTerms]) -> str:
    """A whole `VestingTerms.ocf.json`."""
    return _file(_TERMS_FILE, [write_terms(each) for each in terms])


def read_transactions_file(text: str | bytes) -> tuple[VestingTransaction, ...]:
    """The vesting transactions of a `Transactions.ocf.json`, in its order; its other transactions are passed over."""
    document = _parsed(text)
    _check_kind(document, _TRANSACTIONS_FILE)
    items = document.get("items")
    if not isinstance(items, list):
        raise InvalidInput("items", type(items).__name__, "a list of transactions")
    read = []
    for index, each in enumerate(items):
        kind = each.get("object_type") if isinstance(each, dict) else None
        if not isinstance(kind, str):
            raise InvalidInput(f"items[{index}].object_type", "nothing", "the type of a transaction")
        if kind in _FACTS:
            read.append(read_transaction(each, f"items[{index}]"))
    return tuple(read)


def write_transactions_file(transactions: Iterable[VestingTransaction]) -> str:
    """A `Transactions.ocf.json` of vesting transactions."""
    return _file(_TRANSACTIONS_FILE, [write_transaction(each) for each in transactions])


def facts_of(security_id: str, transactions: Iterable[VestingTransaction]) -> tuple[Fact, ...]:
    """What is recorded about one security, as `tranches` takes it."""
    return tuple(each.fact for each in transactions if each.security_id == security_id)


def _read_terms(read: Mapping[str, Any], field: str) -> VestingTerms:
    conditions = tuple(
        _read_condition(each, path(field, "vesting_conditions", index))
        for index, each in enumerate(read["vesting_conditions"])
    )
    words = (read["id"], read["name"], read["description"], read["allocation_type"])
    return _made(field, lambda: VestingTerms(*words, conditions, tuple(read.get("comments", ()))))


def _read_condition(read: Mapping[str, Any], field: str) -> VestingCondition:
    trigger = _read_trigger(read["trigger"], path(field, "trigger"))
    portion = _read_portion(read["portion"], path(field, "portion")) if "portion" in read else None
    quantity = _nanos(read["quantity"], path(field, "quantity")) if "quantity" in read else None
    follows = tuple(read["next_condition_ids"])
    description = read.get("description")
    return _made(field, lambda: VestingCondition(read["id"], trigger, portion, quantity, follows, description))


def _read_portion(read: Mapping[str, Any], field: str) -> Portion:
    parts = [_decimal(read[each], path(field, each)) for each in ("numerator", "denominator")]
    # Both times the same power of ten, so that 12.5 : 100 is 125 : 1000 and 12 : 48 stays as it is.
    scale = max(10 ** len(read[each].strip().partition(".")[2]) for each in ("numerator", "denominator"))
    numerator, denominator = (int(each * scale) for each in parts)
    return _made(field, lambda: Portion(numerator, denominator, read.get("remainder", False)))


def _read_trigger(read: Mapping[str, Any], field: str) -> Trigger:
    match read["type"]:
        case "VESTING_START_DATE":
            return Start()
        case "VESTING_EVENT":
            return Event()
        case "VESTING_SCHEDULE_ABSOLUTE":
            return _made(field, lambda: Absolute(date.fromisoformat(read["date"])))
        case _:
            return Relative(_read_period(read["period"], path(field, "period")), read["relative_to_condition_id"])


def _read_period(read: Mapping[str, Any], field: str) -> Days | Months:
    # JSON Schema takes 12.0 for an integer too.
    length, occurrences = int(read["length"]), int(read["occurrences"])
    cliff = int(read["cliff_installment"]) if "cliff_installment" in read else None
    if read["type"] == "DAYS":
        return _made(field, lambda: Days(length, occurrences, cliff))
    text = read["day_of_month"]
    day = None if text == _START_DAY else int(text[:2])
    return _made(field, lambda: Months(length, occurrences, day, cliff))


def _read_fact(kind: str, read: Mapping[str, Any]) -> Fact:
    day = date.fromisoformat(read["date"])
    if kind == "TX_VESTING_ACCELERATION":
        return Accelerated(_nanos(read["quantity"], "quantity"), day, read["reason_text"])
    return (Started if kind == "TX_VESTING_START" else Happened)(read["vesting_condition_id"], day)


def _written_condition(condition: VestingCondition) -> dict[str, Any]:
    written: dict[str, Any] = {"id": condition.id}
    if condition.description is not None:
        written["description"] = condition.description
    if condition.portion is None:
        written["quantity"] = _number(condition.quantity or 0)
    else:
        portion = condition.portion
        written["portion"] = {"numerator": str(portion.numerator), "denominator": str(portion.denominator)}
        if portion.remainder:
            written["portion"]["remainder"] = True
    written["trigger"] = _written_trigger(condition.trigger)
    written["next_condition_ids"] = list(condition.next_condition_ids)
    return written


def _written_trigger(trigger: Trigger) -> dict[str, Any]:
    match trigger:
        case Start():
            return {"type": "VESTING_START_DATE"}
        case Event():
            return {"type": "VESTING_EVENT"}
        case Absolute(day):
            return {"type": "VESTING_SCHEDULE_ABSOLUTE", "date": day.isoformat()}
        case Relative(period, relative_to):
            kind = "MONTHS" if isinstance(period, Months) else "DAYS"
            written = {"length": period.length, "type": kind, "occurrences": period.occurrences}
            if isinstance(period, Months):
                written["day_of_month"] = _written_day(period.day_of_month)
            if period.cliff_installment is not None:
                written["cliff_installment"] = period.cliff_installment
            return {"type": "VESTING_SCHEDULE_RELATIVE", "period": written, "relative_to_condition_id": relative_to}


def _written_day(day: int | None) -> str:
    if day is None:
        return _START_DAY
    return f"{day:02}" if day <= 28 else f"{day}_OR_LAST_DAY_OF_MONTH"


def _nanos(text: str, field: str) -> int:
    nanos = _decimal(text, field) * NANO
    if nanos.denominator != 1:
        raise InvalidInput(field, repr(text), "at most 9 decimals")
    if not 0 <= nanos <= MAX_NANOS:
        raise InvalidInput(field, repr(text), f"0 to {_number(MAX_NANOS)}")
    return nanos.numerator


def _decimal(text: str, field: str) -> Fraction:
    if len(text) > MAX_NUMBER_CHARS:
        raise InvalidInput(field, f"{len(text)} characters", f"at most {MAX_NUMBER_CHARS}")
    return Fraction(text)


def _number(nanos: int) -> str:
    whole, fraction = divmod(nanos, NANO)
    return f"{whole}.{fraction:09}".rstrip("0").rstrip(".")


def _comments(comments: tuple[str, ...]) -> dict[str, list[str]]:
    return {"comments": list(comments)} if comments else {}


def _made(field: str, make: Callable[[], _Made]) -> _Made:
    """What `make` makes; what it refuses is refused under its path in the document."""
    try:
        return make()
    except InvalidInput as error:
        ours = f"vesting_{error.field}" if error.field.startswith("conditions") else error.field
        raise InvalidInput(path(field, ours), error.found, error.expected, error.hint) from None


def _parsed(text: str | bytes) -> dict[str, Any]:
    if len(text) > MAX_FILE_BYTES:
        raise InvalidInput("file", f"{len(text)} bytes", f"at most {MAX_FILE_BYTES}")
    try:
        return _object(json.loads(text))
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput("file", f"no JSON ({error})"[:200], "an OCF file: a JSON object") from None


def _object(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InvalidInput("document", type(document).__name__, "a JSON object")
    return document


def _check_kind(document: Mapping[str, Any], kind: str) -> None:
    if document.get("file_type") != kind:
        raise InvalidInput("file_type", repr(document.get("file_type"))[:80], kind)


def _file(kind: str, items: list[dict[str, Any]]) -> str:
    return json.dumps({"file_type": kind, "items": items}, indent=2, ensure_ascii=False) + "\n"
