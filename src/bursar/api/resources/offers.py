"""Offers: what a token package is really worth to somebody; nothing of it is stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from pydantic import Field

from bursar.api.calls import Call, Called
from bursar.api.limits import MAX_OFFERS, MAX_WORLDS, OFFER_WAIT_SECONDS, OFFERS_AT_ONCE
from bursar.api.problems import TooMany
from bursar.api.routes import Resource
from bursar.api.shapes import Document, Sent, Yaml, said
from bursar.errors import InvalidInput
from bursar.offers import answers
from bursar.offers.evaluation import compared, evaluated
from bursar.offers.outcome import DEFAULT_SEED, Setup
from bursar.offers.reading import Draft, read

OFFERS = Resource("Offers", "What a token package is really worth to somebody. Nothing of it is stored.")
DEFAULT_WORLDS = 5_000
EXAMPLE = """\
bursar: offer/1
name: acme
pay: {salary: $200,000}
tokens: {amount: $500, every: month}
"""
_WORKING = threading.BoundedSemaphore(OFFERS_AT_ONCE)


class Worlds(Sent):
    """How an offer is worked out."""

    worlds: int = said("How many worlds are lived through.", 5_000, DEFAULT_WORLDS, ge=100, le=MAX_WORLDS)
    seed: int = said("Of the random numbers: the same seed, the same answer.", 7, DEFAULT_SEED, ge=0, le=2**53)


class OfferText(Worlds):
    """An offer."""

    document: Yaml = said("YAML of `bursar: offer/1`; terms stand in it, files are not read.", EXAMPLE)


class SeveralOffers(Worlds):
    """Offers to set side by side, for the same person in the same worlds."""

    documents: list[Yaml] = Field(
        description="YAML of `bursar: offer/1`, each with a name of its own.",
        examples=[[EXAMPLE, EXAMPLE.replace("acme", "globex").replace("$500", "$900")]],
        min_length=2,
        max_length=MAX_OFFERS,
    )


class Evaluation(Document):
    """Everything that is known of an offer; money in its currency, by year where nothing else is said."""

    offer: str = said("Its name.", "acme")
    currency: str = said("Of every sum.", "USD")
    id: str = said("SHA-256 of all that the answer depends on.", "9f2c")
    sentence: str = said("What it is worth, in a sentence.", "The tokens are worth about $4,100 a year to you.")
    worth_by_year: float = said("Mean cash equivalent of a year.", 4100.0)
    share_of_face: float = said("The same as a share of the face amount.", 0.68)
    answers: dict[str, Any] = Field(
        description="Everything, as `bursar offer evaluate --json` prints it.", examples=[{"offer": "acme"}]
    )


class Question(Document):
    """Something to ask before one signs."""

    line: str = said("Which promise it is about.", "tokens")
    term: str = said("Which term.", "expires")
    question: str = said("The question.", "When does what I have not used expire?")
    why: str = said("Why it matters.", "What expires is worth nothing.")
    presumed: str = said("What was presumed as long as nobody says.", "period")
    swing_by_year: float = said("How much the answer may change, by year.", 800.0)


class Questions(Document):
    """What to ask, the most valuable first."""

    offer: str = said("Its name.", "acme")
    items: list[Question] = Field(description="The most valuable first.")


class Comparison(Document):
    """Offers side by side."""

    by_headline: list[str] = Field(description="By the sum that is advertised.", examples=[["globex", "acme"]])
    by_cash_and_equity: list[str] = Field(description="By cash and equity.", examples=[["acme", "globex"]])
    by_worth: list[str] = Field(description="By what they are worth.", examples=[["acme", "globex"]])
    offers: list[Evaluation] = Field(description="Each of them.")
    answers: dict[str, Any] = Field(
        description="Everything, as `bursar offer compare --json` prints it.", examples=[{"by_worth": ["acme"]}]
    )


@OFFERS.post(
    "/offers/evaluate",
    "evaluateOffer",
    "What an offer is worth",
    action="offer.evaluate",
    whose="visitors",
    changes=False,
    errors=(429,),
)
def evaluate_offer(call: Called, body: OfferText) -> Evaluation:
    """Cash equivalent with its spread, run-outs, what is forfeited, the raise that would be worth the same, and why."""
    draft = _read(call, body.document, "document")
    with _one_of_few():
        return _evaluation(answers.answers(evaluated(draft, draft.person, _setup(body))))


@OFFERS.post(
    "/offers/questions",
    "askAboutOffer",
    "What to ask before one signs",
    action="offer.evaluate",
    whose="visitors",
    changes=False,
    errors=(429,),
)
def ask_about_offer(call: Called, body: OfferText) -> Questions:
    """What the offer does not say, and what each answer would be worth."""
    draft = _read(call, body.document, "document")
    with _one_of_few():
        found = evaluated(draft, draft.person, _setup(body))
    names = ("line", "term", "question", "why", "presumed", "swing_by_year")
    rows = answers.questions(found)
    return Questions(offer=found.offer.name, items=[Question(**{name: one[name] for name in names}) for one in rows])


@OFFERS.post(
    "/offers/compare",
    "compareOffers",
    "Offers side by side",
    action="offer.evaluate",
    whose="visitors",
    changes=False,
    errors=(429,),
)
def compare_offers(call: Called, body: SeveralOffers) -> Comparison:
    """Cash first. The person is the first one that an offer describes."""
    drafts = [_read(call, one, f"documents.{number}") for number, one in enumerate(body.documents)]
    names = [one.document.name for one in drafts]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InvalidInput(f"documents.{number}", repr(name), "a name that no other offer has")
    with _one_of_few():
        told = answers.comparison(compared(drafts, None, _setup(body)))
    return Comparison(
        by_headline=told["by_headline"],
        by_cash_and_equity=told["by_cash_and_equity"],
        by_worth=told["by_worth"],
        offers=[_evaluation(one) for one in told["offers"]],
        answers=told,
    )


def _read(call: Call, text: str, place: str) -> Draft:
    return read(text, place, _next_month(call.now))


def _next_month(now: int) -> date:
    today = datetime.fromtimestamp(now // 1_000_000, UTC).date()
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)


def _setup(body: Worlds) -> Setup:
    return Setup(paths=body.worlds, seed=body.seed)


@contextmanager
def _one_of_few() -> Iterator[None]:
    """Work that takes a core: a few at a time, whoever asks."""
    if not _WORKING.acquire(timeout=OFFER_WAIT_SECONDS):
        raise TooMany(f"{OFFERS_AT_ONCE} offers are being worked out already", "try again in a moment")
    try:
        yield
    finally:
        _WORKING.release()


def _evaluation(told: dict[str, Any]) -> Evaluation:
    return Evaluation(
        offer=told["offer"],
        currency=told["currency"],
        id=told["id"],
        sentence=told["worth"]["sentence"],
        worth_by_year=told["worth"]["by_year"]["mean"],
        share_of_face=told["worth"]["share_of_face"],
        answers=told,
    )
