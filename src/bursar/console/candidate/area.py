"""The area of these pages, and what all of them share: the scales, and how often somebody may use them."""

from __future__ import annotations

import time

from bursar.console.area import Area
from bursar.console.guest import Stranger
from bursar.console.visit import Visitor
from bursar.office.figures.weighing import Scales
from bursar.web.pace import Pace, network_of
from bursar.web.problems import TooOften

AREA = Area("Offers", ("/offer", "/offer/mine", "/offer/compare"))
SCALES = Scales()

STRANGER_BURST, STRANGER_A_SECOND = 90.0, 3.0
"""Answers of one address: a minute of lively dragging at once, then three a second."""
VISITOR_BURST, VISITOR_A_SECOND = 240.0, 10.0
"""The same of one account."""
REPORT_UNITS = 15.0
"""What a report counts as, in answers: it lives through ten times the worlds, many times over."""
BESIDE_UNITS = 3.0
"""What each offer of a comparison counts as."""

_STRANGERS = Pace(STRANGER_BURST, STRANGER_A_SECOND)
_VISITORS = Pace(VISITOR_BURST, VISITOR_A_SECOND)


def count(guest: Visitor | Stranger, units: float = 1.0) -> None:
    """Count an answer against whoever asks. Raises TooOften."""
    if isinstance(guest, Visitor):
        waits = _VISITORS.take(guest.actor.account, units, time.monotonic())
    else:
        client = guest.request.client
        waits = _STRANGERS.take(network_of(client.host if client else ""), units, time.monotonic())
    if waits:
        raise TooOften(waits)
