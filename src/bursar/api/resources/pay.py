"""Total pay: cash and equity as they are sent, and beside them, never added, the tokens; and what leaving would mean."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bursar.api.calls import Call, Called
from bursar.api.resources.wallet import WALLET
from bursar.api.routes import Resource
from bursar.api.shapes import Amount, Day, Document, Line, Sent, amount_of, said
from bursar.office.figures import total_pay
from bursar.office.figures.total_pay import Expected, Promise
from bursar.office.workforce import departing

PAY = Resource(
    "Total pay", "A statement of total pay: tokens told honestly beside cash and equity, which are kept nowhere."
)


class PayPromise(Document):
    """A promise of tokens."""

    grant: str = said("Id of the grant.", "grt_5f0e6a1c2b3d")
    title: str = said("Title of the plan.", "AI stipend")
    terms: str = said("In words.", "$300 every month")
    face: Amount = Field(description="What a year promises at the terms of today.")
    use: str = said("What it may be used for: open, work or personal.", "work")


class PayExpected(Document):
    """What a year of the tokens is expected to bring: statistics, in the currency."""

    face: float = said("What is promised.", 3600.0)
    used: float = said("What will be used.", 2800.0)
    work: float = said("Of it, for work.", 2500.0)
    personal: float = said("Of it, for oneself.", 300.0)
    unused: float = said("What lapses, or is left at the end.", 800.0)
    worth: float = said("What it is worth as pay, before tax.", 240.0)
    low: float = said("Eight worlds of ten lie between this", 180.0)
    high: float = said("and this.", 310.0)
    months_of_own_use: int = said("Months of the person's own use that it is drawn from; 0: usual figures.", 6)


class PayPast(Document):
    """What became of the tokens in the last twelve months."""

    released: Amount = Field(description="Was released.")
    spent: Amount = Field(description="Was used.")
    expired: Amount = Field(description="Lapsed.")
    revoked: Amount = Field(description="Was taken back.")
    left: Amount = Field(description="Is open now.")


class TotalPay(Document):
    """A statement of total pay. Tokens are not in the total."""

    person: str = said("Handle.", "ada")
    currency: str = said("Of all figures.", "USD")
    cash: float = said("Salary and bonus as they were sent.", 180000.0)
    paid: float = said("Cash, equity and benefits: the total.", 210000.0)
    promises: list[PayPromise] = Field(description="Promises of tokens in the currency.")
    elsewhere: list[PayPromise] = Field(description="Promises in other units: told, not valued.")
    past: PayPast = Field(description="The last twelve months.")
    expected: PayExpected | None = Field(description="The next twelve; null where nothing is promised.")


class PaySent(Sent):
    """Pay in a year. Nothing of it is kept."""

    salary: Line = said("Salary.", "$180,000", "")
    bonus: Line = said("Bonus.", "$10,000", "")
    equity: Line = said("Equity that vests.", "$20,000", "")
    benefits: Line = said("Benefits.", None, "")


class LeavingLot(Document):
    """What becomes of a lot."""

    lot: str = said("Id of the lot.", "lot_5f0e6a1c2b3d_0")
    label: str = said("What it is called.", "AI stipend")
    keeps: Amount = Field(description="What one keeps of it.")
    loses: Amount = Field(description="What is lost.")


class IfLeaving(Document):
    """What would become of everything if today were the last day."""

    last_day: Day = said("Today, in the person's zone.", "2026-11-20")
    has: Amount = Field(description="What is unspent.")
    keeps: Amount = Field(description="What one keeps.")
    loses: Amount = Field(description="What is forfeited.")
    paid_out: Amount = Field(description="What is paid out.")
    never_comes: Amount = Field(description="What the next twelve months would have released.")
    items: list[LeavingLot] = Field(description="Lot by lot.")


@PAY.get("/people/{person}/total-pay", "getTotalPay", "Total pay", action="pay.read", whose="person")
def get_total_pay(call: Called) -> TotalPay:
    """Without cash and equity: nobody keeps them here."""
    return _stated(call, {})


@PAY.post(
    "/people/{person}/total-pay", "stateTotalPay", "Total pay beside what is sent", action="pay.read", whose="person",
    changes=False,
)  # fmt: skip
def state_total_pay(call: Called, body: PaySent) -> TotalPay:
    """Nothing of what is sent is kept."""
    return _stated(call, {name: text for name, text in body.model_dump().items() if text})


@WALLET.get("/people/{person}/leaving", "getLeaving", "If they left today", action="wallet.read", whose="person")
def get_leaving(call: Called) -> IfLeaving:
    """Under the terms in force, rehearsed: nothing is changed. In USD."""
    with call.desk() as desk:
        found = departing.if_leaving(desk, call.person)
    names = ("has", "keeps", "loses", "paid_out", "never_comes")
    return IfLeaving(
        last_day=found["last_day"],
        **{name: amount_of(found[f"{name}_nanos"]) for name in names},
        items=[
            LeavingLot(
                lot=one["lot"],
                label=one["label"],
                keeps=amount_of(one["keeps_nanos"]),
                loses=amount_of(one["loses_nanos"]),
            )
            for one in found["lots"]
        ],
    )


def _stated(call: Call, typed: dict[str, str]) -> TotalPay:
    with call.desk() as desk:
        found = total_pay.statement(desk, call.person, typed)
    past: dict[str, Any] = {
        name: amount_of(getattr(found.past, name), found.currency)
        for name in ("released", "spent", "expired", "revoked", "left")
    }
    return TotalPay(
        person=found.person["handle"],
        currency=found.currency,
        cash=found.cash,
        paid=found.paid,
        promises=[_promise(one) for one in found.promises],
        elsewhere=[_promise(one) for one in found.elsewhere],
        past=PayPast(**past),
        expected=None if found.expected is None else _expected(found.expected),
    )


def _promise(one: Promise) -> PayPromise:
    face = amount_of(one.face.nanos, str(one.face.unit))
    return PayPromise(grant=one.grant, title=one.title, terms=one.terms, face=face, use=one.use)


def _expected(one: Expected) -> PayExpected:
    names = ("face", "used", "work", "personal", "unused", "worth", "low", "high")
    return PayExpected(**{name: round(getattr(one, name), 2) for name in names}, months_of_own_use=one.from_own_use)
