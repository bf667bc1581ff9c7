"""GPU hours in dollars: the price of a kind of GPU from a day on, and what hours were worth at an instant.

A kind of GPU is a model of provider `gpu` in the book, with a rate of one's own (`bursar price set gpu h100 --hour $2.50
--from 2026-01-01`). A rate is by million units everywhere in the book, so an hour is counted as a million of them.
"""

from __future__ import annotations

from bursar.errors import InvalidInput, NotFound
from bursar.money import GPU_HOURS, NANO, Amount, Unit, round_half_up_div
from bursar.prices.book import PriceBook
from bursar.prices.usage import Usage

PROVIDER = "gpu"
UNITS_AN_HOUR = 1_000_000


def hour_nanos(book: PriceBook, kind: str, at: int) -> int:
    """What an hour of a kind of GPU costs at list price at an instant (microseconds UTC), nano-USD. Raises NotFound."""
    tariff = book.tariff(PROVIDER, kind.lower(), at)
    if tariff is None:
        raise NotFound(
            f"no price of an hour of {kind[:80]!r} is known then",
            f"set one: bursar price set {PROVIDER} {kind[:80]} --hour $2.50",
        )
    return tariff.list_nanos(Usage(input=UNITS_AN_HOUR))


def worth(book: PriceBook, hours: Amount, at: int, kind: str = "") -> Amount:
    """What GPU hours are worth in dollars at an instant; `kind` where their unit names none. Raises InvalidInput, NotFound."""
    if hours.unit.base != GPU_HOURS:
        raise InvalidInput("amount", str(hours.unit), "GPU hours, such as 40 GPU-h")
    named = hours.unit.kind or kind
    if not named:
        raise InvalidInput("model", "nothing", "a kind of GPU, such as h100")
    return Amount(round_half_up_div(hours.nanos * hour_nanos(book, named, at), NANO), Unit("USD"))
