"""Usage, a row for each charge, as CSV, JSON lines and Parquet: plain columns, whole numbers of nano-units, a batch at a time.

Pure but for the Parquet file. Everything is worked out column by column, which is what ten million rows cost little with.
"""

from bursar.exchange.usage.columns import COLUMNS, KINDS, Batch, House, chosen
from bursar.exchange.usage.files import Lines, ParquetFile, csv_lines, json_lines

__all__ = ["COLUMNS", "KINDS", "Batch", "House", "Lines", "ParquetFile", "chosen", "csv_lines", "json_lines"]
