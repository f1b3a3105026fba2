"""Data IDs that a form sends: JSON, CSV or ECSV, as a DataId file's document."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any, Final

import yaml

from campaigns.domain.errors import InvalidInput

__all__ = ("document_of",)

_WHOLE: Final = re.compile(r"-?\d{1,18}")
_REMEDY: Final = "Give a list of data IDs, as a DataId file has it; or CSV or ECSV, whose first line names the dimensions."


def document_of(text: str) -> Any:
    """Read the data IDs of a form.

    Parameters
    ----------
    text : `str`
        JSON, if it begins as JSON does; else CSV, or ECSV where it begins with its header.

    Raises
    ------
    InvalidInput
        If it is none of these, with the place.
    """
    begin = text.lstrip("\ufeff \t\r\n")
    if begin[:1] in ("[", "{", ""):
        return _json(text)
    return _table(begin)


def _json(text: str) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "data_ids"
        raise InvalidInput("The data IDs are not valid JSON.", where=where, remedy=_REMEDY) from None
    if not isinstance(document, list | dict):
        raise InvalidInput("A DataId file is a list of data IDs, or an object with `data_ids`.", where="data_ids", remedy=_REMEDY)
    return document


def _table(text: str) -> list[dict[str, Any]]:
    lines = text.splitlines()
    n_comments = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    header = _header(lines[:n_comments])
    texts = {one["name"] for one in header["datatype"] if one.get("datatype") == "string"} | {"reason"}
    reader = csv.reader(io.StringIO("\n".join(lines[n_comments:])), delimiter=header["delimiter"], skipinitialspace=True)
    try:
        rows = [(reader.line_num + n_comments, row) for row in reader if row]
    except csv.Error as error:
        raise InvalidInput(f"The data IDs are not valid CSV: {error}.", where="data_ids", remedy=_REMEDY) from None
    names = [name.strip() for name in rows[0][1]] if rows else []
    if not all(names) or len(set(names)) < len(names):
        raise InvalidInput("The first line does not name the dimensions, each once.", where="line 1", remedy=_REMEDY)
    found = []
    for line, row in rows[1:]:
        if len(row) != len(names):
            told = f"There are {len(row)} values for {len(names)} columns."
            raise InvalidInput(told, where=f"line {line}", remedy="Give a value, or nothing between commas, for each column.")
        cells = zip(names, row, strict=True)
        found.append({name: _value(cell, is_text=name in texts) for name, cell in cells if cell != "" or name != "reason"})
    return found


def _header(lines: list[str]) -> dict[str, Any]:
    """Read the header of ECSV: how its columns are divided, and which are text."""
    if not lines or not lines[0].startswith("# %ECSV"):
        return {"delimiter": ",", "datatype": []}
    try:
        told = yaml.safe_load("\n".join(line[2:] for line in lines[1:] if line != "# ---"))
        delimiter, columns = told.get("delimiter", " "), [dict(one) for one in told.get("datatype", ())]
        if delimiter in (" ", ",") and all("name" in one for one in columns):
            return {"delimiter": delimiter, "datatype": columns}
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, RecursionError):
        pass
    raise InvalidInput("The header of the ECSV file cannot be read.", where="line 1", remedy=_REMEDY)


def _value(cell: str, *, is_text: bool) -> str | int:
    return int(cell) if not is_text and _WHOLE.fullmatch(cell) else cell
