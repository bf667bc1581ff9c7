"""Prices in people's words: what a model costs, and what a price that somebody sets means."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.money import parse_amount
from bursar.office.catalogue import pricing
from bursar.office.database import reading
from bursar.prices.tariff import RATE_DECIMALS, Band, Tariff
from bursar.prices.usage import FIELDS

if TYPE_CHECKING:
    from bursar.office.desk import Desk

SHOWN_FIELDS = (
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "reasoning",
    "input_audio",
    "output_audio",
)


def prices(desk: Desk, model: str, provider: str, at: str) -> dict[str, Any]:
    """What a model costs, list and contract, per million tokens."""
    when = desk.instant(at, "UTC", "at") if at else desk.now()
    with reading(desk.engine) as connection:
        book = pricing.current_book(connection)
    rows: list[dict[str, str]] = []
    for kind, name in book.search(model, provider)[:50]:
        tariff = book.tariff(kind, name, when)
        if tariff is not None:
            rows += rows_of(kind, name, tariff)
    return {
        "at": from_micros(when - when % 1_000_000).isoformat().replace("+00:00", "Z"),
        "version": book.version,
        "rows": rows,
    }


def rows_of(kind: str, name: str, tariff: Tariff) -> list[dict[str, str]]:
    """What a tariff says in rows: each kind of token that has a rate of its own, list and cost per million."""
    rows = []
    cost_bands = tariff.cost_bands or tuple(
        Band(band.above, tuple(rate * tariff.cost_basis_points // 10_000 for rate in band.rates))
        for band in tariff.bands
    )
    for band in tariff.bands:
        cost = next((one for one in reversed(cost_bands) if one.above <= band.above), cost_bands[0])
        tier = f"above {band.above:,} input tokens" if band.above else ""
        for field in SHOWN_FIELDS:
            index = FIELDS.index(field)
            base = band.rates[FIELDS.index("output" if field.startswith(("output", "reasoning")) else "input")]
            if field not in ("input", "output") and band.rates[index] == base:
                continue
            rows.append(
                {
                    "provider": kind,
                    "model": name,
                    "what": field.replace("_", " "),
                    "list": _rate(band.rates[index]),
                    "cost": _rate(cost.rates[index]),
                    "note": ", ".join(
                        part for part in (tier, "" if tariff.origin == "list" else tariff.origin) if part
                    ),
                }
            )
    return rows


def _rate(rate: int) -> str:
    text = f"{Decimal(rate).scaleb(-RATE_DECIMALS):f}"
    whole, _, part = text.partition(".")
    return f"${whole}.{part.rstrip('0').ljust(2, '0')}"


def overlay_of(desk: Desk, provider: str, model: str, fields: dict[str, str]) -> tuple[dict[str, Any], str]:
    """The overlay document that `price set` means, and a sentence that says what it does."""
    document: dict[str, Any] = {"provider": provider, "model": model.lower()}
    for name, key in (("starts", "from"), ("ends", "until"), ("note", "note")):
        if fields.get(name):
            document[key] = fields[name]
    cost = _rates(fields, "cost_input", "cost_output")
    own = _rates(fields, "input_rate", "output_rate")
    if fields.get("discount"):
        if cost or own:
            raise InvalidInput("discount", "a discount and rates", "one or the other")
        document |= {"kind": "discount", "basis_points": _basis_points(fields["discount"])}
        return document, f"{provider} {model} costs you {fields['discount']} less than list."
    if own:
        document |= {"kind": "own", "list": own}
        if cost:
            document["cost"] = cost
        return (
            document,
            f"{provider} {model} is charged at ${own['input']} in and ${own['output']} out per million tokens.",
        )
    if cost:
        document |= {"kind": "contract", "cost": cost}
        return (
            document,
            f"{provider} {model} costs you ${cost['input']} in and ${cost['output']} out per million tokens.",
        )
    raise InvalidInput(
        "price", "nothing to set", "--discount, or --input and --output, or --cost-input and --cost-output"
    )


def _rates(fields: dict[str, str], first: str, second: str) -> dict[str, str]:
    if not fields.get(first) and not fields.get(second):
        return {}
    found = {}
    for name, key in ((first, "input"), (second, "output")):
        if not fields.get(name):
            raise InvalidInput(name, "nothing", "both the input and the output rate")
        amount = parse_amount(fields[name], field=name)
        if str(amount.unit) != "USD":
            raise InvalidInput(name, str(amount.unit), "USD per million tokens")
        found[key] = str(Decimal(amount.nanos).scaleb(-9))
    return found


def _basis_points(text: str) -> int:
    try:
        share = Decimal(text.strip().removesuffix("%"))
    except InvalidOperation as error:
        raise InvalidInput("discount", repr(text), "a percentage such as 12.5%") from error
    points = share * 100
    if points != points.to_integral_value() or not 0 <= points <= 10_000:
        raise InvalidInput("discount", repr(text), "0% to 100% with at most two decimals")
    return int(points)
