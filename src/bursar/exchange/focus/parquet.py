"""FOCUS as Parquet: typed columns, exact decimals. Needs the extra `parquet` (pyarrow).

A batch becomes columns, never rows: what many rows share (the billing period, a model at a price, a person, a purpose and
project) is made once and taken by number, and an amount that stands in several columns is one array in all of them.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bursar.exchange.focus import columns as names
from bursar.exchange.focus.columns import DECIMALS, INSTANTS, WHOLE, columns_of
from bursar.exchange.focus.rows import Batch, Blocks, House, consumed_nanos, currency_nanos
from bursar.exchange.parquet import pyarrow
from bursar.ledger import metered
from bursar.money import NANO

PRECISION, SCALE = 38, 9
_MICROS = 1_000_000


class ParquetFile:
    """A file that is written batch by batch, a row group for each. Raises Conflict where pyarrow is not installed."""

    def __init__(self, path: Path, house: House, version: str) -> None:
        self.arrow, self.parquet = pyarrow()
        self.house, self.version = house, version
        self.schema = self.arrow.schema([(name, self._type(name)) for name in columns_of(version)])
        self._writer = self.parquet.ParquetWriter(path, self.schema, compression="zstd")

    def write(self, batch: Batch) -> None:
        """Write a batch that has rows."""
        found = self._columns(batch)
        arrays = [found[one.name] for one in self.schema]
        self._writer.write_table(self.arrow.Table.from_arrays(arrays, schema=self.schema))

    def close(self) -> None:
        self._writer.close()

    def _columns(self, batch: Batch) -> dict[str, Any]:
        blocks = Blocks(self.house, self.version)
        late, rows = blocks.late, len(batch.rows)
        raw: dict[str, Sequence[Any]] = dict(zip(metered.COLUMNS, zip(*batch.rows, strict=True), strict=True))
        of_file = (*names.OF_FILE_1_0, *(names.OF_FILE_1_2 if late else ()))
        of_model = (*names.OF_MODEL_1_0, *(names.OF_MODEL_1_2 if late else ()))
        of_person = (*names.OF_PERSON_1_0, *(names.OF_PERSON_1_2 if late else ()))
        keys = zip(raw["provider"], raw["model"], raw["price_version"], raw["unit"], strict=True)
        found = {
            **self._block(of_file, [(batch.month, batch.correction)] * rows, lambda key: blocks.file_of(*key)),
            **self._block(of_model, keys, lambda key: blocks.model_of(*key)),
            **self._block(of_person, raw["person"], blocks.person_of),
            **self._block(("x_CostCentre",), raw["person"], lambda who: (self.house.person(who).cost_centre,)),
            **self._block(
                (*names.OF_USE_1_0, "x_Purpose", "x_Project"),
                zip(raw["purpose"], raw["project"], strict=True),
                lambda key: (*blocks.use_of(*key), *key),
            ),
            **self._block(("x_Unit",), raw["unit"], lambda unit: (unit,)),
            **self._block(("x_Status",), raw["status"], lambda status: (status,)),
            **self._amounts(batch, raw, late=late),
        }
        begun = [at // _MICROS for at in raw["at"]]
        found["ChargePeriodStart"] = self._seconds(begun)
        found["ChargePeriodEnd"] = self._seconds([one + 1 for one in begun])
        found["x_Entry"] = self.arrow.array(raw["seq"], self.arrow.int64())
        found["x_RequestId"] = self.arrow.array([one or None for one in raw["request_id"]], self.arrow.string())
        if not late:
            usage = self._block(("ChargeType",), ["Usage"] * rows, lambda one: (one,))
            issuer = found["InvoiceIssuerName"]
            found |= {"InvoiceIssuer": issuer, "Provider": issuer, "Publisher": issuer, **usage}
            found["ResourceID"] = found["ResourceId"]
        return found

    def _amounts(self, batch: Batch, raw: dict[str, Sequence[Any]], *, late: bool) -> dict[str, Any]:
        """Money and counts. What is taken back (below zero) is the price of minus one request; a correction has no price."""
        listed, cost, amount, unit = raw["list_nanos"], raw["cost_nanos"], raw["amount"], raw["unit"]
        new, cached, output = zip(*map(metered.counted, raw["tokens"]), strict=True)
        plain = not batch.correction and min(listed) >= 0 and min(cost) >= 0
        signs = [] if plain else [-1 if one < 0 or other < 0 else 1 for one, other in zip(listed, cost, strict=True)]
        consumed = [
            consumed_nanos(kind, nanos, one + two + three)
            for kind, nanos, one, two, three in zip(unit, amount, new, cached, output, strict=True)
        ]

        def price(nanos: Sequence[int], whole: Any) -> Any:
            if plain:
                return whole
            if batch.correction:
                return self._decimals([None] * len(nanos))
            return self._decimals([sign * one for sign, one in zip(signs, nanos, strict=True)])

        paid, at_list = self._decimals(cost), self._decimals(listed)
        ones = [NANO] * len(cost)
        found = {
            "ConsumedQuantity": self._decimals(consumed),
            "PricingQuantity": price(ones, self._decimals(ones)),
            **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost"), paid),
            "ListCost": at_list,
            "ContractedUnitPrice": price(cost, paid),
            "ListUnitPrice": price(listed, at_list),
            "x_Amount": self._decimals(amount),
            "x_Overage": self._decimals(raw["overage"]),
        }
        for name, counts in (("x_InputTokens", new), ("x_CachedTokens", cached), ("x_OutputTokens", output)):
            found[name] = self.arrow.array(counts, self.arrow.int64())
        if late:
            own = list(map(currency_nanos, unit, amount, cost))
            own_list = list(map(currency_nanos, unit, amount, listed))
            own_paid = self._decimals(own)
            found["PricingCurrencyEffectiveCost"] = own_paid
            found["PricingCurrencyContractedUnitPrice"] = price(own, own_paid)
            found["PricingCurrencyListUnitPrice"] = price(own_list, self._decimals(own_list))
        return found

    def _block(
        self, columns: Sequence[str], keys: Iterable[Any], made: Callable[[Any], tuple[str, ...]]
    ) -> dict[str, Any]:
        """Columns whose values come together: each key's once, and taken by its number in every row."""
        numbers: dict[Any, int] = {}
        places = self.arrow.array([numbers.setdefault(key, len(numbers)) for key in keys], self.arrow.int32())
        values = zip(*(made(key) for key in numbers), strict=True)
        return {name: self._few(name, few).take(places) for name, few in zip(columns, values, strict=True)}

    def _few(self, name: str, values: Sequence[str]) -> Any:
        """An array of texts, nothing for empty ones, in the column's type."""
        texts = self.arrow.array([one or None for one in values], self.arrow.string())
        if name in INSTANTS:
            return self.arrow.compute.strptime(texts, format="%Y-%m-%dT%H:%M:%SZ", unit="s").cast(self._type(name))
        return texts.cast(self._type(name))

    def _seconds(self, seconds: list[int]) -> Any:
        return self.arrow.array(seconds, self.arrow.int64()).cast(self._type("ChargePeriodStart"))

    def _type(self, name: str) -> Any:
        if name in DECIMALS:
            return self.arrow.decimal128(PRECISION, SCALE)
        if name in WHOLE:
            return self.arrow.int64()
        return self.arrow.timestamp("s", tz="UTC") if name in INSTANTS else self.arrow.string()

    def _decimals(self, nanos: Sequence[int | None]) -> Any:
        """Nano-units are a decimal's unscaled value: 128 bits of it, little-endian, without a Decimal in between."""
        known = [0 if one is None else one for one in nanos] if None in nanos else nanos
        plain = self.arrow.Array.from_buffers(
            self._type("BilledCost"),
            len(nanos),
            [None, self.arrow.py_buffer(_unscaled(known))],  # type: ignore[arg-type]
        )
        if known is nanos:
            return plain
        return self.arrow.compute.if_else(
            self.arrow.array([one is not None for one in nanos]), plain, self.arrow.scalar(None, plain.type)
        )


def _unscaled(values: Sequence[int]) -> bytes:
    """Whole numbers of 128 bits; those of 64, which nearly all are, without a call for each."""
    try:
        low = array("q", values)
    except OverflowError:
        return b"".join(one.to_bytes(16, "little", signed=True) for one in values)
    both = array("q", bytes(16 * len(low)))
    both[0::2] = low
    if min(low) < 0:
        both[1::2] = array("q", [one >> 63 for one in low])
    if sys.byteorder == "big":
        both.byteswap()
    return both.tobytes()
