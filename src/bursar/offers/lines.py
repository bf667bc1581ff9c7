"""What a line of an offer says, and what stands in for what it does not say.

Nothing that would flatter an offer is presumed, and nothing that would slander it: what most offers mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import date
from typing import Any

from bursar.money import parse_amount
from bursar.offers.document import TokensPart
from bursar.offers.terms import Answer, Use
from bursar.plans import document as shape
from bursar.plans.document import LeavingPart, LimitPart, Part, RolloverPart, VestingPart
from bursar.plans.terms import PARTS, Plan

PRESUMED: dict[str, Any] = {
    "every": "year",
    "expires": "period",
    "rollover": "none",
    "vesting": "none",
    "use": "open",
    "limit": LimitPart(),
    "changes": "unknown",
    "leaving": LeavingPart(),
    "taxed": "personal_use",
    "grossed_up": "no",
}
"""What stands in for a term that the offer does not say: what most offers mean, and nothing that would flatter it."""

REVOCATION = {"contract": 0.0, "notice": 0.10, "at_will": 0.5, "unknown": 0.10}
"""Hazard by year that it is taken away: by agreement only, after a notice, at any time, not said. Judgements."""

PLAN_TERMS = ("every", "expires", "rollover", "vesting", "use", "limit", "leaving")
TERMS = (
    *PLAN_TERMS,
    "changes",
    "approval",
    "own_money",
    "taxed",
    "grossed_up",
    "needed",
    "would_buy",
    "portable",
    "expected",
    "seen_by",
    "rate_limits",
)


def when(part: TokensPart) -> tuple[str, str | date]:
    """How often a line is released, and when that expires, as presumed where it does not say so."""
    every = part.every or ("once" if isinstance(part.vesting, VestingPart) else PRESUMED["every"])
    return every, part.expires or ("never" if every == "once" else PRESUMED["expires"])


def as_plan(part: TokensPart, title: str, currency: str) -> dict[str, Any]:
    """The line's terms as a plan document, what is presumed included."""
    assert part.amount is not None
    unit = parse_amount(part.amount).unit
    vesting = part.vesting if isinstance(part.vesting, VestingPart) else None
    every, expires = when(part)
    document: dict[str, Any] = {
        "bursar": "plan/1",
        "name": part.name,
        "title": title,
        "currency": str(unit) if unit.is_currency else currency,
        "class": "benefit",
        "allotment": {
            "amount": part.amount,
            "every": every,
            "anchor": "grant",
            "proration": "none",
            "expires": expires,
        },
        "scope": {"providers": list(part.providers), "models": list(part.models)},
    }
    if part.use in ("work", "personal"):
        document["scope"]["purposes"] = [part.use]
    if vesting is not None:
        document["vesting"] = _dump(vesting)
    if isinstance(part.rollover, RolloverPart):
        document["rollover"] = _dump(part.rollover)
    if part.limit is not None:
        document["limit"] = _limit(part.limit)
    if part.leaving is not None:
        document["leaving"] = {**_dump(part.leaving), "tail": f"{part.leaving.tail} days"}
    if part.notice is not None:
        document["notice"] = {
            "reduce": f"{part.notice} days",
            "revoke": f"{part.notice} days",
            "adjust": f"{part.notice} days",
        }
    statements = {
        "tax": {
            "nothing": "It is not taxed.",
            "personal_use": "Personal use is taxed at list price.",
            "face": "The whole amount is taxed when it is granted.",
        }.get(part.taxed or ""),
        "expectations": part.expected,
        "visibility": part.seen_by,
        "rate_limits": part.rate_limits,
        "approval_time": part.approval.time if part.approval is not None else None,
        "changes": {
            "contract": "Only by agreement.",
            "notice": "The employer, after notice.",
            "at_will": "The employer, at any time.",
        }.get(part.changes or ""),
    }
    document["statements"] = {name: text for name, text in statements.items() if text}
    return document


def unknown_terms(part: TokensPart, from_plan: bool) -> Iterator[str]:
    """Terms that the offer does not say, in the order of the fact sheet."""
    of_the_plan = ("use", "every", "expires", "rollover", "vesting", "limit", "leaving")
    names = ["use", "needed", "would_buy"]
    if not part.unlimited and not from_plan:
        names += ["every", "expires", "rollover", "vesting", "limit"]
    if not part.unlimited:
        names += ["approval"]
    names += ["changes", "leaving", "portable", "rate_limits", "taxed", "grossed_up", "expected", "seen_by"]
    for name in names:
        if from_plan and name in (*of_the_plan, "changes", "expected", "seen_by", "rate_limits", "taxed"):
            continue
        if name == "leaving" and part.unlimited:
            continue
        if getattr(part, name) is None and not _answered(part, name):
            yield name


def _answered(part: TokensPart, name: str) -> bool:
    """Does another term answer this one?"""
    once = part.every == "once" or isinstance(part.vesting, VestingPart)
    lasts = part.expires is not None and part.expires != "period"
    match name:
        case "rollover":
            return once or lasts or isinstance(part.vesting, VestingPart)
        case "every":
            return isinstance(part.vesting, VestingPart)
        case "would_buy":
            return part.use == "work"
        case "grossed_up":
            return part.taxed in (None, "nothing")
        case "approval":
            return part.limit is not None and not any(
                not isinstance(step, str) and step.request is not None for step in part.limit.then
            )
        case "changes":
            return part.notice is not None
        case _:
            return False


def automatic(part: TokensPart, kinds: Set[str]) -> Answer:
    if part.unlimited or "top_up" in kinds or (part.approval is not None and part.approval.reason == "none"):
        return "yes"
    if part.approval is not None or part.limit is not None or part.plan is not None:
        return "no"
    return "unknown"


def justified(part: TokensPart, reasons: list[bool]) -> Answer:
    if part.approval is not None:
        return "yes" if part.approval.reason == "required" else "no"
    if reasons:
        return "yes" if any(reasons) else "no"
    if part.unlimited or part.limit is not None or part.plan is not None:
        return "no"
    return "unknown"


def answer(value: str | None) -> Answer:
    return "yes" if value == "yes" else "no" if value == "no" else "unknown"


def use_of(plan: Plan) -> Use:
    match sorted(plan.scope.purposes):
        case ["work"] | ["learning"] | ["learning", "work"]:
            return "work"
        case ["personal"]:
            return "personal"
        case _:
            return "open"


def share(text: str) -> float:
    return shape.parts(text) / PARTS


def _limit(part: LimitPart) -> dict[str, Any]:
    """A limit with the days of its requests as a plan has them."""
    found = _dump(part)
    for step in found.get("then", ()):
        if isinstance(step, dict) and "expires" in step.get("request", {}):
            step["request"]["expires"] = f"{step['request']['expires']} days"
    return found


def _dump(part: Part) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_none=True, exclude_unset=True)
