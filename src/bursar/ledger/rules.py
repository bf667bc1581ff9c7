"""The ledger's rules: what a command does to one person's book at one instant.

This file does not know which engine stores the book, who asked, or what time it is unless told. Two rules come before
every other:

1. What has fallen due by `now` happens first, in the order of its due times, whoever touches the person; so no result
   depends on whether a sweep ran.
2. A decision is complete before anything moves; a refusal moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from heapq import heapify, heappop, heappush
from typing import Any, cast

import msgspec

from bursar.ledger.book import Book
from bursar.ledger.commands import (
    Abandon,
    Answer,
    Applied,
    Charge,
    Command,
    Correct,
    Reduce,
    Rejected,
    Release,
    Revoke,
    Roll,
    Settle,
    TakeHold,
    Tidy,
    Void,
)
from bursar.ledger.corrections import correct
from bursar.ledger.drawing import burnable, consume, give_back, spend_free, take
from bursar.ledger.expiry import expire, roll_late
from bursar.ledger.limits import misfit
from bursar.ledger.sizing import cap_of, hold_size, refusal
from bursar.ledger.values import (
    AVAILABLE,
    FUNDING,
    HELD,
    NEVER,
    REVOKED,
    SPENT,
    Draw,
    Hold,
    HoldTerms,
    Posting,
    Usage,
)

_encode = msgspec.json.Encoder().encode


def content_of(command: Command) -> str:
    """Digest of a command as it was sent: the same id with another digest is a conflict."""
    return _digest(_encode(command))


def _digest(encoded: bytes) -> str:
    return blake2b(encoded, digest_size=16).hexdigest()


def apply(book: Book, command: Command, now: int) -> Answer:
    """Apply one command to its person's book at `now` (microseconds UTC)."""
    encoded = _encode(command)
    content = _digest(encoded)
    before = book.applied.get(command.id)
    if before is not None:
        if before[0] != content:
            return Rejected(command.id, "conflict", f"command {command.id} was already applied with other content")
        first = before[1]
        return Applied(first.command, first.kind, first.amount, first.draws, first.overage, replayed=True)
    wrong = misfit(command, len(encoded), now)
    if wrong:
        return _invalid(command, wrong)
    if b"\\u0000" in encoded:  # PostgreSQL cannot store the character, and clients can send it
        command = msgspec.json.decode(encoded.replace(b"\\u0000", b"\\ufffd"), type=type(command))
    happen(book, now)
    return _DECISIONS[type(command)](book, command, content, now)


def happen(book: Book, now: int) -> None:
    """Let everything happen that fell due by `now`: holds past their time limit, lots past their expiry."""
    if now <= book.until:
        return
    book.until = now
    due = [(hold.expires, 0, hold.id) for hold in book.holds.values() if hold.state == "open" and hold.expires <= now]
    # What a hold gives back on the way may expire on the way, so lots that are wholly held count too.
    due += [
        (lot.terms.expires, 1, lot.terms.id)
        for lot in book.lots.values()
        if (lot.available or lot.held) and lot.terms.expires <= now
    ]
    heapify(due)
    while due:
        at, which, name = heappop(due)
        if which == 0:
            _lapse(book, book.holds[name], at, command=f"lapse:{name}", content="")
        elif book.lots[name].available:
            rolled = expire(book, book.lots[name], at)
            if rolled is not None and rolled.terms.expires <= now:
                heappush(due, (rolled.terms.expires, 1, rolled.terms.id))


# Lots.


def _release(book: Book, command: Release, content: str, now: int) -> Answer:
    terms = command.lot
    if terms.id in book.taken:
        return Rejected(command.id, "conflict", f"lot {terms.id} exists already")
    lot = book.add_lot(terms)
    answer = book.record(
        (Posting(terms.id, FUNDING, AVAILABLE, terms.amount),),
        command=command.id,
        content=content,
        kind="release",
        unit=terms.unit,
        effective=now,
        terms=terms,
        answer=Applied(command.id, "release", terms.amount, (Draw(terms.id, terms.amount),)),
        note=command.note,
    )
    if terms.expires <= now:
        expire(book, lot, now)  # nothing may expire before it was released
    return answer


def _revoke(book: Book, command: Revoke, content: str, now: int) -> Answer:
    lot = book.lots.get(command.lot)
    if lot is None:
        return Rejected(command.id, "no_such_lot", f"lot {command.lot} is not known for {command.person}")
    if lot.revoked_at:
        return Rejected(command.id, "lot_ended", f"lot {command.lot} is revoked already", state="revoked")
    if now >= lot.terms.expires:
        return Rejected(command.id, "lot_ended", f"lot {command.lot} has expired already", state="expired")
    amount = lot.available
    lot.revoked_at = now
    lot.buckets_changed = True
    return book.record(
        (Posting(command.lot, AVAILABLE, REVOKED, amount),) if amount else (),
        command=command.id,
        content=content,
        kind="revoke",
        unit=lot.terms.unit,
        effective=now,
        corrects=command.lot,
        note=command.note,
        answer=Applied(command.id, "revoke", amount, (Draw(command.lot, amount),) if amount else ()),
    )


def _reduce(book: Book, command: Reduce, content: str, now: int) -> Answer:
    lots = [
        lot for lot in book.lots.values() if lot.terms.grant == command.grant and lot.available and lot.is_open(now)
    ]
    lots.sort(key=lambda lot: (bool(lot.terms.parent), -lot.terms.effective, lot.terms.id))
    draws = take(lots, command.amount)
    unit = lots[0].terms.unit if lots else ""
    return book.record(
        tuple([Posting(draw.lot, AVAILABLE, REVOKED, draw.amount) for draw in draws]),
        command=command.id,
        content=content,
        kind="reduce",
        unit=unit,
        effective=now,
        note=command.note,
        answer=Applied(command.id, "reduce", sum([draw.amount for draw in draws]), draws),
    )


# Holds.


def _take_hold(book: Book, command: TakeHold, content: str, now: int) -> Answer:
    lots = burnable(book, command.unit, command.request, now)
    free = limit = 0
    resets = NEVER
    for lot in lots:
        free += lot.available
        limit += lot.terms.amount
        resets = min(resets, lot.terms.expires)
    available = free
    cap = cap_of(book, command)
    if cap is not None:
        available = min(available, cap.left)
    amount = hold_size(command.worst, command.floor, available, command.share_divisor)
    if amount is None:
        return refusal(book, command, cap, free, now)
    draws = take(lots, amount)
    terms = HoldTerms(command.expires, command.on_lapse, command.node, command.cap, command.request, command.note)
    book.holds[command.id] = Hold(
        command.id, unit=command.unit, draws=draws, amount=amount, taken=now, terms=terms, is_new=True
    )
    if cap is not None:
        cap.held += amount
        cap.changed = True
    return book.record(
        tuple([Posting(draw.lot, AVAILABLE, HELD, draw.amount) for draw in draws]),
        command=command.id,
        content=content,
        kind="hold",
        unit=command.unit,
        effective=now,
        hold=command.id,
        terms=terms,
        answer=Applied(
            command.id,
            "hold",
            amount,
            draws,
            available=free - amount,
            limit=limit,
            resets=None if resets == NEVER else resets,
        ),
    )


def _settle(book: Book, command: Settle, content: str, now: int) -> Answer:
    hold = _open_hold(book, command)
    if isinstance(hold, Rejected):
        return hold
    postings, draws, rest = consume(book, hold, command.amount, now)
    overage = 0
    if rest:
        more, overage = spend_free(book, hold.unit, hold.request, rest, now)
        postings += more
        draws += [Draw(posting.lot, posting.amount) for posting in more if posting.lot]
    usage = _usage_of(hold, command.amount, "exact", now) if command.usage is None else command.usage
    usage = _placed(usage, hold.terms.cap or usage.key, now)
    _end(book, hold, "settled")
    book.count(usage.key, hold.unit, command.amount)
    return book.record(
        tuple(postings),
        command=command.id,
        content=content,
        kind="settle",
        unit=hold.unit,
        effective=now,
        hold=hold.id,
        usage=usage,
        note=command.note,
        answer=Applied(command.id, "settle", command.amount, tuple(draws), overage),
    )


def _void(book: Book, command: Void, content: str, now: int) -> Answer:
    hold = _open_hold(book, command)
    if isinstance(hold, Rejected):
        return hold
    return _return(book, hold, now, kind="void", command=command.id, content=content, note=command.reason)


def _abandon(book: Book, command: Abandon, content: str, now: int) -> Answer:
    hold = _open_hold(book, command)
    return hold if isinstance(hold, Rejected) else _lapse(book, hold, now, command=command.id, content=content)


def _lapse(book: Book, hold: Hold, at: int, *, command: str, content: str) -> Applied:
    """End a hold that nobody settled: by its policy a visible unresolved charge, or given back."""
    if hold.terms.on_lapse == "released":
        return _return(book, hold, at, kind="lapse", command=command, content=content)
    usage = _usage_of(hold, hold.amount, "unresolved", hold.taken)
    hold.charge = command
    _end(book, hold, "unresolved")
    book.count(usage.key, hold.unit, hold.amount)
    return book.record(
        tuple([Posting(draw.lot, HELD, SPENT, draw.amount) for draw in hold.draws]),
        command=command,
        content=content,
        kind="unresolved",
        unit=hold.unit,
        effective=at,
        hold=hold.id,
        usage=usage,
        answer=Applied(command, "unresolved", hold.amount, hold.draws),
    )


def _return(book: Book, hold: Hold, at: int, *, kind: str, command: str, content: str, note: str = "") -> Applied:
    postings = give_back(book, hold, at)
    _end(book, hold, "expired" if kind == "lapse" else "voided")
    return book.record(
        postings,
        command=command,
        content=content,
        kind=kind,
        unit=hold.unit,
        effective=at,
        hold=hold.id,
        note=note,
        answer=Applied(command, kind, hold.amount, hold.draws),
    )


def _open_hold(book: Book, command: Settle | Void | Abandon) -> Hold | Rejected:
    hold = book.holds.get(command.hold)
    if hold is None:
        return Rejected(command.id, "no_such_hold", f"hold {command.hold} is not known for {command.person}")
    if hold.state != "open":
        sentence = f"hold {command.hold} has ended already: {hold.state}"
        return Rejected(command.id, "hold_ended", sentence, state=hold.state, charge=hold.charge)
    return hold


def _end(book: Book, hold: Hold, state: str) -> None:
    hold.state = state
    hold.just_ended = True
    if hold.terms.cap:
        cap = book.caps.get((hold.terms.cap, hold.unit))
        if cap is not None:
            cap.held -= hold.amount
            cap.changed = True


def _usage_of(hold: Hold, amount: int, status: str, at: int) -> Usage:
    """What is known of a request whose own figures never came."""
    value = amount if hold.unit == "USD" else 0
    note = hold.note or {}
    return Usage(
        request_id=str(note.get("request_id", "")),
        key=hold.terms.cap
        or str(note.get("key", "")),  # a run's cap is not its key's: charges count where the hold did
        provider=hold.request.provider,
        model=hold.request.model,
        dialect=str(note.get("dialect", "")),
        purpose=hold.request.kind,
        project=str(note.get("project", "")),
        session=str(note.get("session", "")),
        agent=str(note.get("agent", "")),
        status=status,
        list_nanos=value,
        cost_nanos=value,
        at=at,
    )


# Charges without a hold.


def _charge(book: Book, command: Charge, content: str, now: int) -> Answer:
    postings, overage = spend_free(book, command.unit, command.request, command.amount, now)
    request = command.request
    usage = command.usage or Usage(
        provider=request.provider,
        model=request.model,
        purpose=request.kind,
        list_nanos=command.amount if command.unit == "USD" else 0,
    )
    usage = _placed(usage, usage.key, now)
    book.count(usage.key, command.unit, command.amount)
    return book.record(
        tuple(postings),
        command=command.id,
        content=content,
        kind="charge",
        unit=command.unit,
        effective=now,
        usage=usage,
        note=command.note,
        answer=Applied(
            command.id,
            "charge",
            command.amount,
            tuple([Draw(posting.lot, posting.amount) for posting in postings if posting.lot]),
            overage,
        ),
    )


def _placed(usage: Usage, key: str, now: int) -> Usage:
    """A usage row under the key whose limit it counts against, and at an instant."""
    if usage.at and usage.key == key:
        return usage
    return msgspec.structs.replace(usage, key=key, at=usage.at or now)


def _tidy(book: Book, command: Tidy, content: str, now: int) -> Answer:
    return Applied(command.id, "tidy")


def _invalid(command: Command, sentence: str) -> Rejected:
    return Rejected(command.id, "invalid", sentence)


_Decision = Callable[[Book, Any, str, int], Answer]
_DECISIONS = cast(
    "dict[type[Any], _Decision]",
    {
        Release: _release,
        TakeHold: _take_hold,
        Settle: _settle,
        Void: _void,
        Abandon: _abandon,
        Charge: _charge,
        Correct: correct,
        Revoke: _revoke,
        Reduce: _reduce,
        Roll: roll_late,
        Tidy: _tidy,
    },
)

__all__ = ["apply", "content_of", "happen"]
