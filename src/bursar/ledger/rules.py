"""The ledger's rules, all of them and nothing else.

This file decides what a command does to one person's book at one instant. It does not know which engine stores the
book, who asked, or what time it is unless told. Two rules come before every other:

1. What has fallen due by `now` happens first, in the order of its due times, whoever touches the person; so no result
   depends on whether a sweep ran.
2. A decision is complete before anything moves; a refusal moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, cast

import msgspec

from bursar.ledger.book import Book, take
from bursar.ledger.values import (
    BEYOND,
    MAX_AMOUNT,
    NEVER,
    Abandon,
    Account,
    Answer,
    Applied,
    Cap,
    Charge,
    Command,
    Correct,
    Draw,
    Entry,
    Hold,
    Lot,
    Posting,
    Refused,
    Rejected,
    Release,
    Request,
    Revoke,
    Settle,
    TakeHold,
    Tidy,
    Usage,
    Void,
)
from bursar.money import round_half_up_div

AVAILABLE, HELD, SPENT = int(Account.AVAILABLE), int(Account.HELD), int(Account.SPENT)
EXPIRED, REVOKED = int(Account.EXPIRED), int(Account.REVOKED)
FUNDING, OVERAGE = int(Account.FUNDING), int(Account.OVERAGE)

CHARGE_KINDS = frozenset({"settle", "charge", "unresolved"})
"""Kinds of entries that a correction may name."""

_encode = msgspec.json.Encoder().encode


def content_of(command: Command) -> str:
    """Digest of a command as it was sent: the same id with another digest is a conflict."""
    return blake2b(_encode(command), digest_size=16).hexdigest()


def apply(book: Book, command: Command, now: int) -> Answer:
    """Apply one command to its person's book at `now` (microseconds UTC)."""
    content = content_of(command)
    before = book.applied.get(command.id)
    if before is not None:
        if before[0] != content:
            return Rejected(command.id, "conflict", f"command {command.id} was already applied with other content")
        return msgspec.structs.replace(before[1], replayed=True)
    happen(book, now)
    return _DECISIONS[type(command)](book, command, content, now)


def happen(book: Book, now: int) -> None:
    """Let everything happen that fell due by `now`: holds past their time limit, lots past their expiry."""
    due = [(hold.expires, 0, hold.id) for hold in book.holds.values() if hold.expires <= now and hold.state == "open"]
    due += [
        (lot.terms.expires, 1, lot.terms.id)
        for lot in book.lots.values()
        if lot.terms.expires <= now and (lot.available or lot.held)
    ]
    for at, which, name in sorted(due):
        if which == 0:
            _lapse(book, book.holds[name], at, command=f"lapse:{name}", content="")
        else:
            lot = book.lots[name]
            amount = lot.available
            if not amount:
                continue
            book.record(
                (Posting(name, AVAILABLE, EXPIRED, amount),),
                command=f"expire:{name}",
                content="",
                kind="expire",
                unit=lot.terms.unit,
                effective=at,
                answer=Applied(f"expire:{name}", "expire", amount, (Draw(name, amount),)),
            )


def hold_size(worst: int, floor: int, available: int, share_divisor: int) -> int | None:
    """How much to hold for a request: min(worst, max(floor, available / share_divisor)), None if it does not fit.

    A request that could cost a lot gets a fair share of what is free instead of all of it, so that forty agents can
    run side by side; the gateway then lowers the request's own output limit to what the hold affords.
    """
    if available < min(worst, floor):
        return None
    return min(worst, max(floor, available // share_divisor))


def _release(book: Book, command: Release, content: str, now: int) -> Answer:
    terms = command.lot
    if not 0 < terms.amount <= MAX_AMOUNT:
        return _invalid(command, f"amount: found {terms.amount}, expected 1 to {MAX_AMOUNT} nano-units")
    if terms.expires <= terms.effective:
        return _invalid(command, "expires: found an instant at or before the opening, expected a later one")
    if terms.id in book.lots or terms.id in book.taken or terms.id == BEYOND:
        return Rejected(command.id, "conflict", f"lot {terms.id or '(empty id)'} exists already")
    book.add_lot(terms)
    return book.record(
        (Posting(terms.id, FUNDING, AVAILABLE, terms.amount),),
        command=command.id,
        content=content,
        kind="release",
        unit=terms.unit,
        effective=now,
        answer=Applied(command.id, "release", terms.amount, (Draw(terms.id, terms.amount),)),
        note=command.note,
    )


def _take_hold(book: Book, command: TakeHold, content: str, now: int) -> Answer:
    if not 0 <= command.floor <= MAX_AMOUNT or not 0 <= command.worst <= MAX_AMOUNT:
        return _invalid(command, f"worst, floor: found {command.worst}, {command.floor}, expected 0 to {MAX_AMOUNT}")
    if command.expires <= now:
        return _invalid(command, "expires: found an instant that has passed, expected a later one")
    lots = book.burnable(command.unit, command.request, now)
    free = available = sum(lot.available for lot in lots)
    cap = _cap(book, command)
    if cap is not None:
        available = min(available, cap.left)
    amount = hold_size(command.worst, command.floor, available, command.share_divisor)
    if amount is None:
        return _refusal(book, command, cap, free, now)
    draws = take(lots, amount)
    book.holds[command.id] = Hold(
        command.id,
        unit=command.unit,
        draws=draws,
        taken=now,
        expires=command.expires,
        on_lapse=command.on_lapse,
        node=command.node,
        cap=command.cap,
        request=command.request,
        note=command.note,
        is_new=True,
    )
    if cap is not None:
        cap.held += amount
    return book.record(
        tuple([Posting(draw.lot, AVAILABLE, HELD, draw.amount) for draw in draws]),
        command=command.id,
        content=content,
        kind="hold",
        unit=command.unit,
        effective=now,
        hold=command.id,
        answer=Applied(
            command.id,
            "hold",
            amount,
            draws,
            available=free - amount,
            limit=sum([lot.terms.amount for lot in lots]),
            resets=min([lot.terms.expires for lot in lots if lot.terms.expires != NEVER], default=None),
        ),
    )


def _cap(book: Book, command: TakeHold) -> Cap | None:
    if not command.cap:
        return None
    cap = book.caps.get(command.cap)
    if cap is None:
        cap = book.caps[command.cap] = Cap(command.cap, command.cap_limit)
    cap.limit = command.cap_limit
    return cap


def _refusal(book: Book, command: TakeHold, cap: Cap | None, free: int, now: int) -> Refused:
    """Say whose limit it is, how much is left of it, and whether waiting helps."""
    needed = min(command.worst, command.floor)
    if cap is not None and cap.left < needed <= free:
        reason = "contention" if cap.left + cap.held >= needed else "cap"
        return Refused(command.id, reason, needed, cap.left, cap.held, cap.spent, cap.limit)
    held = spent = limit = 0
    opens: int | None = None
    for lot in book.lots.values():
        if lot.terms.unit != command.unit or lot.revoked_at or not lot.terms.scope.admits(command.request):
            continue
        if lot.terms.effective > now:
            opens = lot.terms.effective if opens is None else min(opens, lot.terms.effective)
        elif lot.is_open(now):
            held += lot.held
            spent += lot.spent
            limit += lot.terms.amount
    reason = "contention" if held and free + held >= needed else "exhausted"
    return Refused(command.id, reason, needed, free, held, spent, limit, opens)


def _settle(book: Book, command: Settle, content: str, now: int) -> Answer:
    hold, rejection = _open_hold(book, command)
    if rejection is not None or hold is None:
        return rejection or _invalid(command, "hold")
    if not 0 <= command.amount <= MAX_AMOUNT:
        return _invalid(command, f"amount: found {command.amount}, expected 0 to {MAX_AMOUNT} nano-units")
    postings, draws, rest = _consume(book, hold, command.amount, now)
    overage = 0
    if rest:
        more, overage = _spend_free(book, hold.unit, hold.request, rest, now)
        postings += more
        draws += [Draw(posting.lot, posting.amount) for posting in more if posting.lot]
    _end(book, hold, "settled", spent=command.amount)
    return book.record(
        tuple(postings),
        command=command.id,
        content=content,
        kind="settle",
        unit=hold.unit,
        effective=now,
        hold=hold.id,
        usage=command.usage,
        answer=Applied(command.id, "settle", command.amount, tuple(draws), overage),
    )


def _consume(book: Book, hold: Hold, amount: int, now: int) -> tuple[list[Posting], list[Draw], int]:
    """Charge the first-drawn lots and give the last-drawn back; returns what the hold does not cover."""
    postings: list[Posting] = []
    draws: list[Draw] = []
    for draw in hold.draws:
        used = min(draw.amount, amount)
        if used:
            postings.append(Posting(draw.lot, HELD, SPENT, used))
            draws.append(Draw(draw.lot, used))
            amount -= used
        if used < draw.amount:
            postings.append(Posting(draw.lot, HELD, int(book.lots[draw.lot].home(now)), draw.amount - used))
    return postings, draws, amount


def _spend_free(book: Book, unit: str, request: Request, amount: int, now: int) -> tuple[list[Posting], int]:
    """Spend what is free in burn order, then beyond every lot: burnt tokens are never refused, overage is explicit."""
    postings: list[Posting] = []
    for lot in book.burnable(unit, request, now):
        if not amount:
            break
        part = min(lot.available, amount)
        postings.append(Posting(lot.terms.id, AVAILABLE, SPENT, part))
        amount -= part
    if amount:
        postings.append(Posting(BEYOND, OVERAGE, SPENT, amount))
    return postings, amount


def _void(book: Book, command: Void, content: str, now: int) -> Answer:
    hold, rejection = _open_hold(book, command)
    if rejection is not None or hold is None:
        return rejection or _invalid(command, "hold")
    return _give_back(book, hold, now, kind="void", command=command.id, content=content, note=command.reason)


def _give_back(book: Book, hold: Hold, at: int, *, kind: str, command: str, content: str, note: str = "") -> Applied:
    postings = [Posting(draw.lot, HELD, int(book.lots[draw.lot].home(at)), draw.amount) for draw in hold.draws]
    _end(book, hold, "expired" if kind == "lapse" else "voided", spent=0)
    return book.record(
        tuple(postings),
        command=command,
        content=content,
        kind=kind,
        unit=hold.unit,
        effective=at,
        hold=hold.id,
        note=note,
        answer=Applied(command, kind, hold.amount, hold.draws),
    )


def _abandon(book: Book, command: Abandon, content: str, now: int) -> Answer:
    hold, rejection = _open_hold(book, command)
    if rejection is not None or hold is None:
        return rejection or _invalid(command, "hold")
    return _lapse(book, hold, now, command=command.id, content=content)


def _lapse(book: Book, hold: Hold, at: int, *, command: str, content: str) -> Applied:
    """End a hold that nobody settled: by its policy a visible unresolved charge, or given back."""
    if hold.on_lapse == "released":
        return _give_back(book, hold, at, kind="lapse", command=command, content=content)
    amount = hold.amount
    _end(book, hold, "unresolved", spent=amount)
    note = hold.note or {}
    usage = Usage(
        status="unresolved",
        list_nanos=amount if hold.unit == "USD" else 0,
        at=hold.taken,
        provider=hold.request.provider,
        model=hold.request.model,
        purpose=hold.request.purpose,
        **{
            name: note[name] for name in ("request_id", "key", "dialect", "project", "session", "agent") if name in note
        },
    )
    return book.record(
        tuple(Posting(draw.lot, HELD, SPENT, draw.amount) for draw in hold.draws),
        command=command,
        content=content,
        kind="unresolved",
        unit=hold.unit,
        effective=at,
        hold=hold.id,
        usage=usage,
        answer=Applied(command, "unresolved", amount, hold.draws),
    )


def _charge(book: Book, command: Charge, content: str, now: int) -> Answer:
    if not 0 <= command.amount <= MAX_AMOUNT:
        return _invalid(command, f"amount: found {command.amount}, expected 0 to {MAX_AMOUNT} nano-units")
    postings, overage = _spend_free(book, command.unit, command.request, command.amount, now)
    _count(book, command.usage, command.amount)
    return book.record(
        tuple(postings),
        command=command.id,
        content=content,
        kind="charge",
        unit=command.unit,
        effective=now,
        usage=command.usage,
        note=command.note,
        answer=Applied(
            command.id,
            "charge",
            command.amount,
            tuple(Draw(posting.lot, posting.amount) for posting in postings if posting.lot),
            overage,
        ),
    )


def _correct(book: Book, command: Correct, content: str, now: int) -> Answer:
    history = book.charges.get(command.of)
    if not history:
        return Rejected(command.id, "no_such_charge", f"charge {command.of} is not known for {command.person}")
    if not 0 <= command.amount <= MAX_AMOUNT:
        return _invalid(command, f"amount: found {command.amount}, expected 0 to {MAX_AMOUNT} nano-units")
    spent = spending_of(history)
    difference = command.amount - sum(draw.amount for draw in spent)
    overage = 0
    if difference > 0:
        postings, overage = _spend_free(book, history[0].unit, _request_of(history[0]), difference, now)
    else:
        postings = _unwind(book, spent, -difference, now)
    usage = command.usage or _rescaled(history, command.amount)
    _count(book, usage, difference)
    answer = book.record(
        tuple(postings),
        command=command.id,
        content=content,
        kind="correct",
        unit=history[0].unit,
        effective=now,
        corrects=command.of,
        usage=usage,
        note=command.note,
        answer=Applied(
            command.id, "correct", difference, tuple(Draw(posting.lot, posting.amount) for posting in postings), overage
        ),
    )
    history.append(book.entries[-1])
    return answer


def spending_of(history: list[Entry]) -> list[Draw]:
    """What a charge and its corrections have spent by lot, in the order of drawing."""
    spent: list[Draw] = []
    for entry in history:
        for posting in entry.postings:
            if posting.destination == SPENT:
                spent.append(Draw(posting.lot, posting.amount))
            elif posting.source == SPENT:
                left = posting.amount
                for index in range(len(spent) - 1, -1, -1):
                    if spent[index].lot == posting.lot and left:
                        part = min(spent[index].amount, left)
                        spent[index] = Draw(posting.lot, spent[index].amount - part)
                        left -= part
    return [draw for draw in spent if draw.amount]


def _unwind(book: Book, spent: list[Draw], amount: int, now: int) -> list[Posting]:
    """Give back last-drawn first; what returns to a lot that is dead meanwhile stays dead."""
    postings = []
    for draw in reversed(spent):
        if not amount:
            break
        part = min(draw.amount, amount)
        home = OVERAGE if draw.lot == BEYOND else int(book.lots[draw.lot].home(now))
        postings.append(Posting(draw.lot, SPENT, home, part))
        amount -= part
    return postings


def _rescaled(history: list[Entry], amount: int) -> Usage:
    """The usage of a charge whose total is corrected without new figures: its values follow the total."""
    before = history[-1].usage or Usage()
    total = sum(draw.amount for draw in spending_of(history))
    cost = round_half_up_div(before.cost_nanos * amount, total) if total else before.cost_nanos
    value = round_half_up_div(before.list_nanos * amount, total) if total else amount
    return msgspec.structs.replace(before, status="corrected", list_nanos=value, cost_nanos=cost)


def _count(book: Book, usage: Usage | None, amount: int) -> None:
    """Keep the limit of the access key true that a charge without a hold came through."""
    if usage is not None and usage.key in book.caps:
        book.caps[usage.key].spent += amount


def _request_of(entry: Entry) -> Request:
    usage = entry.usage or Usage()
    return Request(usage.provider, usage.model, usage.purpose)


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
        note=command.note,
        answer=Applied(command.id, "revoke", amount, (Draw(command.lot, amount),)),
    )


def _tidy(book: Book, command: Tidy, content: str, now: int) -> Answer:
    return Applied(command.id, "tidy")


def _open_hold(book: Book, command: Settle | Void | Abandon) -> tuple[Hold | None, Rejected | None]:
    hold = book.holds.get(command.hold)
    if hold is None:
        return None, Rejected(command.id, "no_such_hold", f"hold {command.hold} is not known for {command.person}")
    if hold.state != "open":
        sentence = f"hold {command.hold} has ended already: {hold.state}"
        return None, Rejected(command.id, "hold_ended", sentence, state=hold.state)
    return hold, None


def _end(book: Book, hold: Hold, state: str, *, spent: int) -> None:
    hold.state = state
    hold.just_ended = True
    if hold.cap:
        cap = book.caps.get(hold.cap)
        if cap is not None:
            cap.held -= hold.amount
            cap.spent += spent


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
        Correct: _correct,
        Revoke: _revoke,
        Tidy: _tidy,
    },
)

__all__ = ["Lot", "apply", "content_of", "happen", "hold_size", "spending_of"]
