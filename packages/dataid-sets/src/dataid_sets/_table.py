"""Data IDs in memory: one dimension group, sorted distinct rows of primary keys, a reason for each.

Everything that enters or leaves a registry or a file passes through a `DataIdTable`, so that there is one order and one digest.
"""

from __future__ import annotations

__all__ = ("DataIdTable",)

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import DataCoordinate, DimensionGroup, DimensionUniverse

from ._columns import REASON, TEXT, group_of, listed, reason_column, typed, with_reason
from ._digest import Digester
from ._errors import DataIdSetValueError, Problem
from ._order import sorted_distinct

if TYPE_CHECKING:
    import astropy.table


class DataIdTable:
    """Distinct data IDs of one dimension group, in order.

    Use one of the class methods; the constructor trusts its arguments.

    Parameters
    ----------
    dimensions : `lsst.daf.butler.DimensionGroup`
        The dimensions that every row has values for.
    arrow : `pyarrow.Table`
        The columns of `names`, then ``reason``; sorted by `names` (text by its UTF-8 bytes), without repetitions.

    Notes
    -----
    Columns stand in the alphabetical order of their dimensions, which no version of the dimension universe changes, and rows
    are sorted by them. The digest is of that form.
    """

    def __init__(self, dimensions: DimensionGroup, arrow: pa.Table) -> None:
        self.dimensions = dimensions
        self.arrow = arrow

    # ---- making one

    @classmethod
    def from_arrow(
        cls,
        arrow: pa.Table | pa.RecordBatch,
        *,
        universe: DimensionUniverse,
        dimensions: DimensionGroup | Iterable[str] | None = None,
        constants: Mapping[str, int | str] | None = None,
    ) -> DataIdTable:
        """Take data IDs from Arrow columns.

        Parameters
        ----------
        arrow : `pyarrow.Table` or `pyarrow.RecordBatch`
            One column for each required dimension that is no constant; ``reason``, or else ``comment`` or ``comments``, is
            optional, and other columns are an error.
        universe : `lsst.daf.butler.DimensionUniverse`
            The dimensions there are.
        dimensions : `DimensionGroup` or iterable of `str`, optional
            The dimensions; by default the columns' names.
        constants : mapping of `str` to `int` or `str`, optional
            Values of dimensions that are the same in every row; with ``reason``, the reason of rows without one.

        Raises
        ------
        DataIdSetValueError
            If columns are missing or unknown, or values have the wrong type, are missing or contradict a constant.
        """
        if isinstance(arrow, pa.RecordBatch):
            arrow = pa.Table.from_batches([arrow])
        constants = dict(constants or {})
        arrow = with_reason(arrow, constants.get(REASON))
        group = group_of(dimensions, [*arrow.column_names, *constants], universe)
        # Nothing here keeps what was cast, so that sorting can let go of it.
        return cls(group, sorted_distinct(typed(arrow, group, constants), sorted(group.required)))

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[DataCoordinate | Mapping[str, Any]],
        *,
        universe: DimensionUniverse,
        dimensions: DimensionGroup | Iterable[str] | None = None,
        constants: Mapping[str, int | str] | None = None,
        reason: str | None = None,
    ) -> DataIdTable:
        """Take data IDs from data coordinates or mappings.

        Parameters
        ----------
        rows : iterable of `DataCoordinate` or mapping
            A mapping may have a ``reason``, or else a ``comment`` or ``comments``, beside its dimensions.
        universe : `lsst.daf.butler.DimensionUniverse`
            The dimensions there are.
        dimensions : `DimensionGroup` or iterable of `str`, optional
            The dimensions; by default those of the first row and the constants.
        constants : mapping of `str` to `int` or `str`, optional
            Values of dimensions (or the reason) that rows lack.
        reason : `str`, optional
            The reason of rows without one of their own.

        Raises
        ------
        DataIdSetValueError
            If a row lacks a value or has one of the wrong type.
        """
        fixed = {name: value for name, value in (constants or {}).items() if name != REASON}
        reason = reason or (constants or {}).get(REASON)  # type: ignore[assignment] # another type is told below
        mappings = [{**fixed, **_named(row)} for row in _mappings(rows)]
        if dimensions is None and not mappings:
            raise DataIdSetValueError("There are no data IDs to take the dimensions from.", remedy="Give `dimensions`.")
        group = group_of(dimensions, list(mappings[0]) if mappings else [], universe)
        names = sorted(group.required)
        problems: list[Problem] = []
        for index, row in enumerate(mappings):
            odd = sorted(({*names} - row.keys()) | (row.keys() - {*names, REASON}))
            problems.extend(
                Problem(
                    code="missing_value" if name in names else "unknown_column",
                    where=f"data ID {index}",
                    message=f"It has no value of {name}." if name in names else f"{name} is no dimension of {', '.join(names)}.",
                )
                for name in odd
            )
            problems.extend(
                Problem(
                    code="contradicts_constant",
                    where=f"data ID {index}",
                    message=f"{name} is {row[name]!r} here, but the constant {value!r} was given.",
                )
                for name, value in fixed.items()
                if row[name] != value
            )
        if problems:
            raise DataIdSetValueError(problems)
        columns = {name: [row[name] for row in mappings] for name in names}
        columns[REASON] = [row.get(REASON) or reason for row in mappings]
        arrow = pa.table({name: listed(values, name) for name, values in columns.items()})
        return cls(group, sorted_distinct(typed(arrow, group, {}), sorted(group.required)))

    @classmethod
    def from_astropy(
        cls,
        table: astropy.table.Table,
        *,
        universe: DimensionUniverse,
        dimensions: DimensionGroup | Iterable[str] | None = None,
        constants: Mapping[str, int | str] | None = None,
    ) -> DataIdTable:
        """Take data IDs from an Astropy table; as `from_arrow` otherwise."""
        columns = {}
        for name in table.colnames:
            column = table[name]
            mask = getattr(column, "mask", None)
            columns[name] = listed(
                np.asarray(column).tolist(), name, mask=None if mask is None else np.broadcast_to(mask, len(table))
            )
        return cls.from_arrow(pa.table(columns), universe=universe, dimensions=dimensions, constants=constants)

    # ---- what it holds

    @property
    def names(self) -> list[str]:
        """The required dimensions, in alphabetical order (`list` [`str`])."""
        return sorted(self.dimensions.required)

    def __len__(self) -> int:
        n_rows: int = self.arrow.num_rows
        return n_rows

    def __iter__(self) -> Iterator[DataCoordinate]:
        names = list(self.dimensions.required)
        columns = [self.arrow.column(name).to_pylist() for name in names]
        for values in zip(*columns, strict=True):
            yield DataCoordinate.from_required_values(self.dimensions, values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DataIdTable):
            return NotImplemented
        return self.digest == other.digest and self.reasons_digest == other.reasons_digest

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"DataIdTable({', '.join(self.dimensions.required)}; {len(self):,} rows, {self.digest[:12]})"

    def _repr_html_(self) -> str:
        shown = self.to_astropy()[:10]
        return f"<p>{self!r}</p>{shown._repr_html_()}"

    @property
    def digest(self) -> str:
        """The digest of dimensions and data IDs (`str`); see `Digester`."""
        return self._digests()[0]

    @property
    def reasons_digest(self) -> str:
        """The digest of dimensions, data IDs and reasons (`str`)."""
        return self._digests()[1]

    def _digests(self) -> tuple[str, str]:
        if not hasattr(self, "_known_digests"):
            digester = Digester(self.dimensions)
            digester.add(self.arrow)
            self._known_digests = digester.finish()
        return self._known_digests

    def to_astropy(self) -> astropy.table.Table:
        """Give the rows as an Astropy table (`astropy.table.Table`), ``reason`` last and masked where there is none."""
        import astropy.table

        columns: dict[str, Any] = {}
        for name in (*self.dimensions.required, REASON):
            column = self.arrow.column(name)
            if name == REASON:
                missing = pc.is_null(column).to_numpy()
                values = np.array(pc.fill_null(column.cast(pa.string()), "").to_pylist(), dtype=str)
                columns[name] = astropy.table.MaskedColumn(values, mask=missing)
            else:
                columns[name] = np.array(column.to_pylist()) if column.type == TEXT else column.to_numpy()
        return astropy.table.Table(columns)


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """Give a row's reason its name."""
    found = reason_column(row)
    return row if found in (None, REASON) else {REASON if name == found else name: value for name, value in row.items()}


def _mappings(rows: Any) -> list[dict[str, Any]]:
    """Take data coordinates and mappings, or say what else there is."""
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise DataIdSetValueError(f"Data IDs are listed, not given as {type(rows).__name__}.", where="data_ids")
    mappings: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for index, row in enumerate(rows):
        if isinstance(row, DataCoordinate):
            mappings.append(dict(row.required))
        elif hasattr(row, "keys"):
            mappings.append(dict(row))
        else:
            told = f"A data ID is a mapping or a DataCoordinate, not {type(row).__name__}."
            problems.append(Problem(code="wrong_type", where=f"data ID {index}", message=told))
    if problems:
        raise DataIdSetValueError(problems)
    return mappings
