"""The columns of the ledger's tables, and what becomes of their rows in memory."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import msgspec

from bursar.ledger.commands import Applied
from bursar.ledger.corrections import CHARGE_KINDS
from bursar.ledger.values import (
    FUNDING,
    HELD,
    OPEN_SCOPE,
    SPENT,
    Draw,
    Entry,
    Hold,
    HoldTerms,
    Lot,
    LotTerms,
    Request,
    Rollover,
    Scope,
    Usage,
)

LOT = (
    "person, id, unit, amount, effective, expires, priority, promotional, scope, grant_id, parent, label, revoked_at, "
    "available, held, spent, expired, revoked, rolled, roll"
)
HOLD = "person, id, unit, draws, taken, expires, on_lapse, node, cap, request, note, state, charge"
CAP = "person, id, unit, ceiling, held, spent"
ENTRY = "seq, command, content, kind, person, unit, effective, recorded, hold, corrects, note, prior"
POSTING = "seq, line, lot, source, destination, amount"
CHARGE = (
    "seq, person, unit, amount, overage, at, request_id, access_key, provider, model, dialect, purpose, project, session, "
    "agent, service_tier, price_version, status, tokens, list_nanos, cost_nanos"
)
SEAL = "batch, first_seq, last_seq, recorded, body, hash"

_to_json = msgspec.json.Encoder().encode
_draws = msgspec.json.Decoder(tuple[Draw, ...]).decode
_request = lru_cache(maxsize=4096)(msgspec.json.Decoder(Request).decode)
"""Requests of the same model by the same purpose are many; a value that never changes is read once."""
_roll = msgspec.json.Decoder(Rollover).decode
_scope = msgspec.json.Decoder(Scope).decode
_tokens = msgspec.json.Decoder(dict[str, int]).decode
_SCOPE_OPEN_TEXT = _to_json(OPEN_SCOPE).decode()


def lot_terms(row: tuple[Any, ...]) -> LotTerms:
    scope = OPEN_SCOPE if row[8] == _SCOPE_OPEN_TEXT else _scope(row[8])
    roll = _roll(row[19]) if row[19] else None
    return LotTerms(row[1], row[2], row[3], row[4], row[5], row[6], bool(row[7]), scope, row[9], row[10], row[11], roll)


def lot_of(row: tuple[Any, ...]) -> Lot:
    return Lot(
        lot_terms(row),
        revoked_at=row[12],
        available=row[13],
        held=row[14],
        spent=row[15],
        expired=row[16],
        revoked=row[17],
        rolled=row[18],
    )


def lot_row(person: str, lot: Lot) -> tuple[Any, ...]:
    return (
        person,
        *_promised(lot.terms),
        lot.revoked_at,
        lot.available,
        lot.held,
        lot.spent,
        lot.expired,
        lot.revoked,
        lot.rolled,
        _roll_text(lot.terms),
    )


def _promised(terms: LotTerms) -> tuple[Any, ...]:
    scope = _SCOPE_OPEN_TEXT if terms.scope is OPEN_SCOPE else _to_json(terms.scope).decode()
    return (
        terms.id,
        terms.unit,
        terms.amount,
        terms.effective,
        terms.expires,
        terms.priority,
        int(terms.promotional),
        scope,
        terms.grant,
        terms.parent,
        terms.label,
    )


def _roll_text(terms: LotTerms) -> str:
    return "" if terms.roll is None else _to_json(terms.roll).decode()


@lru_cache(maxsize=4096)
def _request_text(request: Request) -> str:
    return _to_json(request).decode()


def hold_terms(row: tuple[Any, ...]) -> HoldTerms:
    note = json.loads(row[10]) if row[10] else None
    return HoldTerms(row[5], row[6], row[7], row[8], _request(row[9]), note)


def hold_of(row: tuple[Any, ...]) -> Hold:
    draws = _draws(row[3])
    return Hold(
        row[1],
        unit=row[2],
        draws=draws,
        amount=sum([draw.amount for draw in draws]),
        taken=row[4],
        terms=hold_terms(row),
        state=row[11],
        charge=row[12],
    )


def hold_row(person: str, hold: Hold) -> tuple[Any, ...]:
    return (
        person,
        hold.id,
        hold.unit,
        _to_json(hold.draws).decode(),
        hold.taken,
        *_taken_for(hold.terms),
        hold.state,
        hold.charge,
    )


def _taken_for(terms: HoldTerms) -> tuple[Any, ...]:
    note = "" if terms.note is None else _to_json(terms.note).decode()
    return (terms.expires, terms.on_lapse, terms.node, terms.cap, _request_text(terms.request), note)


def terms_row(terms: LotTerms | HoldTerms | None) -> tuple[Any, ...]:
    """What was promised, or what was reserved, in the order of its columns; nothing for other entries."""
    if isinstance(terms, HoldTerms):
        return _taken_for(terms)
    if terms is None:
        return ()
    return _promised(terms) if terms.roll is None else (*_promised(terms), _roll_text(terms))


def entry_row(seq: int, recorded: int, prior: int, entry: Entry) -> tuple[Any, ...]:
    return (
        seq,
        entry.command,
        entry.content,
        entry.kind,
        entry.person,
        entry.unit,
        entry.effective,
        recorded,
        entry.hold,
        entry.corrects,
        entry.note,
        prior,
    )


def net(entry: Entry) -> tuple[int, int]:
    """What an entry adds to the spending, and how much of that lies beyond every lot; corrections may subtract."""
    spent = overage = 0
    for posting in entry.postings:
        if posting.destination == SPENT:
            amount = posting.amount
        elif posting.source == SPENT:
            amount = -posting.amount
        else:
            continue
        spent += amount
        if not posting.lot:
            overage += amount
    return spent, overage


def charge_row(seq: int, entry: Entry) -> tuple[Any, ...]:
    """The charge that an entry makes; nothing if it makes none."""
    usage = entry.usage
    if usage is None:
        return ()
    spent, overage = net(entry)
    return (
        seq,
        entry.person,
        entry.unit,
        spent,
        overage,
        usage.at,
        usage.request_id,
        usage.key,
        usage.provider,
        usage.model,
        usage.dialect,
        usage.purpose,
        usage.project,
        usage.session,
        usage.agent,
        usage.service_tier,
        usage.price_version,
        usage.status,
        _to_json(usage.tokens).decode(),
        usage.list_nanos,
        usage.cost_nanos,
    )


def usage_of(row: tuple[Any, ...]) -> Usage:
    return Usage(
        request_id=row[6],
        key=row[7],
        provider=row[8],
        model=row[9],
        dialect=row[10],
        purpose=row[11],
        project=row[12],
        session=row[13],
        agent=row[14],
        service_tier=row[15],
        price_version=row[16],
        status=row[17],
        tokens=_tokens(row[18]),
        list_nanos=row[19],
        cost_nanos=row[20],
        at=row[5],
    )


def answer_of(entry: Entry) -> Applied:
    """The first answer to a command, read back from what it moved."""
    command, kind = entry.command, entry.kind
    spent = [posting for posting in entry.postings if posting.destination == SPENT]
    overage = sum(posting.amount for posting in spent if not posting.lot)
    if kind == "correct":
        back = sum(posting.amount for posting in entry.postings if posting.source == SPENT)
        draws = tuple(Draw(posting.lot, posting.amount) for posting in entry.postings)
        return Applied(command, kind, sum(posting.amount for posting in spent) - back, draws, overage)
    moved = entry.postings
    if kind in CHARGE_KINDS:
        moved = tuple(spent)
    elif kind == "roll":
        moved = tuple(posting for posting in entry.postings if posting.source == FUNDING)
    elif kind in ("void", "lapse"):
        moved = tuple(posting for posting in entry.postings if posting.source == HELD)
    draws = tuple(Draw(posting.lot, posting.amount) for posting in moved if posting.lot)
    return Applied(command, kind, sum(posting.amount for posting in moved), draws, overage)
