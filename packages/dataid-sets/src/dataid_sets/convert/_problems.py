"""What could not be converted: all of it at once, as a table."""

from __future__ import annotations

__all__ = ("Conversion", "Problems", "joined_text")

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
from lsst.resources import ResourcePath

from .._errors import DataIdFileError, DataIdSetValueError, Problem
from .._table import DataIdTable
from ..files._ecsv import write_header
from ..files._mistakes import Mistake
from ..files._writing import written_whole

_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("source", pa.string()),
        ("columns", pa.string()),
        ("value", pa.string()),
        ("problem", pa.string()),
        ("severity", pa.string()),
        ("candidates", pa.string()),
        ("message", pa.string()),
    ]
)


@dataclass(frozen=True, eq=False)
class Conversion:
    """What came of turning keys into data IDs.

    Attributes
    ----------
    table : `DataIdTable`
        The data IDs of the rows without errors, with their reasons; sorted and without repetitions.
    problems : `pyarrow.Table`
        What is wrong, by lines. Its columns are ``line`` (from 1), ``source`` (the file, where there are several), ``columns``
        and ``value`` (what could not be converted), ``problem``, ``severity``, ``candidates`` and ``message``. A problem is
        ``unmatched`` (no record, or no value), ``ambiguous`` (several records), ``untranslated`` (a header that nothing
        understands) or ``duplicate`` (the same data ID as another line's). A duplicate is a ``warning``, for a set is the same
        with or without it; all others are an ``error``, and their rows are not in `table`.
    n_rows : `int`
        How many rows there were.
    """

    table: DataIdTable
    problems: pa.Table
    n_rows: int

    @property
    def ok(self) -> bool:
        """Whether every row was converted (`bool`)."""
        return not pc.any(pc.equal(self.problems["severity"], "error")).as_py()

    @property
    def warnings(self) -> list[Problem]:
        """What is odd, though all is well with the data IDs: repetitions, each with its line (`list` [`Problem`])."""
        return list(_told(self.problems.filter(pc.equal(self.problems["severity"], "warning"))))

    def raise_for_problems(self) -> None:
        """Raise an error if a row was not converted.

        Raises
        ------
        DataIdSetValueError
            With all errors, each with its line.
        """
        if not self.ok:
            errors = self.problems.filter(pc.equal(self.problems["severity"], "error"))
            raise DataIdSetValueError(_told(errors))

    def save_problems(self, path: str | os.PathLike[str] | ResourcePath) -> None:
        """Write the table of problems as CSV or ECSV, which the suffix tells.

        Parameters
        ----------
        path : `str`, `os.PathLike` or `lsst.resources.ResourcePath`
            The file, which may be a URI.

        Raises
        ------
        DataIdFileError
            If it cannot be written.
        """
        name = str(path)
        if not name.lower().endswith((".csv", ".ecsv")):
            raise DataIdFileError("Problems are written as CSV or ECSV.", where=name, remedy="Use the suffix .csv or .ecsv.")
        empty = self.problems["source"].null_count == len(self.problems)
        table = self.problems.drop_columns(["source"]) if empty else self.problems
        stream = io.BytesIO()
        if name.lower().endswith(".ecsv"):
            types = {field.name: "int64" if pa.types.is_integer(field.type) else "string" for field in table.schema}
            stream.write(write_header(types, {}))
        stream.write((",".join(table.column_names) + "\n").encode())
        pv.write_csv(table, stream, pv.WriteOptions(include_header=False, quoting_style="needed"))
        try:
            with written_whole(path) as file:
                file.write(stream.getvalue())
        except Mistake as mistake:
            raise DataIdFileError(mistake.message, where=name, remedy=mistake.remedy) from None
        except OSError as error:
            told = f"This cannot be written: {error.strerror or error}."
            raise DataIdFileError(told, where=name, remedy="Check the folder.") from None

    def __repr__(self) -> str:
        return f"Conversion({self.n_rows:,} rows to {len(self.table):,} data IDs; {len(self.problems):,} problems)"

    def _repr_html_(self) -> str:
        import astropy.table

        shown = self.problems.slice(0, 10).to_pylist()
        html = astropy.table.Table(rows=shown)._repr_html_() if shown else ""
        return f"<p>{self!r}</p>{html}"


def _told(errors: pa.Table) -> Iterator[Problem]:
    for row in errors.to_pylist():
        places = (row["source"], None if row["source"] else f"line {row['line']}", row["columns"])
        where = ", ".join(place for place in places if place)
        yield Problem(code=row["problem"], where=where, message=row["message"])


class Problems:
    """Problems on their way to a table.

    Parameters
    ----------
    lines : `numpy.ndarray`, shape (n,)
        The line of each row of the data.
    sources : `pyarrow.Array` or `None`
        The file of each row, where there are several.
    """

    def __init__(self, lines: np.ndarray, sources: pa.Array | None) -> None:
        self.lines = lines
        self._sources = sources
        self._parts: list[pa.Table] = []

    def add(
        self,
        problem: str,
        rows: np.ndarray,
        *,
        columns: Sequence[str],
        value: pa.Array,
        message: pa.Array,
        candidates: pa.Array | None = None,
    ) -> None:
        """Note a problem of some rows.

        Parameters
        ----------
        problem : `str`
            Which.
        rows : `numpy.ndarray`, shape (k,)
            The rows of the data that have it.
        columns : sequence of `str`
            The columns in which it is.
        value, message, candidates : `pyarrow.Array`
            For each of these rows, what could not be converted, what is wrong with it, and what might have been meant.
        """
        rows, first = np.unique(rows, return_index=True)  # a row that stands for several is told of once
        n_rows, kept = len(rows), pa.array(first)
        parts = {
            "line": pa.array(self.lines[rows], pa.int64()),
            "source": pa.nulls(n_rows, pa.string()) if self._sources is None else self._sources.take(pa.array(rows)),
            "columns": pa.repeat(", ".join(columns), n_rows),
            "value": value.take(kept),
            "problem": pa.repeat(problem, n_rows),
            "severity": pa.repeat("warning" if problem == "duplicate" else "error", n_rows),
            "candidates": pa.nulls(n_rows, pa.string()) if candidates is None else candidates.take(kept),
            "message": message.take(kept),
        }
        if n_rows:
            self._parts.append(pa.table(parts, schema=_SCHEMA))

    def extend(self, problems: pa.Table) -> None:
        """Add what is a table already."""
        self._parts.append(problems)

    def finish(self) -> pa.Table:
        """Give the table (`pyarrow.Table`), by lines."""
        if not self._parts:
            return _SCHEMA.empty_table()
        table = pa.concat_tables(self._parts)
        order = np.argsort(table["line"].to_numpy(), kind="stable")
        return table.take(pa.array(order)).combine_chunks()


def joined_text(*pieces: str | pa.Array) -> pa.Array:
    """Put texts together, row by row; one that is the same for all rows may be a plain text."""
    filled = [piece if isinstance(piece, str) else pc.fill_null(piece, "nothing") for piece in pieces]
    return pc.binary_join_element_wise(*filled, "")
