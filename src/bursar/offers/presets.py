"""People to weigh an offer as, for whoever does not know their own figures yet.

Each is the part `me` of an offer document, so that everything it presumes can be read and replaced. The amounts are
judgements around the personas of `insight.simulation.usage`, whose sources stand there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bursar.errors import InvalidInput
from bursar.offers.document import MePart


@dataclass(frozen=True, slots=True)
class Preset:
    """Somebody whom one may know."""

    name: str
    who: str
    me: Mapping[str, str]


PRESETS: Mapping[str, Preset] = {
    one.name: one
    for one in (
        Preset(
            "weekend-builder",
            "builds agents and side projects of their own at the weekend",
            {"usage": "$600@0.6", "personal": "60%", "own_spend_a_month": "$300", "elasticity": "1.5"},
        ),
        Preset(
            "steady-dev",
            "uses an assistant every working day, for the work that is asked",
            {"usage": "moderate", "personal": "10%", "own_spend_a_month": "$20"},
        ),
        Preset(
            "agent-swarm",
            "lets many agents work in parallel, and overnight",
            {"usage": "heavy", "noise": "0.8", "growth": "5", "personal": "15%", "own_spend_a_month": "$200"},
        ),
        Preset(
            "non-coder",
            "writes, reads and draws with it, a few times a week",
            {"usage": "$30@0.8", "noise": "0.4", "growth": "1.5", "personal": "30%", "own_spend_a_month": "$20"},
        ),
    )
}


def preset(name: str) -> MePart:
    """The part `me` of a preset. Raises InvalidInput for another name."""
    found = PRESETS.get(name)
    if found is None:
        raise InvalidInput("as", repr(name[:40]), f"one of {', '.join(PRESETS)}")
    return MePart.model_validate(dict(found.me))
