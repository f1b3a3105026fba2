"""What is asked: a data ID and an output, and what of a repository has to do with them."""

from __future__ import annotations

__all__ = ("Question", "UnknownDataIdError", "ask")

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsst.daf.butler import (
    Butler,
    ButlerUserError,
    CollectionType,
    DataCoordinate,
    DatasetRef,
    DatasetType,
    DimensionGroup,
    DimensionNameError,
    MissingDatasetTypeError,
)
from lsst.daf.butler.registry import MissingCollectionError

from .._columns import no_dimension
from .._errors import DataIdSetValueError, Problem

_RELATED = ("visit", "exposure", "group")
"""Dimensions that stand for each other, by the relations that a registry records."""
_COMMON = frozenset({"detector", "band", "physical_filter", "subfilter", "day_obs"})
"""Dimensions that many data IDs share; a task of detectors alone does not work on some visit."""
_IMPLIED = _COMMON - {"detector"}
"""Dimensions that data IDs mostly have by what they name, not by themselves."""
_OWN = ("_log", "_metadata", "_config", "_resource_usage")
"""What tasks leave beside their results."""


class UnknownDataIdError(Exception):
    """The registry has no record of the data ID."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A data ID that is missed in an output.

    Attributes
    ----------
    butler : `lsst.daf.butler.Butler`
        The Butler.
    collection : `str`
        The output.
    kind : `lsst.daf.butler.CollectionType`
        What sort of collection that is.
    runs, others : `tuple` [`str`, ...]
        Its members that are outputs, and those that are inputs, in their order.
    data_id : `lsst.daf.butler.DataCoordinate`
        The data ID, with its records.
    dataset_type : `lsst.daf.butler.DatasetType` or `None`
        What is missed; a graph may know of types that the registry does not.
    wanted : `str` or `None`
        Its name.
    values : `dict` [`str`, `set`]
        The values of its dimensions, and of those that stand for them: the exposures of a visit.
    """

    butler: Butler
    collection: str
    kind: CollectionType
    runs: tuple[str, ...]
    others: tuple[str, ...]
    data_id: DataCoordinate
    dataset_type: DatasetType | None
    wanted: str | None
    values: Mapping[str, set[Any]]

    @property
    def named(self) -> dict[str, Any]:
        """The data ID's required values by name (`dict`)."""
        return dict(self.data_id.required)

    def __str__(self) -> str:
        return spelled(self.data_id)

    def _names(self) -> set[str]:
        names = set(self.values) - set(self.data_id.universe.governor_dimensions.names)
        return (names - _COMMON) or names

    def relates(self, dimensions: DimensionGroup) -> bool:
        """Tell whether data IDs of these dimensions have to do with this one."""
        return bool(self._names() & set(dimensions.required))

    def covers(self, dimensions: DimensionGroup) -> bool:
        """Tell whether data IDs of these dimensions say all of this one."""
        governors = self.data_id.universe.governor_dimensions.names
        listed = set(dimensions.required)
        return all(
            name in listed or (name in _RELATED and listed & set(_RELATED) & set(self.values))
            for name in self.data_id.dimensions.required
            if name not in governors
        )

    def matches(self, data_id: DataCoordinate) -> bool:
        """Tell whether a data ID is this one, a part of it, or what it is a part of."""
        return all(data_id[name] in self.values[name] for name in data_id.dimensions.required if name in self.values)

    def siblings(self, path: Sequence[str]) -> set[Any]:
        """Give the values of a dimension that another one stands for: all exposures of the visit of an exposure.

        Parameters
        ----------
        path : sequence of `str`
            The dimension, and at the end the one that stands for it.
        """
        found = set(self.values.get(path[0], ()))
        for value in self.values.get(path[-1], ()):
            whole = DataCoordinate.standardize(
                {path[-1]: value, "instrument": self.data_id["instrument"]}, universe=self.data_id.universe
            )
            with self.butler.query() as query:
                found |= {each[path[0]] for each in query.join_dimensions(path).where(whole).data_ids([path[0]])}
        return found

    def datasets(self, dataset_type: str, collections: Iterable[str], limit: int | None = None) -> list[DatasetRef]:
        """Find datasets that have to do with the data ID."""
        searched = list(collections)
        if not searched:
            return []
        try:
            with self.butler.query() as query:
                found = query.datasets(dataset_type, searched).where(self.data_id)
                return sorted(set(found.limit(limit) if limit else found))
        except (MissingDatasetTypeError, MissingCollectionError):
            return []

    def result_types(self, collections: Iterable[str]) -> Iterator[str]:
        """Give the types of results in collections that say all of the data ID, by name; of those related, if none does."""
        names: set[str] = set()
        for collection in collections:
            names |= set(self.butler.collections.get_info(collection, include_summary=True).dataset_types or ())
        types = [self.butler.get_dataset_type(name) for name in sorted(names) if not name.endswith(_OWN)]
        related = [each for each in types if self.relates(each.dimensions)]
        covering = [each.name for each in related if self.covers(each.dimensions)]
        yield from covering or [each.name for each in related]


def ask(
    butler: Butler, collection: str, data_id: DataCoordinate | Mapping[str, Any], *, wanted: str | None, outputs: Iterable[str]
) -> Question:
    """Look up what is asked.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The Butler.
    collection : `str`
        The output.
    data_id : `lsst.daf.butler.DataCoordinate` or mapping
        The data ID.
    wanted : `str` or `None`
        The dataset type.
    outputs : iterable of `str`
        Runs that are known to be outputs; they may be planned only.

    Raises
    ------
    UnknownDataIdError
        If the registry has no record of the data ID.
    DataIdSetValueError
        If the collection, the dataset type or a dimension is a mistake.
    """
    known = set(outputs)
    kind, members = _collection(butler, collection, known)
    runs, others = members, tuple[str, ...]()
    if kind is CollectionType.CHAINED:
        runs = tuple(each for each in members if each in known or each.startswith(f"{collection}/"))
        others = tuple(each for each in members if each not in runs)
    expanded = _expanded(butler, data_id)
    missed = _dataset_type(butler, wanted)
    _check_specific(expanded, missed)
    return Question(
        butler=butler,
        collection=collection,
        kind=kind,
        runs=runs or members,
        others=others if runs else (),
        data_id=expanded,
        dataset_type=missed,
        wanted=wanted,
        values=_values(butler, expanded),
    )


def _collection(butler: Butler, name: str, outputs: Iterable[str]) -> tuple[CollectionType, tuple[str, ...]]:
    """Give what sort of collection an output is, and its members; of one that is only planned there are none."""
    try:
        return butler.collections.get_info(name).type, tuple(butler.collections.query(name, flatten_chains=True))
    except MissingCollectionError:
        if any(each == name or each.startswith(f"{name}/") for each in outputs):
            return CollectionType.RUN, ()
        told = f"There is no collection {name}, and no graph for it is known."
        raise DataIdSetValueError(told, where="collection", remedy="`butler query-collections REPO` lists them.") from None


def _expanded(butler: Butler, data_id: DataCoordinate | Mapping[str, Any]) -> DataCoordinate:
    names = data_id.dimensions.names if isinstance(data_id, DataCoordinate) else data_id
    problems = [
        no_dimension(name, butler.dimensions, where="data_id") for name in names if name not in butler.dimensions.dimensions
    ]
    if problems or not names:
        raise DataIdSetValueError(problems or "The data ID is empty.")
    try:
        plain = DataCoordinate.standardize(data_id, universe=butler.dimensions)
    except (DimensionNameError, ValueError, TypeError) as error:
        raise DataIdSetValueError(Problem(code="invalid_data_id", where="data_id", message=_text(error))) from None
    try:
        return butler.registry.expandDataId(plain)
    except ButlerUserError as error:
        raise UnknownDataIdError(_text(error)) from None


def _check_specific(data_id: DataCoordinate, dataset_type: DatasetType | None) -> None:
    """Refuse a data ID that datasets are not told apart by: only an instrument, or what follows from a visit."""
    named = set(data_id.dimensions.required) - set(data_id.universe.governor_dimensions.names)
    if named - _IMPLIED or (named and dataset_type is not None and named <= set(dataset_type.dimensions.required)):
        return
    given = ", ".join(each for each in data_id.dimensions.required if each in named or not named)
    told = f"The data ID names only {given}, which is too little to tell datasets apart."
    remedy = "Name a visit, an exposure, a detector, a tract or a patch, too."
    raise DataIdSetValueError(Problem(code="invalid_data_id", where="data_id", message=told, remedy=remedy))


def _text(error: Exception) -> str:
    return " ".join(str(error.args[0] if error.args else error).split())


def _dataset_type(butler: Butler, name: str | None) -> DatasetType | None:
    try:
        return None if name is None else butler.get_dataset_type(name)
    except MissingDatasetTypeError:
        return None


def _values(butler: Butler, data_id: DataCoordinate) -> dict[str, set[Any]]:
    """Give the values of a data ID's dimensions, and of those that stand for them."""
    values = {name: {data_id[name]} for name in data_id.dimensions.required}
    given = [name for name in _RELATED if name in values]
    for name in _RELATED:
        if given and name not in values and name in butler.dimensions.dimensions:
            with butler.query() as query:
                found = query.join_dimensions(given).where(data_id).data_ids([name])
                listed = {each[name] for each in found}
            if listed:
                values[name] = listed
    return values


def spelled(data_id: DataCoordinate) -> str:
    """Spell a data ID out, as ``visit=903334, detector=16``."""
    governors = data_id.universe.governor_dimensions.names
    names = [name for name in data_id.dimensions.required if name not in governors] or list(data_id.dimensions.required)
    return ", ".join(f"{name}={data_id[name]}" for name in names)
