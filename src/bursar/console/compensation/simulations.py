"""Simulations: what may a plan cost, who runs out, what is lost? Long work: asked for, left, come back to, cancelled."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Annotated, Any

from fastapi import Form, Path
from starlette.responses import Response

from bursar.console.compensation.area import AREA
from bursar.console.compensation.drafts import Name, Text, as_lines, faulty
from bursar.console.visit import Visit, Visitor
from bursar.console.words import local_date
from bursar.errors import BursarError, InvalidInput, NotFound
from bursar.insight.simulation import figures
from bursar.insight.simulation.usage import PERSONAS, PRICES
from bursar.office.access import Subject, action
from bursar.office.database import reading, transaction
from bursar.office.terms import plans, scenarios
from bursar.office.terms.scenarios import Asked
from bursar.office.works import work
from bursar.plans.check import load
from bursar.plans.document import PlanFaults
from bursar.web import works

SIMULATE, FOLLOW, EDIT = action("plan.simulate"), action("work.follow"), action("plan.edit")
QUESTION = "What may it cost, who runs out, and what is lost?"
MAX_TYPED = 200

WorkId = Annotated[str, Path(max_length=80)]


@AREA.page(
    "/plans/-/simulations", name="Simulations", question="What did I ask, and what came out?",
    action="plan.simulate", whose="house", in_menu=False,
)  # fmt: skip
def listed(visit: Visit) -> Response:
    visit.require(SIMULATE)
    _mine(visit)
    with reading(visit.caller.desks.engine) as connection:
        found = work.listed(connection, visit.account.id, scenarios.KIND)
        names = sorted({one.name for one in plans.versions(connection)})
    return visit.show("compensation/simulations.html", works=found, names=names)


@AREA.page(
    "/plans/-/simulate/{name}", name="Simulate", question=QUESTION,
    action="plan.simulate", whose="house", in_menu=False,
)  # fmt: skip
def ask(visit: Visit, name: Name) -> Response:
    """What to ask about a plan that is in force."""
    visit.require(SIMULATE)
    return _form(visit, document="", name=name)


@AREA.form("/plans/-/simulation", action="plan.simulate", whose="house", name="Simulate", question=QUESTION)
def ask_of_text(visit: Visit, document: Text = "") -> Response:
    """What to ask about a text that is being written, beside the version in force."""
    visit.require(SIMULATE)
    text = as_lines(document)
    if (wrong := faulty(visit, text)) is not None:
        return wrong
    return _form(visit, document=text, name=load(text).plan.name)


@AREA.form("/plans/-/simulate", action="plan.simulate", whose="house", name="Simulate", question=QUESTION)
def begin(
    visit: Visit,
    name: Annotated[str, Form(max_length=80)] = "",
    document: Text = "",
    against: Annotated[str, Form(max_length=80)] = "",
    months: Annotated[str, Form(max_length=MAX_TYPED)] = "24",
    scenarios_: Annotated[str, Form(alias="scenarios", max_length=MAX_TYPED)] = "1000",
    seed: Annotated[str, Form(max_length=MAX_TYPED)] = "1",
    start: Annotated[str, Form(alias="from", max_length=MAX_TYPED)] = "",
    price: Annotated[str, Form(max_length=MAX_TYPED)] = "halving",
    usage: Annotated[str, Form(max_length=2_000)] = "",
    growth: Annotated[str, Form(max_length=MAX_TYPED)] = "3",
    contract_discount: Annotated[str, Form(alias="contract-discount", max_length=MAX_TYPED)] = "0%",
    unit_price: Annotated[str, Form(alias="unit-price", max_length=MAX_TYPED)] = "",
    history: Annotated[str, Form(max_length=10)] = "",
    burst: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Ask for it; it is worked on beside the server."""
    visit.require(SIMULATE)
    _mine(visit)
    typed = {
        "months": months, "scenarios": scenarios_, "seed": seed, "from": start, "price": price, "usage": usage,
        "growth": growth, "contract-discount": contract_discount, "unit-price": unit_price,
        "history": bool(history), "burst": bool(burst), "against": against,
    }  # fmt: skip
    text = as_lines(document)
    try:
        documents = _documents(visit, name, text, against)
        asked = Asked(
            _whole("months", months), _whole("scenarios", scenarios_), _whole("seed", seed), start.strip(),
            price.strip(), tuple(usage.split()), _number("growth", growth), False, bool(burst),
            contract_discount.strip(), unit_price.strip(), bool(history),
        )  # fmt: skip
        names = [f"{against} in force", "this text" if text else name] if against else []
        question = scenarios.question(documents, asked, local_date(visit.now, visit.zone), names=names)
    except PlanFaults:
        raise
    except InvalidInput as error:
        return _form(visit, document=text, name=name, typed=typed, error=error)
    title = load(documents[-1]).plan.title + (f", against {against} in force" if len(documents) > 1 else "")
    asked_for = works.begin(visit.request, visit.actor, scenarios.KIND, title, question)
    return visit.done(f"/plans/-/simulations/{asked_for.id}")


@AREA.page(
    "/plans/-/simulations/{work_id}", name="Simulation", question=QUESTION,
    action="plan.simulate", whose="house", in_menu=False,
)  # fmt: skip
def result(visit: Visit, work_id: WorkId) -> Response:
    """What came out, or how far it is."""
    found = _work(visit, work_id)
    if found.state != "done":
        return visit.show("compensation/simulating.html", work=found)
    with reading(visit.caller.desks.engine) as connection:
        written = work.result(connection, found)
    came = scenarios.outcome_of(written)
    first, total = came.outcomes[0], came.outcomes[0].everybody.total
    return visit.show(
        "compensation/simulation.html",
        work=found,
        came=came,
        amount=lambda nanos: figures.amount(nanos, first.currency),
        share=figures.share,
        total=total,
        plots=figures.plots(came.outcomes),
        headlines=[(one.title, figures.headline([one], came.setup)) for one in came.outcomes],
        run_out=figures.run_out_sentence(came.outcomes),
        tiers=[(one.title, figures.tiers(one)) for one in came.outcomes],
        assumed=figures.assumed(came.setup, came.outcomes),
        beside=_beside(came, first.currency),
        may_edit=visit.reaches(EDIT, "house"),
    )


@AREA.part("/plans/-/simulations/{work_id}/now", action="plan.simulate", whose="house")
def now(visit: Visit, work_id: WorkId) -> Response:
    """How far it is; the whole page again once it is over."""
    found = _work(visit, work_id)
    answer = visit.show("compensation/simulating_now.html", work=found)
    if not found.is_open:
        answer.headers["HX-Refresh"] = "true"
    return answer


@AREA.form("/plans/-/simulations/{work_id}/cancel", action="plan.simulate", whose="house")
def cancel(visit: Visit, work_id: WorkId) -> Response:
    """Nobody wants it any more; its worker stops with its next word."""
    found = _work(visit, work_id)
    with transaction(visit.caller.desks.engine) as connection:
        work.cancel(connection, found, visit.now)
    return visit.done(f"/plans/-/simulations/{work_id}")


def _work(visit: Visitor, work_id: str) -> work.Work:
    _mine(visit)
    with reading(visit.caller.desks.engine) as connection:
        found = work.find(connection, work_id, visit.account.id)
    works.looked_at(visit.request, found)
    return found


def _mine(visit: Visitor) -> None:
    visit.require(FOLLOW, Subject(visit.actor.organisation, account=visit.account.id))


def _documents(visit: Visitor, name: str, text: str, against: str) -> list[str]:
    """The text, or the named plan's newest version; and what it is set against."""
    with reading(visit.caller.desks.engine) as connection:
        newest = plans.latest(connection, name)
        other = plans.latest(connection, against) if against else None
    if not text and newest is None:
        raise NotFound(f"there is no plan {name!r}")
    if against and other is None:
        raise InvalidInput("against", repr(against), "a plan in force")
    first = text or (newest.document if newest is not None else "")
    # The first is what is; what is new is set against it.
    return [first] if other is None else [other.document, first]


def _form(
    visit: Visitor, *, document: str, name: str, typed: dict[str, Any] | None = None, error: BursarError | None = None
) -> Response:
    with reading(visit.caller.desks.engine) as connection:
        known = plans.versions(connection)
    newest = next((one for one in reversed(known) if one.name == name), None)
    if newest is None and not document:
        raise NotFound(f"there is no plan {name!r}", "the list of plans has those that there are")
    plan = load(document).plan if document else newest.plan  # type: ignore[union-attr]
    standard = {one.name: one.default for one in fields(Asked)}
    values: dict[str, Any] = {
        "document": document,
        "plan": plan,
        "newest": newest,
        "others": [(one, one) for one in sorted({one.name for one in known} - {name})],
        "personas": PERSONAS.values(),
        "price_options": [(one.name, f"{one.name}: {_yearly(one.per_year)}") for one in PRICES.values()],
        "in_money": plan.tiers[0].amount.unit.is_currency,
        "typed": typed
        or {
            "months": standard["months"], "scenarios": standard["scenarios"], "seed": standard["seed"], "from": "",
            "price": "halving", "usage": "", "growth": "3", "contract-discount": "0%", "unit-price": "",
            "history": True, "burst": True, "against": name if document and newest is not None else "",
        },
        "first": date.isoformat(local_date(visit.now, visit.zone))[:7],
    }  # fmt: skip
    if error is not None:
        return visit.show_faults("compensation/simulate.html", error, **values)
    return visit.show("compensation/simulate.html", **values)


def _beside(came: scenarios.Simulated, currency: str) -> tuple[str, figures.Sheet] | None:
    if came.comparison is None:
        return None
    return figures.side_by_side_sentence(came.comparison), figures.side_by_side(came.comparison, currency)


def _yearly(factor: float) -> str:
    return "as today" if factor == 1 else f"{factor - 1:+.0%} a year"


def _whole(field: str, text: str) -> int:
    cleaned = text.strip().replace(",", "").replace("_", "")
    if not cleaned.isascii() or not cleaned.isdigit() or len(cleaned) > 18:
        raise InvalidInput(field, repr(text[:40]), "a whole number")
    return int(cleaned)


def _number(field: str, text: str) -> float:
    try:
        return float(text.strip())
    except ValueError:
        raise InvalidInput(field, repr(text[:40]), "a number such as 3 or 1.5") from None
