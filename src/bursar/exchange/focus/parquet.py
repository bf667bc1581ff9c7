"""FOCUS as Parquet: typed columns, exact decimals. Needs the extra `parquet` (pyarrow)."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from bursar.errors import Conflict
from bursar.exchange.focus.columns import DECIMALS, INSTANTS, WHOLE, columns_of
from bursar.exchange.focus.rows import Batch, House, table_columns

PRECISION, SCALE = 38, 9
INSTALL = "install it with: pip install 'bursar[parquet]'"


class ParquetFile:
    """A file that is written batch by batch, a row group for each. Raises Conflict where pyarrow is not installed."""

    def __init__(self, path: Path, house: House, version: str) -> None:
        self.arrow, self.parquet = _pyarrow()
        self.house, self.version = house, version
        self.schema = self.arrow.schema([(name, self._type(name)) for name in columns_of(version)])
        self._writer = self.parquet.ParquetWriter(path, self.schema, compression="zstd")

    def write(self, batch: Batch) -> None:
        columns = table_columns(self.house, self.version, batch)
        arrays = [self._array(name, values) for name, values in columns.items()]
        self._writer.write_table(self.arrow.Table.from_arrays(arrays, schema=self.schema))

    def close(self) -> None:
        self._writer.close()

    def _type(self, name: str) -> Any:
        if name in DECIMALS:
            return self.arrow.decimal128(PRECISION, SCALE)
        if name in WHOLE:
            return self.arrow.int64()
        return self.arrow.timestamp("s", tz="UTC") if name in INSTANTS else self.arrow.string()

    def _array(self, name: str, values: list[Any]) -> Any:
        if name in DECIMALS:
            return self._decimals(values)
        if name in INSTANTS and values and isinstance(values[0], str):
            seconds = self.arrow.compute.strptime(self.arrow.array(values), format="%Y-%m-%dT%H:%M:%SZ", unit="s")
            return seconds.cast(self._type(name))
        return self.arrow.array(values, self._type(name))

    def _decimals(self, nanos: list[int | None]) -> Any:
        """Nano-units are a decimal's unscaled value: 128 bits of it, little-endian, without a Decimal in between."""
        known = b"".join((0 if one is None else one).to_bytes(16, "little", signed=True) for one in nanos)
        plain = self.arrow.Array.from_buffers(self._type("BilledCost"), len(nanos), [None, self.arrow.py_buffer(known)])
        if None not in nanos:
            return plain
        return self.arrow.compute.if_else(
            self.arrow.array([one is not None for one in nanos]), plain, self.arrow.scalar(None, plain.type)
        )


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    try:
        found = [import_module(name) for name in ("pyarrow", "pyarrow.compute", "pyarrow.parquet")]
    except ImportError:
        raise Conflict("Parquet is not installed here", INSTALL) from None
    return found[0], found[2]
