"""Fairness: how evenly access is shared, and how groups of people stand beside each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from bursar.api.calls import Called
from bursar.api.limits import MAX_DATE_CHARS, MAX_TEXT_CHARS
from bursar.api.routes import Resource
from bursar.api.shapes import Document, Instant, said
from bursar.office.figures import parity, parity_document

FAIRNESS = Resource("Fairness", "How evenly allotment and use are shared; no group of fewer than five is told apart.")


class InequalityOfAmounts(Document):
    """How unevenly amounts are shared. Null where somebody's nothing leaves a measure undefined."""

    share_without: float = said("Share of the people who have nothing.", 0.05)
    mean: float = said("In USD.", 5000.0)
    median: float = said("In USD.", 2000.0)
    gini: float = said("0: all the same; 1: one has everything.", 0.444)
    theil: float = said("Theil's T.", 0.4)
    theil_between: float | None = said("Of it, between these groups.", 0.3)
    theil_within: float | None = said("Of it, within them.", 0.1)
    mean_log_deviation: float | None = said("Theil's L.", 0.356)
    atkinson_0_5: float = said("At epsilon 0.5.", 0.175)
    atkinson_1: float = said("At epsilon 1.", 0.3)
    atkinson_2: float | None = said("At epsilon 2.", 0.437)
    p90_p10: float | None = said("The amount at nine tenths over that at one tenth.", 3.0)
    palma: float | None = said("What the top tenth has over what the lower four tenths have.", 2.5)
    top_tenth: float = said("Share of the whole that the top tenth has.", 0.4)


class LorenzPoint(Document):
    """A point of the Lorenz curve."""

    people: float = said("Share of the people, from the one with least on.", 0.5)
    has: float = said("Share of the whole that they have.", 0.2)


class AdjustedGapOfGroup(Document):
    """What is left of a gap beside controls: least squares on logarithms."""

    gap: float = said("Share that the group has less; below 0: more.", 0.0545)
    low: float = said("The 95 % interval from the classical error.", -0.06)
    high: float = said("Its upper end.", 0.16)
    robust_low: float = said("The 95 % interval from the robust error (HC3).", -0.07)
    robust_high: float = said("Its upper end.", 0.17)
    coefficient: float = said("Of belonging to the group, in logarithms.", -0.056)
    error: float = said("Its classical standard error.", 0.043)
    hc1_error: float = said("HC1.", 0.041)
    hc3_error: float = said("HC3.", 0.05)
    t: float | None = said("Coefficient over error; null without any spread.", -1.31)
    people: int = said("Who has something.", 80)
    significant: bool = said("Neither interval holds zero.", False)


class GroupOfPeople(Document):
    """One group of at least five people beside all others."""

    name: str | None = said("Value of the attribute; null for small groups told together.", "L5")
    people: int = said("How many.", 18)
    with_access: float = said("Share of them who have any.", 0.9)
    ratio: float = said("That share over the highest.", 0.9)
    below_four_fifths: bool = said("Whether the ratio is below the line.", False)
    fisher_p: float | None = said("How likely such a difference is by chance; null for the highest.", 0.21)
    mean: float = said("In USD.", 4800.0)
    gap: float | None = said("Share that it has less than all others on average.", 0.1)
    beside_tenure: AdjustedGapOfGroup | None = Field(description="Beside tenure alone; null where it cannot be told.")
    beside_level_family_tenure: AdjustedGapOfGroup | None = Field(description="Beside controls that may hide a gap.")
    above_line: bool = said("Whether either gap is above the line.", False)


class FairnessOfAccess(Document):
    """The whole house by one attribute. Shares are between 0 and 1; nothing here is ever paid out."""

    by: str = said("The attribute.", "level")
    of: str = said("allotment or use.", "allotment")
    at: Instant = said("The instant that it is of.", "2026-11-20T12:00:00Z")
    days: int | None = said("Of use: the last so many.", 90)
    people: int = said("Everybody who was there.", 120)
    least_people: int = said("Nothing that follows from what is told is about fewer.", 5)
    told_together: int = said("Values of the attribute that are told as one group.", 2)
    four_fifths_line: float = said("Below this share of the highest rate it is worth a look.", 0.8)
    gap_line: float = said("From here on a gap in pay has to be explained or mended.", 0.05)
    inequality: InequalityOfAmounts | None = Field(description="Null where nobody has anything, or too few are there.")
    lorenz: list[LorenzPoint] = Field(description="The Lorenz curve, in points at least five people apart.")
    groups: list[GroupOfPeople] = Field(description="Groups that may be told.")


@FAIRNESS.get("/fairness", "getFairness", "Fairness of access", action="parity.read", whose="house")
def get_fairness(
    call: Called,
    by: Annotated[
        str, Query(description="level, job_family, role, team or location.", max_length=MAX_TEXT_CHARS)
    ] = "level",
    of: Annotated[str, Query(description="allotment or use.", max_length=MAX_TEXT_CHARS)] = "allotment",
    at: Annotated[str, Query(description="A day of the past, in UTC.", max_length=MAX_DATE_CHARS)] = "",
) -> FairnessOfAccess:
    """Which groups are told is decided for the tables of all attributes at once, so that no sum or difference of them is
    about fewer than five people."""
    with call.desk() as desk:
        found = parity.fairness(desk, by, of, at)
    return FairnessOfAccess.model_validate(parity_document.told(found, of))
