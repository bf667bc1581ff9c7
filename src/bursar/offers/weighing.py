"""An offer weighed once: what one look at all worlds says, without what takes asking again and again.

Fast enough to be done while somebody moves a slider. `evaluation` adds what every other answer would make of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from bursar.offers.laptop import LaptopTest, laptop_test
from bursar.offers.outcome import Outcome, Setup, evaluate
from bursar.offers.pay import Headline, headline
from bursar.offers.reading import Draft
from bursar.offers.terms import ENGINE, Offer, Person

STANDARD_ERRORS = 3
"""Of the mean, within which the same offer in more worlds is taken to lie: it does in 997 of 1,000."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """What an offer is worth, when it runs out, and whether it is a perk; money by year where nothing else is said."""

    id: str
    """SHA-256 of offer, person, setup and engine: the same id is the same answer."""
    offer: Offer
    person: Person
    setup: Setup
    outcome: Outcome
    headline: Headline
    laptop: tuple[LaptopTest, ...]

    @property
    def face(self) -> float:
        """Tokens at face, by year."""
        return self.outcome.totals.face / self.outcome.years

    @property
    def within(self) -> float:
        """How far more worlds may move what it is worth, dollars by year."""
        return STANDARD_ERRORS * self.outcome.cash.error / self.outcome.years

    @property
    def tightly_metered(self) -> bool:
        """Does the package cost the person money?"""
        return self.outcome.cash.mean < 0


def weighed(draft: Draft, person: Person | None = None, setup: Setup | None = None) -> Weighing:
    """Weigh an offer for a person. Raises `InvalidInput` for what cannot be worked out."""
    setup = setup or Setup()
    person = person or draft.person
    offer = draft.offer
    outcome = evaluate(offer, person, setup)
    totals = outcome.totals
    uncovered = totals.unmet / max(1e-9, totals.wanted * (1 - person.personal_share) or 1e-9)
    return Weighing(
        id=identity(offer, person, setup),
        offer=offer,
        person=person,
        setup=setup,
        outcome=outcome,
        headline=headline(offer.pay, totals.face / outcome.years, outcome.a_year),
        laptop=tuple(laptop_test(line, person, uncovered) for line in offer.lines),
    )


def identity(offer: Offer, person: Person, setup: Setup) -> str:
    """SHA-256 of everything that an answer depends on."""
    text = "\n".join((ENGINE, offer.digest, offer.first.isoformat(), str(offer.months), repr(person), repr(setup)))
    return sha256(text.encode()).hexdigest()
