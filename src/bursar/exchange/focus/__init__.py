"""Cost and usage as FOCUS, the FinOps Open Cost and Usage Specification: CSV and Parquet, a row for each charge.

Pure but for the Parquet file: charges as the ledger has them in, columns and exact decimal text out.
"""

from bursar.exchange.focus.columns import SPEC_1_0, SPEC_1_2, VERSIONS, columns_of
from bursar.exchange.focus.parquet import ParquetFile
from bursar.exchange.focus.rows import Batch, House, Person, csv_head, csv_lines

__all__ = [
    "SPEC_1_0",
    "SPEC_1_2",
    "VERSIONS",
    "Batch",
    "House",
    "ParquetFile",
    "Person",
    "columns_of",
    "csv_head",
    "csv_lines",
]
