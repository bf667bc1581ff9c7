"""pyarrow, where it is installed: it is an extra, and half a second to load."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from bursar.errors import Conflict

INSTALL = "install it with: pip install 'bursar[parquet]'"


def pyarrow() -> tuple[ModuleType, ModuleType]:
    """pyarrow with its `compute`, and `pyarrow.parquet`. Raises Conflict where it is not installed."""
    try:
        found = [import_module(name) for name in ("pyarrow", "pyarrow.compute", "pyarrow.parquet")]
    except ImportError:
        raise Conflict("Parquet is not installed here", INSTALL) from None
    return found[0], found[2]
