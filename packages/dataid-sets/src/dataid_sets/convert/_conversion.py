"""Turning keys into data IDs, column by column."""

from __future__ import annotations

__all__ = ("convert",)

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from lsst.daf.butler import Dimension, DimensionGroup

from .._columns import REASON
from .._errors import DataIdSetValueError, Problem, shortened
from .._internals import Inside
from .._table import DataIdTable
from ..files import LIMIT_ROWS, rows_done
from ._input import as_columns, typed, typed_value
from ._lookup import Encoded, Found, Key, encode, look_up
from ._names import Plan, Use, make_plan
from ._problems import Conversion, Problems, joined_text

_SHOWN = 20
"""How many candidates are named."""


def convert(
    inside: Inside,
    data: Any,
    *,
    to: DimensionGroup | Iterable[str] | None = None,
    constants: Mapping[str, Any] | None = None,
    ignore: Collection[str] = (),
    multiple: bool = False,
    lines: Sequence[int] | np.ndarray | None = None,
    sources: Sequence[str] | None = None,
    verify: Collection[str] = (),
) -> Conversion:
    """Turn keys into data IDs; `DataIdSets.convert` says how.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    data, to, constants, ignore, multiple, lines
        As for `DataIdSets.convert`.
    sources : sequence of `str`, optional
        The file of each row.
    verify : collection of `str`, optional
        Dimensions whose primary keys are looked up, too.
    """
    columns, n_rows = as_columns(data, ignore=ignore)
    constants = dict(constants or {})
    plan = make_plan(list(columns), constants, to=to, universe=inside.universe)
    numbers = np.arange(1, n_rows + 1) if lines is None else np.asarray(lines, dtype=np.int64)
    if len(numbers) != n_rows:
        raise DataIdSetValueError(f"There are {len(numbers):,} lines for {n_rows:,} rows.", where="lines")
    problems = Problems(numbers, None if sources is None else pa.array(sources, pa.string()))
    given, fixed = _typed(plan, columns, constants, problems)
    rows = _Rows(inside, n_rows, given, fixed, problems)
    for name, uses in plan.uses.items():
        with rows_done(f"Looking up {name}", n_rows) as bar:
            _tell(rows, inside.universe.dimensions[name], uses, multiple=multiple, verify=name in verify)
            bar.update(n_rows)
    table = _finished(rows, plan, columns, constants.get(REASON))
    return Conversion(table, problems.finish(), n_rows)


@dataclass
class _Rows:
    """The rows while they are converted.

    Attributes
    ----------
    inside : `Inside`
        The Butler's inside.
    n_rows : `int`
        How many rows there are by now.
    given : `dict` [`str`, `pyarrow.Array`]
        The data's columns.
    fixed : `dict` [`str`, `int` or `str`]
        The constants.
    problems : `Problems`
        What is wrong.
    origin : `numpy.ndarray` or `None`
        The row of the data of each row, if rows stand for several.
    told : `dict`
        For each dimension that is done, a column or a constant.
    """

    inside: Inside
    n_rows: int
    given: dict[str, pa.Array]
    fixed: dict[str, int | str]
    problems: Problems
    origin: np.ndarray | None = None
    told: dict[str, pa.Array | int | str] = field(default_factory=dict)
    _encoded: dict[str, Encoded] = field(default_factory=dict)

    def use(self, column: str) -> pa.Array | int | str:
        """Give a column or constant of the data, for the rows as they are by now."""
        if column in self.fixed:
            return self.fixed[column]
        array = self.given[column]
        return array if self.origin is None else array.take(pa.array(self.origin))

    def key(self, column: str, name: str) -> Key:
        """Give a part of a key that the data have."""
        if column in self.fixed:
            return Key(column, name, self.fixed[column])
        if column not in self._encoded:
            self._encoded[column] = encode(self.given[column])
        encoded = self._encoded[column]
        return Key(column, name, encoded if self.origin is None else Encoded(encoded.words, encoded.codes[self.origin]))

    def parent_key(self, name: str) -> Key:
        """Give a part of a key that was found before."""
        told = self.told[name]
        return Key(name, name, encode(told) if isinstance(told, pa.Array) else told)

    def origins(self, rows: np.ndarray) -> np.ndarray:
        """Give the rows of the data that rows come from."""
        return rows if self.origin is None else self.origin[rows]

    def repeat(self, counts: np.ndarray) -> np.ndarray:
        """Have rows stand for several; gives where each comes from.

        Raises
        ------
        DataIdSetValueError
            If they are more than a file may stand for.
        """
        total = int(counts.sum())
        if total > LIMIT_ROWS:
            widest = int(counts.argmax())
            line = int(self.problems.lines[self.origins(np.array([widest]))[0]])
            message = f"The rows stand for {total:,} data IDs, this one for {counts[widest]:,}; {LIMIT_ROWS:,} may be."
            remedy = "Give more columns, so that a row fits fewer records, or split the data."
            raise DataIdSetValueError(Problem(code="too_many_rows", where=f"line {line}", message=message, remedy=remedy))
        source = np.repeat(np.arange(self.n_rows), counts)
        self.origin = self.origins(source)
        self.told = {
            name: told.take(pa.array(source)) if isinstance(told, pa.Array) else told for name, told in self.told.items()
        }
        self.n_rows = len(source)
        return source


def _typed(
    plan: Plan, columns: Mapping[str, Any], constants: Mapping[str, Any], problems: Problems
) -> tuple[dict[str, pa.Array], dict[str, int | str]]:
    """Bring columns and constants to the registry's types, and note where there is no value."""
    given: dict[str, pa.Array] = {}
    fixed: dict[str, int | str] = {}
    wrong: list[Problem] = []
    for use in (use for uses in plan.uses.values() for use in uses):
        try:
            if use.column in constants:
                fixed[use.column] = typed_value(constants[use.column], use.kind, use.column)
            elif use.column not in given:
                given[use.column] = typed(columns[use.column], use.kind, use.column)
                if given[use.column].null_count:
                    dimension = plan.group.universe.dimensions[use.element]
                    _note_missing(columns[use.column], given[use.column], use, dimension, problems)
        except DataIdSetValueError as error:
            wrong.extend(error.problems)
    if wrong:
        raise DataIdSetValueError(wrong)
    return given, fixed


def _note_missing(column: Any, array: pa.Array, use: Use, dimension: Dimension, problems: Problems) -> None:
    rows = np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))
    shown = column.take(pa.array(rows)).cast(pa.string())
    if isinstance(shown, pa.ChunkedArray):
        shown = pa.concat_arrays(shown.chunks) if shown.num_chunks else pa.array([], pa.string())
    empty = pc.fill_null(pc.equal(shown, ""), fill_value=True)
    # People call a column `visit` that has names of visits.
    keys = [each.name for each in dimension.alternate_keys if each.pytype is str] if use.is_primary else []
    remedy = f" If these are names, call the column {' or '.join(f'{use.element}.{key}' for key in keys)}." if keys else ""
    takes = joined_text(f"{use.column} takes whole numbers, not '", shown, f"'.{remedy}")
    told = pc.if_else(empty, f"There is no value of {use.column}.", takes)
    problems.add("unmatched", rows, columns=[use.column], value=shown, message=told)


def _tell(rows: _Rows, dimension: Dimension, uses: list[Use], *, multiple: bool, verify: bool) -> None:
    """Find a dimension's values."""
    name = dimension.name
    others = [use for use in uses if not use.is_primary]
    primary = next((use for use in uses if use.is_primary), None)
    governing = name in dimension.universe.governor_dimensions.names
    if governing and not others:
        rows.told[name] = _governor(rows, dimension, primary)
        return
    if primary is not None and not others and not (verify and dimension.has_own_table):
        rows.told[name] = rows.use(primary.column)
        return
    keys = [rows.parent_key(parent) for parent in dimension.required.names if parent != name]
    keys += [rows.key(use.column, use.field) for use in uses]
    if all(key.is_constant for key in keys):
        rows.told[name] = _constant(rows, dimension, keys, multiple=multiple)
        return
    _looked_up(rows, dimension, keys, multiple=multiple and not governing)


def _governor(rows: _Rows, dimension: Dimension, use: Use | None) -> pa.Array | str:
    """Take an instrument or the like from the data, from what the Butler was opened with, or because there is no other."""
    source, columns = rows.inside.element_columns(dimension)
    with rows.inside.reading() as connection:
        known = sorted(connection.execute(sa.select(columns[dimension.name]).select_from(source)).scalars())
    told = ", ".join(known) or "none"
    if use is None:
        default = rows.inside.butler.registry.defaults.dataId
        if dimension.name in default.dimensions.required:
            return default[dimension.name]
        if len(known) == 1:
            return known[0]
        message = f"Nothing tells the {dimension.name}, and the registry has {len(known)}: {told}."
        remedy = f"Add a column {dimension.name}, or give it as a constant."
        raise DataIdSetValueError(Problem(code="missing_column", where=dimension.name, message=message, remedy=remedy))
    value = rows.use(use.column)
    if not isinstance(value, pa.Array):
        if value not in known:
            message = f"The registry has no {dimension.name} {shortened(value)!r}."
            raise DataIdSetValueError(
                Problem(code="unmatched", where=f"constants.{use.column}", message=message, remedy=f"It has {told}.")
            )
        return str(value)
    encoded = encode(value)
    places = pc.is_in(encoded.words, pa.array(known, pa.string())).to_numpy(zero_copy_only=False)
    if places.all():
        return value
    unknown = (encoded.codes >= 0) & ~np.append(places, True)[encoded.codes]
    bad = np.flatnonzero(unknown)
    texts = encoded.texts(bad)
    message = joined_text(f"The registry has no {dimension.name} ", texts, f"; it has {told}.")
    rows.problems.add("unmatched", rows.origins(bad), columns=[use.column], value=texts, message=message)
    return pa.DictionaryArray.from_arrays(pa.array(encoded.codes, mask=unknown | (encoded.codes < 0)), encoded.words)


def _constant(rows: _Rows, dimension: Dimension, keys: Sequence[Key], *, multiple: bool) -> pa.Array | int | str:
    """Look up what is the same for all rows."""
    found = look_up(rows.inside, dimension, keys, 1)
    count = int(found.counts[0])
    if count == 1:
        return found.ids[int(found.starts[0])].as_py()
    shown = ", ".join(f"{key.column}={shortened(key.given)}" for key in keys)
    if not count:
        raise DataIdSetValueError(
            Problem(code="unmatched", where="constants", message=f"The registry has no {dimension.name} of {shown}.")
        )
    if not multiple:
        message = f"The registry has {count:,} records of {dimension.name} of {shown}: {_listed(found.ids)}."
        raise DataIdSetValueError(Problem(code="ambiguous", where="constants", message=message))
    source = rows.repeat(np.full(rows.n_rows, count))
    return found.ids.take(pa.array(np.arange(len(source)) % count))


def _listed(ids: pa.Array) -> str:
    return ", ".join(map(str, ids[:_SHOWN].to_pylist())) + (", ..." if len(ids) > _SHOWN else "")


def _looked_up(rows: _Rows, dimension: Dimension, keys: Sequence[Key], *, multiple: bool) -> None:
    """Look up a dimension's records by keys, and note rows that have none or several."""
    found = look_up(rows.inside, dimension, keys, rows.n_rows)
    bad = found.counts != 1
    starts = found.starts
    if bad.any():
        _note_unmatched(rows, dimension, keys, np.flatnonzero((found.counts == 0) & found.complete))
        if not multiple:
            _note_ambiguous(rows, dimension, keys, found)
        elif (found.counts > 1).any():
            counts = np.maximum(found.counts, 1)
            source = rows.repeat(counts)
            within = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
            starts, bad = found.starts[source] + within, found.counts[source] == 0
        else:
            bad = found.counts == 0
    places = pa.array(starts, mask=bad) if bad.any() else pa.array(starts)
    rows.told[dimension.name] = found.ids.take(places)


def _described(keys: Sequence[Key], bad: np.ndarray, own: set[str]) -> tuple[list[str], pa.Array, pa.Array]:
    """Give the data's columns of a key, their values as text, and the whole key as text."""
    pieces: list[str | pa.Array] = []
    for key in keys:
        pieces.append(f"{', ' if pieces else ''}{key.column}=")
        pieces.append(str(key.given) if not isinstance(key.given, Encoded) else key.given.texts(bad))
    columns = [key for key in keys if key.column in own and isinstance(key.given, Encoded)]
    columns = columns or [key for key in keys if isinstance(key.given, Encoded)]
    if len(columns) == 1:
        return [columns[0].column], columns[0].given.texts(bad), joined_text(*pieces)  # type: ignore[union-attr]
    shown: list[str | pa.Array] = []
    for key in columns:
        shown += [f"{', ' if shown else ''}{key.column}=", key.given.texts(bad)]  # type: ignore[union-attr]
    return [key.column for key in columns], joined_text(*shown), joined_text(*pieces)


def _own(keys: Sequence[Key], dimension: Dimension) -> set[str]:
    """Tell which columns are the dimension's own, not those it depends on."""
    return {key.column for key in keys if key.field not in dimension.required.names or key.field == dimension.name}


def _note_unmatched(rows: _Rows, dimension: Dimension, keys: Sequence[Key], bad: np.ndarray) -> None:
    if len(bad):
        columns, value, whole = _described(keys, bad, _own(keys, dimension))
        message = joined_text(f"The registry has no {dimension.name} of ", whole, ".")
        rows.problems.add("unmatched", rows.origins(bad), columns=columns, value=value, message=message)


def _note_ambiguous(rows: _Rows, dimension: Dimension, keys: Sequence[Key], found: Found) -> None:
    bad = np.flatnonzero(found.counts > 1)
    if not len(bad):
        return
    columns, value, whole = _described(keys, bad, _own(keys, dimension))
    starts, first, which = np.unique(found.starts[bad], return_index=True, return_inverse=True)
    ends = starts + found.counts[bad][first]
    texts = [_listed(found.ids[start:end]) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    candidates = pa.array(texts, pa.string()).take(pa.array(which))
    numbers = pa.array(found.counts[bad]).cast(pa.string())
    message = joined_text("The registry has ", numbers, f" records of {dimension.name} of ", whole, ": ", candidates, ".")
    rows.problems.add("ambiguous", rows.origins(bad), columns=columns, value=value, message=message, candidates=candidates)


def _finished(rows: _Rows, plan: Plan, columns: Mapping[str, Any], constant_reason: str | None) -> DataIdTable:
    """Make the table of the rows that are good, and note which of them are the same."""
    told = {name: value for name, value in rows.told.items() if isinstance(value, pa.Array)}
    fixed = {name: value for name, value in rows.told.items() if not isinstance(value, pa.Array)}
    reasons = _reasons(rows, plan, columns, constant_reason)
    good: np.ndarray | None = None
    for array in told.values():
        if array.null_count:
            valid = array.is_valid().to_numpy(zero_copy_only=False)
            good = valid if good is None else good & valid
    places = None if good is None else np.flatnonzero(good)
    if places is not None:
        told = {name: array.take(pa.array(places)) for name, array in told.items()}
        reasons = reasons.take(pa.array(places))
    arrow = pa.table({**told, REASON: reasons})
    table = DataIdTable.from_arrow(arrow, universe=rows.inside.universe, dimensions=plan.group, constants=fixed)
    if len(table) < arrow.num_rows:
        _note_duplicates(rows, plan, {**told, **fixed}, np.arange(rows.n_rows) if places is None else places)
    return table


def _reasons(rows: _Rows, plan: Plan, columns: Mapping[str, Any], constant: str | None) -> pa.Array:
    """Give the reason of each row."""
    if plan.reason is None:
        reasons = pa.nulls(rows.n_rows, pa.string()) if constant is None else pa.repeat(constant, rows.n_rows)
        return reasons.dictionary_encode()
    reasons = typed(columns[plan.reason], str, plan.reason)
    if constant is not None:
        reasons = pc.fill_null(reasons.cast(pa.string()), constant).dictionary_encode()
    return reasons if rows.origin is None else reasons.take(pa.array(rows.origin))


def _note_duplicates(rows: _Rows, plan: Plan, values: Mapping[str, Any], places: np.ndarray) -> None:
    """Note rows whose data ID an earlier row has, too."""
    names = [name for name in plan.group.required if isinstance(values[name], pa.Array)]
    origins = rows.origins(places)
    codes = [encode(values[name]).codes for name in names] or [np.zeros(len(places), np.int32)]
    order = np.lexsort(codes[::-1])  # it is stable: the earlier row comes first
    differs = np.zeros(len(order), dtype=bool)
    differs[:1] = True
    for code in codes:
        differs[1:] |= code[order][1:] != code[order][:-1]
    first = order[np.maximum.accumulate(np.where(differs, np.arange(len(order)), 0))]
    again, before = order[~differs], first[~differs]
    pieces: list[str | pa.Array] = []
    for name in plan.group.required:
        pieces.append(f"{', ' if pieces else ''}{name}=")
        value = values[name]
        pieces.append(value.take(pa.array(again)).cast(pa.string()) if isinstance(value, pa.Array) else str(value))
    shown = joined_text(*pieces) if names else pa.repeat("".join(map(str, pieces)), len(again))
    line = pa.array(rows.problems.lines[origins[before]]).cast(pa.string())
    message = joined_text("Line ", line, " is the same data ID, ", shown, ".")
    candidates = joined_text("line ", line)
    rows.problems.add(
        "duplicate", origins[again], columns=list(plan.group.required), value=shown, message=message, candidates=candidates
    )
