"""An installation elsewhere, as a command asks it: every answer of the REST API as the document that it would be here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bursar.calendar import micros, parse_instant, parse_zone
from bursar.cli.office import Document
from bursar.client import Client, operations, shapes
from bursar.errors import InvalidInput
from bursar.ledger import NEVER
from bursar.money import Amount, Unit, format_amount

UNIT = "USD"
BUCKETS = ("amount", "available", "held", "spent", "expired", "revoked")
OWN_GROUPS = ("model", "provider", "project", "purpose", "day", "key", "session", "agent")
HOUSE_GROUPS = ("provider", "model", "project", "purpose", "team", "day")
MYSELF = "@me"
PAGE = 500


class FarOffice:
    """Implements `Office` over a client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def now(self) -> int:
        return micros(datetime.now(UTC))

    def close(self) -> None:
        self.client.close()

    def balance(self, person: str, at: str) -> Document:
        found = self.client.send(operations.get_balance(person, at=at or None))
        return {
            "person": found.person,
            "name": found.name,
            "at": found.at,
            **_totals(found.total),
            "next_expiry": found.next_expiry,
            "days_left": found.days_left,
            "runs_out_at": found.runs_out,
            "forecast": found.forecast,
            "spent_by_day_nanos": [_nanos(one) for one in found.spent_by_day],
            "other_units": [_totals(one) for one in found.other_units],
            "lots": [_lot(one) for one in found.lots],
        }

    def statement(self, person: str, start: str, end: str) -> Document:
        usual, first = self._account(person, start, end, UNIT)
        others = [self._account(person, start, end, unit)[0] for unit in first.other_units if unit != UNIT]
        about = {"person": first.person, "from": first.starts, "until": first.ends}
        return {**about, **usual, "other_units": others}

    def _account(self, person: str, start: str, end: str, unit: str) -> tuple[Document, shapes.Statement]:
        call = operations.get_statement(person, from_=start or None, until=end or None, unit=unit, limit=PAGE)
        page = first = self.client.send(call)
        lines = [_line(one) for one in page.items]
        while page.next:
            page = self.client.send(call.after(page.next))
            lines += [_line(one) for one in page.items]
        ends = {"opening_nanos": _nanos(first.opening), "closing_nanos": _nanos(first.closing)}
        return {"unit": unit, **ends, "lines": lines}, first

    def usage(self, by: str, person: str, start: str, end: str) -> Document:
        known = OWN_GROUPS if person else HOUSE_GROUPS
        if by not in known:
            whose = "one person's" if person else "the house's, without --person"
            raise InvalidInput("by", repr(by), f"one of {', '.join(known)}: {whose}")
        return self._of_person(by, person, start, end) if person else self._of_house(by, start, end)

    def _of_person(self, by: Any, person: str, start: str, end: str) -> Document:
        def asked(group: Any, unit: str) -> shapes.Usage:
            return self.client.send(
                operations.get_usage(person, by=group, from_=start or None, until=end or None, unit=unit)
            )

        def told(unit: str) -> Document:
            return _sums(unit, asked(by, unit).items, asked("day", unit).items)

        first = asked(by, UNIT)
        days = asked("day", UNIT)
        about = {"by": by, "from": days.starts, "until": days.ends}
        others = [told(unit) for unit in first.other_units if unit != UNIT]
        return {**about, **_sums(UNIT, first.items, days.items), "other_units": others}

    def _of_house(self, by: Any, start: str, end: str) -> Document:
        def asked(group: Any) -> shapes.Spend:
            return self.client.send(operations.get_spend(by=group, from_=start or None, until=end or None))

        found = asked(by)
        about = {"by": by, "from": found.starts, "until": found.ends}
        return {**about, **_sums(UNIT, found.items, asked("day").items), "other_units": []}

    def keys(self, person: str) -> list[Document]:
        call = operations.list_keys(person, limit=PAGE) if person else operations.list_all_keys(limit=PAGE)
        return [_key(one) for one in self.client.each(call)]

    def issue_key(self, person: str, **terms: Any) -> Document:
        made = self.client.send(operations.issue_key(person, under=terms.pop("parent", ""), **terms))
        cap = _nanos(made.cap) if made.cap else 0
        return {"id": made.id, "person": made.person, "token": made.secret, "purpose": made.purpose, "cap_nanos": cap}

    def rotate_key(self, key: str, overlap_seconds: int) -> Document:
        made = self.client.send(operations.rotate_key(key, overlap_seconds=overlap_seconds))
        return {"id": made.id, "person": made.person, "token": made.secret, "purpose": made.purpose}

    def pause_key(self, key: str) -> None:
        self.client.send(operations.pause_key(key))

    def resume_key(self, key: str) -> None:
        self.client.send(operations.resume_key(key))

    def revoke_key(self, key: str) -> None:
        self.client.send(operations.revoke_key(key))

    def ask(self, person: str, amount: str, reason: str, grant: str) -> Document:
        return _topup(self.client.send(operations.ask_for_more(person, amount, reason=reason, grant=grant)))

    def decide(self, request: str, by: str, approve: bool, note: str) -> Document:
        if by:
            raise InvalidInput("by", repr(by), "nothing: whose token it is decides")
        call = operations.approve_topup if approve else operations.deny_topup
        return _topup(self.client.send(call(request, note=note)))

    def withdraw(self, request: str) -> None:
        self.client.send(operations.withdraw_topup(request))

    def topups(self, person: str, waiting_for: str) -> list[Document]:
        if waiting_for not in ("", MYSELF):
            raise InvalidInput("waiting-for", repr(waiting_for), f"{MYSELF}: what waits for whose token it is")
        call = operations.list_topups(waiting_for_me=bool(waiting_for) or None, limit=PAGE)
        found = [_topup(one) for one in self.client.each(call)]
        who = self.client.send(operations.get_person(person)).handle if person else ""
        return [one for one in found if who in ("", one["person"])]

    def plans(self) -> list[Document]:
        found: list[Document] = []
        for newest in self.client.each(operations.list_plans(limit=PAGE)):
            listed = self.client.each(operations.list_plan_versions(newest.name, limit=PAGE))
            found += [
                _version(self.client.send(operations.get_plan_version(newest.name, one.version))) for one in listed
            ]
        return found

    def plan(self, name: str, version: int) -> Document:
        found = self.client.send(operations.get_plan_version(name, version) if version else operations.get_plan(name))
        sheet = asdict(self.client.send(operations.get_fact_sheet(name)))
        digest = sheet.pop("digest")
        facts = {**sheet, "version": digest, "missing": list(sheet["missing"])}
        return {"terms": found.terms, "facts": facts, "document": found.document}

    def exposure(self, unit: str) -> Document:
        found = self.client.send(operations.get_exposure(unit=unit))
        names = ("promised", "available", "held", "spent", "expired", "revoked", "rolled", "overage")
        return {"unit": unit, **{f"{name}_nanos": _nanos(getattr(found, name)) for name in names}}


def _nanos(amount: shapes.Amount) -> int:
    return int(amount.nanos)


def _micros(text: str | None, never: int = 0) -> int:
    return never if text is None else micros(parse_instant(text, parse_zone("UTC")))


def _totals(found: shapes.Totals) -> Document:
    names = ("available", "held", "spent", "amount")
    return {"unit": found.unit, **{f"{name}_nanos": _nanos(getattr(found, name)) for name in names}}


def _lot(one: shapes.Lot) -> Document:
    return {
        "lot": one.id,
        "grant": one.grant,
        "label": one.label,
        "unit": one.amount.unit,
        **{f"{name}_nanos": _nanos(getattr(one, name)) for name in BUCKETS},
        "effective_micros": _micros(one.opens),
        "expires_micros": _micros(one.expires, NEVER),
        "expires": one.expires,
        "priority": one.priority,
        "scope": one.scope,
        "open": one.open,
    }


def _line(one: shapes.StatementLine) -> Document:
    return {
        "seq": one.seq,
        "at": one.at,
        "at_micros": _micros(one.at),
        "kind": one.kind,
        "what": one.what,
        "change_nanos": _nanos(one.change),
        "spent_nanos": _nanos(one.spent),
        "balance_nanos": _nanos(one.balance),
        "list_nanos": None if one.list_price is None else _nanos(one.list_price),
        "cost_nanos": None,
        "status": one.status,
        "request_id": one.request_id,
        "tokens": one.tokens,
        "note": one.note,
    }


def _sums(
    unit: str, items: Iterable[shapes.Sums | shapes.HouseSums], days: Iterable[shapes.Sums | shapes.HouseSums]
) -> Document:
    """Rows as they are told here; days without use are left out of the line."""
    by_day = sorted((one.key, _nanos(one.amount)) for one in days)
    return {
        "unit": unit,
        "spent_by_day_nanos": [amount for _, amount in by_day],
        "rows": [
            {
                "key": one.name if isinstance(one, shapes.Sums) else one.key,
                "requests": one.requests,
                "input_tokens": one.input_tokens or 0,
                "cached_tokens": one.cached_tokens or 0,
                "output_tokens": one.output_tokens or 0,
                "amount_nanos": _nanos(one.amount),
                "list_nanos": _nanos(one.list_price) if one.list_price else None,
                "cost_nanos": _nanos(one.cost) if isinstance(one, shapes.HouseSums) and one.cost else None,
                "overage_nanos": _nanos(one.overage) if one.overage else None,
            }
            for one in items
        ],
    }


def _key(one: shapes.Key) -> Document:
    return {
        "id": one.id,
        "hint": one.hint,
        "person": one.person,
        "label": one.label,
        "purpose": one.purpose,
        "project": one.project,
        "models": list(one.models),
        "cap_nanos": _nanos(one.cap) if one.cap else 0,
        "parent": one.parent,
        "requests_per_minute": one.requests_per_minute,
        "tokens_per_minute": one.tokens_per_minute,
        "expires_micros": _micros(one.expires),
        "created_micros": _micros(one.created),
        "state": one.state,
    }


def _topup(one: shapes.TopUp) -> Document:
    return {
        "id": one.id,
        "person": one.person,
        "grant": one.grant,
        "amount_nanos": _nanos(one.amount),
        "unit": one.amount.unit,
        "amount": format_amount(Amount(_nanos(one.amount), Unit(one.amount.unit))),
        "reason": one.reason,
        "state": one.state,
        "waits_for": one.waits_for or "",
        "approved_by": list(one.approved_by),
        "created_micros": _micros(one.created),
        "expires_micros": _micros(one.expires),
        "decided_micros": _micros(one.decided),
        "decided_by": one.decided_by or "",
        "note": one.note,
    }


def _version(one: shapes.PlanTerms) -> Document:
    return {
        "plan": one.name,
        "version": one.version,
        "effective_micros": _micros(one.effective),
        "effective_day": one.effective_day,
        "title": one.title,
        "class": one.plan_class,
        "digest": one.digest,
        "actor": one.by,
        "note": one.note,
        "terms": one.terms,
    }
