"""Prices: what does a model cost, since when, and what do we pay?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path, Query
from starlette.responses import Response

from bursar.console.organisation.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, InvalidInput
from bursar.office import months
from bursar.office.access import action, reach
from bursar.office.catalogue import price_history
from bursar.office.catalogue.price_history import CONFIDENTIAL, Rates, public_sentence, sentence
from bursar.office.database import reading
from bursar.office.figures import house_spending

READ = action("price.read")
CHANGE = action("price.change")
COST = action("cost.read")
SPEND = action("spend.read")
PATH = "/prices"
USUAL = 10
"""Models that are shown before anything is looked for: those that most was spent on."""
FALLBACK = ("claude-sonnet-4-5", "gpt-5", "gemini-2.5-pro")
COLUMNS = (
    ("Input", "input"),
    ("Cached input", "cache read"),
    ("Cache writing", "cache write 5m"),
    ("Output", "output"),
)
"""Kinds of tokens that have a column, as people say them and as the price book does."""
KINDS = {
    "discount": "A discount on list price",
    "contract": "Contract rates: what we pay",
    "own": "Rates of our own model: what people are charged",
}
FIELDS = (
    "kind",
    "provider",
    "model",
    "discount",
    "input_rate",
    "output_rate",
    "cost_input",
    "cost_output",
    "starts",
    "ends",
    "note",
)

Text = Annotated[str, Form(max_length=300)]


@AREA.page(PATH, name="Prices", question="What does a model cost?", action="price.read", whose="house")
def page(visit: Visit, find: Annotated[str, Query(max_length=100)] = "", done: str = "") -> Response:
    visit.require(READ)
    costs = _sees(visit)
    with visit.desk() as desk:
        if find.strip():
            rows = price_history.rates_of(desk, find.strip(), visit.now)
        else:
            kinds = {one["kind"] for one in desk.providers()}
            rows = [
                row
                for name in _usual(visit, desk)
                for row in price_history.rates_of(desk, name, visit.now, kinds, exact=True)
            ]
    with reading(visit.caller.desks.engine) as connection:
        laid = price_history.in_force(connection)
        version = price_history.book(connection).version
    return visit.show(
        "organisation/prices.html",
        models=_by_model(rows),
        columns=COLUMNS,
        laid=[(one, sentence(one)) for one in laid if costs or one["kind"] not in CONFIDENTIAL],
        version=version,
        find=find,
        costs=costs,
        may_change="organisation" in reach(visit.actor, CHANGE),
        done=done,
        path=PATH,
    )


@AREA.page(
    f"{PATH}/history",
    name="Price history",
    question="Which prices held since when?",
    action="price.read",
    whose="house",
    in_menu=False,
)
def history(visit: Visit) -> Response:
    visit.require(READ)
    said = sentence if _sees(visit) else public_sentence
    with reading(visit.caller.desks.engine) as connection:
        found = price_history.versions(connection)
    return visit.show(
        "organisation/price_history.html",
        versions=[(one, [said(document) for document in one.added]) for one in found],
        path=PATH,
    )


@AREA.page(
    PATH + "/history/{version}",
    name="Price version",
    question="What changed with it?",
    action="price.read",
    whose="house",
    in_menu=False,
)
def version_page(visit: Visit, version: Annotated[str, Path(max_length=80)]) -> Response:
    visit.require(READ)
    said = sentence if _sees(visit) else public_sentence
    with reading(visit.caller.desks.engine) as connection:
        found = next((one for one in price_history.versions(connection) if one.version == version), None)
        changed = price_history.changes(connection, version)
    assert found is not None  # `changes` has raised for a version that is not there
    return visit.show(
        "organisation/price_version.html",
        one=found,
        changed=changed,
        most=price_history.MOST_CHANGES,
        added=[said(document) for document in found.added],
        path=PATH,
    )


@AREA.page(
    f"{PATH}/set",
    name="Set a price",
    question="What do we pay, or charge?",
    action="price.change",
    whose="house",
    in_menu=False,
)
def setting(visit: Visit, kind: Annotated[str, Query(max_length=20)] = "discount") -> Response:
    visit.require(CHANGE)
    return visit.show("organisation/price_set.html", **_form(_kind(kind), {}))


@AREA.form(
    f"{PATH}/set", action="price.change", whose="house", name="Set a price", question="What do we pay, or charge?"
)
def set_price(
    visit: Visit,
    kind: Text = "",
    provider: Text = "",
    model: Text = "",
    discount: Text = "",
    input_rate: Text = "",
    output_rate: Text = "",
    cost_input: Text = "",
    cost_output: Text = "",
    starts: Text = "",
    ends: Text = "",
    note: Text = "",
) -> Response:
    """Lay one more rate over the list prices; it makes a new version, and gateways charge by it within a second."""
    visit.require(CHANGE)
    given = (kind, provider, model, discount, input_rate, output_rate, cost_input, cost_output, starts, ends, note)
    values = dict(zip(FIELDS, (one.strip() for one in given), strict=True))
    try:
        chosen = _kind(kind)
        wanted = {
            "discount": ("discount",),
            "contract": ("cost_input", "cost_output"),
            "own": ("input_rate", "output_rate", "cost_input", "cost_output"),
        }[chosen]
        for name in ("provider", "model", *(wanted[:1] if chosen == "discount" else wanted[:2])):
            if not values[name]:
                raise InvalidInput(name, "nothing", _EXPECTED[name])
        fields = {name: values[name] for name in (*wanted, "starts", "ends", "note")}
        with visit.desk() as desk:
            desk.price_set(values["provider"], values["model"], **fields)
    except BursarError as error:
        return visit.show_faults(
            "organisation/price_set.html", error, **_form(kind if kind in KINDS else "discount", values)
        )
    return visit.done(PATH, "set")


_EXPECTED = {
    "provider": "the provider's name, such as anthropic",
    "model": "a model or a shell pattern, such as claude-*",
    "discount": "a percentage such as 12.5%",
    "cost_input": "USD per million tokens, such as $1.25",
    "cost_output": "USD per million tokens, such as $10",
    "input_rate": "USD per million tokens, such as $0.40",
    "output_rate": "USD per million tokens, such as $1.60",
}


def _by_model(rows: list[Rates]) -> list[dict[str, Any]]:
    """One line for each model and tier: its usual kinds of tokens in columns, the others beside."""
    found: dict[tuple[str, str, str], dict[str, Rates]] = {}
    for row in rows:
        found.setdefault((row.provider, row.model, row.note), {})[row.what] = row
    usual = {what for _, what in COLUMNS}
    return [
        {
            "provider": provider,
            "model": model,
            "note": note,
            "rates": [rates.get(what) for _, what in COLUMNS],
            "others": [one for what, one in rates.items() if what not in usual],
        }
        for (provider, model, note), rates in found.items()
    ]


def _kind(text: str) -> str:
    if text not in KINDS:
        raise InvalidInput("kind", repr(text[:40]), f"one of {', '.join(KINDS)}")
    return text


def _form(kind: str, values: dict[str, str]) -> dict[str, Any]:
    return {
        "kind": kind,
        "values": {name: values.get(name, "") for name in FIELDS},
        "kinds": [(f"{PATH}/set?kind={one}", words, one) for one, words in KINDS.items()],
        "path": PATH,
    }


def _sees(visit: Visitor) -> bool:
    return "organisation" in reach(visit.actor, COST)


def _usual(visit: Visitor, desk: Any) -> list[str]:
    """What most is spent on this month, for whoever may see that."""
    if "organisation" not in reach(visit.actor, SPEND):
        return list(FALLBACK)
    month = house_spending.spend(desk, "model", *months.days_of(months.month_of(visit.now))).value
    names = [one.key for one in month.groups if not one.merged and one.key][:USUAL]
    return names or list(FALLBACK)
