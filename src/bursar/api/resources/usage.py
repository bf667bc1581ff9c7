"""Usage: where it went, of a person and of the house; and usage that no gateway sees, coming in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from bursar.api.calls import Called
from bursar.api.limits import MAX_DATE_CHARS, MAX_EVENTS_BYTES, MAX_TEXT_CHARS
from bursar.api.resources.wallet import MAX_UNIT_CHARS
from bursar.api.routes import Resource
from bursar.api.shapes import Amount, Day, Document, Instant, amount_of, instant, said
from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.ledger.session import MICROS_PER_DAY
from bursar.money import Unit
from bursar.office import access
from bursar.office.database import reading
from bursar.office.figures import house_spending, reports, spending, team_use
from bursar.office.metering import running, usage_events

USAGE = Resource("Usage", "Where it went, of people and of the house; usage that no gateway sees, recorded once.")
COST = access.action("cost.read")
CLOUD_EVENTS = "application/cloudevents+json"
CLOUD_EVENTS_BATCH = "application/cloudevents-batch+json"
EXAMPLE_EVENT = {
    "specversion": "1.0",
    "type": "dev.bursar.usage.v1",
    "source": "cluster-1",
    "id": "job-4711",
    "subject": "ada",
    "time": "2026-11-20T15:00:00Z",
    "data": {"amount": "1.5 GPU-h", "product": "h100", "project": "search"},
}

OwnGroup = Literal["model", "provider", "project", "purpose", "day", "key", "session", "agent"]
HouseGroup = Literal["provider", "model", "project", "purpose", "team", "day"]
From = Annotated[
    str,
    Query(alias="from", description="First day in UTC; without it, 29 days ago.", max_length=MAX_DATE_CHARS),
]
Until = Annotated[str, Query(description="End, exclusive; without it, tomorrow.", max_length=MAX_DATE_CHARS)]
InUnit = Annotated[str, Query(description="Which unit.", max_length=MAX_UNIT_CHARS)]


class Sums(Document):
    """Totals of a group."""

    key: str = said("What the group is: a model, a project, a day ...", "claude-sonnet-4-5")
    name: str = said("The same as people call it: a key by its label.", "claude-sonnet-4-5")
    requests: int = said("Requests.", 120)
    input_tokens: int | None = said("Input tokens, null where they are not counted by group.", 48_000)
    cached_tokens: int | None = said("Of these, read from a cache.", 12_000)
    output_tokens: int | None = said("Output tokens.", 9_100)
    amount: Amount = Field(description="What was charged.")
    list_price: Amount | None = Field(description="Its value at list price, USD.")
    overage: Amount | None = Field(description="Of what was charged, what no lot covered.")


class Usage(Document):
    """Where somebody's allotment went."""

    person: str = said("Handle.", "ada")
    by: str = said("What it is grouped by.", "model")
    starts: Instant = said("First instant.", "2026-10-22T00:00:00Z")
    ends: Instant = said("End, exclusive.", "2026-11-21T00:00:00Z")
    unit: str = said("The unit.", "USD")
    other_units: list[str] = Field(description="Units with usage of their own.", examples=[["gpu-h:h100"]])
    complete: bool = said("False where only the newest charges were looked at.", True)
    items: list[Sums] = Field(description="Most first.")


class HouseSums(Document):
    """Totals of a group."""

    key: str = said("What the group is.", "platform")
    people: int = said("How many people it is made of.", 12)
    merged: int = said("Above zero: so many groups of fewer than five people, told together.", 0)
    requests: int = said("Requests.", 4200)
    input_tokens: int = said("Input tokens.", 9_400_000)
    cached_tokens: int = said("Of these, read from a cache.", 2_000_000)
    output_tokens: int = said("Output tokens.", 800_000)
    amount: Amount = Field(description="What was charged.")
    list_price: Amount = Field(description="Its value at list price, USD.")
    cost: Amount | None = Field(description="What the organisation pays for it; null without the right `cost.read`.")
    overage: Amount = Field(description="What no lot covered.")


class Spend(Document):
    """Where the money of the house goes, without saying who."""

    by: str = said("What it is grouped by.", "team")
    starts: Day = said("First day.", "2026-10-22")
    ends: Day = said("End, exclusive.", "2026-11-21")
    unit: str = said("The unit.", "USD")
    people: int = said("Who used anything, in all.", 40)
    items: list[HouseSums] = Field(description="Most first.")


class TeamShare(Document):
    """What a model or project took of a team."""

    key: str = said("A model or project; empty: those that fewer than five people used.", "claude-sonnet-4-5")
    people: int = said("How many people used it.", 6)
    amount: Amount = Field(description="What they used.")


class TeamMix(Document):
    """What a team uses and on what, without telling anybody apart. Empty for a team of fewer than five."""

    people: int = said("How many they are.", 8)
    days: int = said("Of so many days.", 28)
    by_day: list[Amount] = Field(description="The oldest day first; today is not over.")
    items: list[TeamShare] = Field(description="Most first.")


class Flight(Document):
    """A request in flight."""

    id: str = said("Of its hold.", "hold_5f0e6a1c")
    model: str = said("The model.", "claude-sonnet-4-5")
    held: Amount = Field(description="What it may still cost.")
    since: Instant = said("Since when.", "2026-11-20T09:00:00Z")
    key: str = said("Id of the key.", "key_5f0e6a1c2b3d")
    session: str = said("The agent's session; may be empty.", "migration-7")
    agent: str = said("The agent; may be empty.", "reviewer")


class Running(Document):
    """What a person's agents are doing right now."""

    held: Amount = Field(description="Held by all requests in flight.")
    items: list[Flight] = Field(description="Requests in flight.")


class Recorded(Document):
    """An event, as it was recorded."""

    source: str = said("Who said it.", "cluster-1")
    id: str = said("Its id within the source.", "job-4711")
    person: str = said("Handle.", "ada")
    at: Instant = said("When it was used.", "2026-11-20T15:00:00Z")
    model: str = said("Model, product or accelerator.", "h100")
    purpose: str = said("work, learning, personal or production.", "work")
    project: str = said("Project.", "search")
    amount: Amount = Field(description="What was used.")
    overage: Amount = Field(description="What no lot covered.")
    late: bool = said("Charged to the present, since its period is closed.", False)
    repeated: bool = said("It was recorded before, and nothing was done now.", False)


class Recording(Document):
    """A batch of events: all of it, or an error."""

    recorded: int = said("Events that are new.", 1)
    repeated: int = said("Events that were recorded before.", 0)
    dry_run: bool = said("Whether it was only checked.", False)
    items: list[Recorded] = Field(description="Every event.")


@USAGE.get("/people/{person}/usage", "getUsage", "Where somebody's allotment went", action="usage.read", whose="person")
def get_usage(
    call: Called,
    by: Annotated[OwnGroup, Query(description="What to group by.")] = "model",
    start: From = "",
    until: Until = "",
    unit: InUnit = reports.UNIT,
) -> Usage:
    """By model, provider, project, purpose or day for any time; by key, session or agent for the last 30 days in USD."""
    Unit(unit)
    with call.desk() as desk:
        handle = desk.person(call.person)["handle"]
        if by in spending.GROUPS:
            if start or until or unit != reports.UNIT:
                raise InvalidInput("by", repr(by), "no other time and unit with it: it is of the last 30 days in USD")
            found = spending.spending(desk, call.person, by)
            days = reports.usage(desk, "day", person=call.person)
            return Usage(
                person=handle,
                by=by,
                starts=days["from"],
                ends=days["until"],
                unit=unit,
                other_units=[],
                complete=found["complete"],
                items=[_charges(one) for one in found["rows"]],
            )
        told = reports.usage(desk, by, person=call.person, start=start, end=until)
    chosen: dict[str, Any] = next((one for one in (told, *told["other_units"]) if one["unit"] == unit), {"rows": []})
    return Usage(
        person=handle,
        by=by,
        starts=told["from"],
        ends=told["until"],
        unit=unit,
        other_units=[one["unit"] for one in (told, *told["other_units"]) if one["unit"] != unit],
        complete=True,
        items=[_sums(one, unit) for one in chosen["rows"]],
    )


@USAGE.get("/usage", "getSpend", "Where the money of the house goes", action="spend.read", whose="house")
def get_spend(
    call: Called,
    by: Annotated[HouseGroup, Query(description="What to group by.")] = "team",
    start: From = "",
    until: Until = "",
    unit: InUnit = reports.UNIT,
) -> Spend:
    """Totals without people; groups of fewer than five people are told together."""
    Unit(unit)
    with call.desk() as desk:
        first, end = house_spending.days(desk, start, until)
        found = house_spending.spend(desk, by, first, end, unit).value
    costs = call.may(COST)
    return Spend(
        by=by,
        starts=_day(first),
        ends=_day(end),
        unit=unit,
        people=found.people,
        items=[_house(one, unit, costs) for one in found.groups],
    )


@USAGE.get("/team/mix", "getTeamMix", "What a team uses, and on what", action="mix.read", whose="reached")
def get_team_mix(
    call: Called, by: Annotated[Literal["model", "project"], Query(description="What to group by.")] = "model"
) -> TeamMix:
    """Of those whom the right reaches: a manager's team, an auditor's everybody. In USD."""
    with reading(call.desks.engine) as connection:
        ids = [one["id"] for one in call.reached(connection)]
        call.look_at(connection, ids)
    with call.desk() as desk:
        few = len(ids) < team_use.LEAST
        days = [] if few else team_use.by_day(desk, ids, call.now)
        shares = team_use.mix(desk, ids, by, call.now)
    return TeamMix(
        people=len(ids),
        days=team_use.DAYS,
        by_day=[amount_of(one) for one in days],
        items=[TeamShare(key=one.key, people=one.people, amount=amount_of(one.amount)) for one in shares],
    )


@USAGE.get(
    "/people/{person}/running", "getRunning", "What somebody's agents do now", action="running.read", whose="person"
)
def get_running(call: Called) -> Running:
    """Requests in flight and what each may still cost. Nothing of what they say: that is never stored."""
    with call.desk() as desk:
        found = running.running(desk, call.person)
    return Running(
        held=amount_of(found["held_nanos"]),
        items=[
            Flight(
                id=one["id"],
                model=one["model"],
                held=amount_of(one["held_nanos"]),
                since=instant(one["since_micros"]),
                key=one["key"],
                session=one["session"],
                agent=one["agent"],
            )
            for one in found["flights"]
        ],
    )


@USAGE.post(
    "/usage-events",
    "recordUsage",
    "Record usage that no gateway sees",
    action="usage.record",
    whose="house",
    takes=(CLOUD_EVENTS_BATCH, CLOUD_EVENTS, "application/json", "text/csv"),
    max_bytes=MAX_EVENTS_BYTES,
    body="events",
    example={
        CLOUD_EVENTS_BATCH: [EXAMPLE_EVENT],
        CLOUD_EVENTS: EXAMPLE_EVENT,
        "application/json": [EXAMPLE_EVENT],
        "text/csv": "id,person,amount,time,model\njob-4711,ada,1.5 GPU-h,2026-11-20T15:00:00Z,h100\n",
    },
)
def record_usage(
    call: Called,
    source: Annotated[
        str, Query(description="Who says so, for CSV; events name theirs.", max_length=MAX_TEXT_CHARS)
    ] = usage_events.LINE_SOURCE,
    dry_run: Annotated[bool, Query(description="Only check.")] = False,
) -> Recording:
    """CloudEvents 1.0 (one, or a batch) of type `dev.bursar.usage.v1`, or CSV with a header. The whole batch is recorded, or
    nothing of it. An event is named by its source and its id: the same again changes nothing and says so, other content
    under the same name is a conflict."""
    with call.desk() as desk:
        found = usage_events.record_text(desk, call.body, source=source, dry_run=dry_run)
    return Recording(
        recorded=found["recorded"],
        repeated=found["repeated"],
        dry_run=found["dry_run"],
        items=[_recorded(one) for one in found["events"]],
    )


def _sums(row: dict[str, Any], unit: str) -> Sums:
    return Sums(
        key=row["key"],
        name=row["key"],
        requests=row["requests"],
        input_tokens=row["input_tokens"],
        cached_tokens=row["cached_tokens"],
        output_tokens=row["output_tokens"],
        amount=amount_of(row["amount_nanos"], unit),
        list_price=amount_of(row["list_nanos"]),
        overage=amount_of(row["overage_nanos"], unit),
    )


def _charges(row: dict[str, Any]) -> Sums:
    return Sums(
        key=row["key"],
        name=row["name"],
        requests=row["requests"],
        input_tokens=None,
        cached_tokens=None,
        output_tokens=None,
        amount=amount_of(row["amount_nanos"]),
        list_price=None,
        overage=None,
    )


def _house(one: house_spending.Group, unit: str, costs: bool) -> HouseSums:
    sums = one.sums
    return HouseSums(
        key=one.key,
        people=one.people,
        merged=one.merged,
        requests=sums.requests,
        input_tokens=sums.input_tokens,
        cached_tokens=sums.cached_tokens,
        output_tokens=sums.output_tokens,
        amount=amount_of(sums.amount, unit),
        list_price=amount_of(sums.list_nanos),
        cost=amount_of(sums.cost_nanos) if costs else None,
        overage=amount_of(sums.overage, unit),
    )


def _day(day: int) -> str:
    return from_micros(day * MICROS_PER_DAY).date().isoformat()


def _recorded(row: dict[str, Any]) -> Recorded:
    names = ("source", "id", "person", "at", "model", "purpose", "project", "late", "repeated")
    return Recorded(
        **{name: row[name] for name in names},
        amount=amount_of(row["amount_nanos"], row["unit"]),
        overage=amount_of(row["overage_nanos"], row["unit"]),
    )
