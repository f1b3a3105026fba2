"""DataId files: lists of data IDs in JSON, CSV, ECSV, Parquet, VOTable and plain text."""

from __future__ import annotations

__all__ = (
    "FORMATS",
    "LIMIT_BYTES",
    "LIMIT_ROWS",
    "Columns",
    "is_elsewhere",
    "json_schema",
    "parse_constant",
    "parse_constants",
    "parse_document",
    "places_of",
    "read_columns",
    "read_data_ids",
    "rows_done",
    "write_data_ids",
)

from ._any_columns import Columns
from ._constants import parse_constant, parse_constants
from ._places import is_elsewhere
from ._progress import rows_done
from ._reading import LIMIT_BYTES, LIMIT_ROWS, parse_document, places_of, read_columns, read_data_ids
from ._schema import json_schema
from ._source import FORMATS
from ._writing import write_data_ids
