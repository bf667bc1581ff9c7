"""What falls due, as documents: events of the calendar, and what a change adds to them and takes from them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bursar.api.shapes import Amount, Day, Document, Instant, amount_of, instant, said


class Event(Document):
    """Something that falls due."""

    person: str | None = said("Whose it is, where several people's are told.", "ada", None)
    grant: str = said("Id of the grant; empty for a seat.", "grt_5f0e6a1c2b3d")
    seat: str = said("Id of the seat; empty for a grant.", "seat_5f0e6a1c2b3d", "")
    event: str = said("release, vest, adjust, reduce, end, tail or seat.", "release")
    period: str = said("The period that it belongs to.", "2026-12")
    day: Day = said("In the plan's time zone.", "2026-12-01")
    at: Instant = said("The instant.", "2026-12-01T00:00:00Z")
    amount: Amount = Field(description="What it is about.")
    expires: Day | None = said("When what is released expires.", "2027-01-01", None)
    sentence: str = said("In words.", "$500.00 released, until 2027-01-01")
    evidence: str = said("The rule behind it.", "")


class ChangeOfCalendar(Document):
    """What a change of a grant adds to the calendar of the year after it, and takes from it."""

    grant: str = said("Id of the grant.", "grt_5f0e6a1c2b3d")
    person: str = said("Handle.", "ada")
    gone: list[Event] = Field(description="What would have come and does not any more.")
    coming: list[Event] = Field(description="What comes instead.")
    dry_run: bool = said("Whether it was only worked out.", False)
    kind: str | None = said("Of an amendment: improve, adjust or reduce.", "reduce", None)
    starts: Day | None = said("Of an amendment: the day from which the new terms hold.", "2027-01-01", None)
    before: str | None = said("Of an amendment: the terms until then.", "$500 every month", None)
    after: str | None = said("Of an amendment: the terms from then on.", "$300 every month", None)
    tier: str | None = said("Of an amendment: the tier.", "senior", None)


def event_of(found: dict[str, Any]) -> Event:
    return Event(
        person=found.get("person"),
        grant=found["grant"],
        seat=found.get("seat", ""),
        event=found["event"],
        period=found["period"],
        day=found["at"],
        at=instant(found["at_micros"]),
        amount=amount_of(found["amount_nanos"], found["unit"]),
        expires=found["expires"],
        sentence=found["sentence"],
        evidence=found["evidence"],
    )


def change_of(found: dict[str, Any]) -> ChangeOfCalendar:
    return ChangeOfCalendar(
        grant=found["grant"],
        person=found["person"],
        gone=[event_of(one) for one in found["gone"]],
        coming=[event_of(one) for one in found["coming"]],
        dry_run=found["dry_run"],
        kind=found.get("kind"),
        starts=found.get("from"),
        before=found.get("before"),
        after=found.get("after"),
        tier=found.get("tier"),
    )
