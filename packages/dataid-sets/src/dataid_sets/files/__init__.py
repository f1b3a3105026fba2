"""DataId files: lists of data IDs in JSON, CSV, ECSV, Parquet, VOTable and plain text."""

from __future__ import annotations

__all__ = (
    "FORMATS",
    "LIMIT_BYTES",
    "LIMIT_ROWS",
    "json_schema",
    "parse_constant",
    "parse_constants",
    "parse_document",
    "read_data_ids",
    "write_data_ids",
)

from ._constants import parse_constant, parse_constants
from ._reading import LIMIT_BYTES, LIMIT_ROWS, parse_document, read_data_ids
from ._schema import json_schema
from ._source import FORMATS
from ._writing import write_data_ids
