"""The installation on this machine, as a command asks it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bursar.cli.office import Document
from bursar.errors import InvalidInput
from bursar.office.database import reading
from bursar.office.desk import Desk
from bursar.office.figures import reports, usage_sums
from bursar.office.granting import outlook, topups
from bursar.office.terms import plans
from bursar.plans.factsheet import fact_sheet
from bursar.plans.terms import plain

NEWEST = 2**61
"""An instant by which every version is in force."""


class HereOffice:
    """Implements `Office` over an opened desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def now(self) -> int:
        return self.desk.now()

    def close(self) -> None:
        self.desk.close()

    def balance(self, person: str, at: str) -> Document:
        return reports.balance(self.desk, person, at)

    def statement(self, person: str, start: str, end: str) -> Document:
        return reports.statement(self.desk, person, start, end)

    def usage(self, by: str, person: str, start: str, end: str) -> Document:
        return reports.usage(self.desk, by, person=person, start=start, end=end)

    def keys(self, person: str) -> list[Document]:
        return self.desk.keys(person)

    def issue_key(self, person: str, **terms: Any) -> Document:
        return self.desk.issue_key(person, **terms)

    def rotate_key(self, key: str, overlap_seconds: int) -> Document:
        return self.desk.rotate_key(key, overlap_seconds=overlap_seconds)

    def pause_key(self, key: str) -> None:
        self.desk.pause_key(key)

    def resume_key(self, key: str) -> None:
        self.desk.resume_key(key)

    def revoke_key(self, key: str) -> None:
        self.desk.revoke_key(key)

    def ask(self, person: str, amount: str, reason: str, grant: str) -> Document:
        return topups.request(self.desk, person, amount, reason=reason, grant_id=grant)

    def decide(self, request: str, by: str, approve: bool, note: str) -> Document:
        if not by:
            raise InvalidInput("by", "nothing", "--by: who decides, one of the plan's approvers")
        return topups.decide(self.desk, request, by=by, approve=approve, note=note)

    def withdraw(self, request: str) -> None:
        topups.withdraw(self.desk, request)

    def topups(self, person: str, waiting_for: str) -> list[Document]:
        return topups.listed(self.desk, person=person, approver=waiting_for)

    def plans(self) -> list[Document]:
        with reading(self.desk.engine) as connection:
            found = plans.versions(connection)
        return [
            {
                "plan": one.name,
                "version": one.number,
                "effective_micros": one.effective,
                "effective_day": outlook.local_day(one.effective, one.plan),
                "title": one.plan.title,
                "class": one.plan.plan_class,
                "digest": one.plan.digest,
                "actor": one.actor,
                "note": one.note,
                "terms": plain(one.plan),
            }
            for one in found
        ]

    def plan(self, name: str, version: int) -> Document:
        with reading(self.desk.engine) as connection:
            found = plans.numbered(connection, name, version) if version else plans.in_force(connection, name, NEWEST)
            sheet = fact_sheet(topups.measured(connection, found.plan))
        return {"terms": plain(found.plan), "facts": sheet.as_json(), "document": found.document}

    def exposure(self, unit: str) -> Document:
        found = self.desk.store.read(lambda session: usage_sums.exposure(session, unit))
        return {"unit": unit, **{f"{name}_nanos": nanos for name, nanos in asdict(found).items()}}
