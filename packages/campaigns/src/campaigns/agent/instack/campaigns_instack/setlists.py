"""DataId sets that a definition names: looked up; and those that stand as lists in its data specification, made of these."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from lsst.pipe.base.pipeline_graph import PipelineGraph

from campaigns_instack.sets import MAX_REASONS_LISTED, fault_of, fits_of, opened, told_of, unfit_for

__all__ = ("find_sets", "make_sets")


@dataclass(frozen=True, slots=True)
class ListOfDataIds:
    """A list, read, and the sets of its name.

    Attributes
    ----------
    told : `dict`
        As the server tells of it: ``name``, ``path``, ``source``, ``description`` and ``text``.
    table : `dataid_sets.DataIdTable`
        What it has.
    same : `dataid_sets.DataIdSet`, optional
        The newest set of its name with the same data IDs.
    newest : `dataid_sets.DataIdSet`, optional
        The newest set of its name.
    """

    told: dict[str, Any]
    table: Any
    same: Any | None
    newest: Any | None

    @classmethod
    def read(cls, sets: Any, told: dict[str, Any]) -> ListOfDataIds:
        """Read it; raises `dataid_sets.DataIdSetError`, with the file and the lines, if it has mistakes."""
        from dataid_sets.files import read_data_ids  # noqa: PLC0415 - a stack may be without it

        table = read_data_ids(_file(told), universe=sets.universe, format="json")
        known = sorted(sets.list(name=told["name"]), key=lambda one: one.version, reverse=True)
        same = next((one for one in known if one.digest == table.digest), None)
        return cls(told, table, same, next(iter(known), None))

    @property
    def meant(self) -> Any:
        """What it stands for, as conditions take it: a set with its version, or name and table (`str` or `tuple`)."""
        name = self.told["name"]
        return (name, self.table) if self.same is None else f"{name}@{self.same.version}"

    @property
    def differs(self) -> str:
        """The newest set of the name, where none is the same (`str`)."""
        return f"{self.newest.name}@{self.newest.version}" if self.same is None and self.newest is not None else ""

    def found(self, sets: Any, made: Any | None = None) -> dict[str, Any]:
        """Tell of it and the set that it means, which is `None` where it is still to be made."""
        meant = self.same if made is None else made
        listed = {"path": self.told["path"], "rows": len(self.table), "digest": self.table.digest}
        return {
            "reference": self.told["name"],
            "set": None if meant is None else _short(told_of(sets, meant)),
            "list": listed,
            "differs": self.differs,
        }


def find_sets(
    repository: str,
    named: list[dict[str, Any]],
    pipelines: list[tuple[str, PipelineGraph]],
    translations: dict[str, dict[str, Any]],
    lists: list[dict[str, Any]],
) -> dict[str, Any]:
    """Find sets by what people call them, and tell what they would do to each task, and where they do not fit. Nothing is made.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    named : `list` [`dict`]
        Each with ``where``, ``reference``, ``role`` and ``step``, which is `None` for all steps.
    pipelines : `list` [`tuple`]
        Each step's name and pipeline.
    translations : `dict`
        By the step's name, its ``rule`` and ``visit_system``, where they are given.
    lists : `list` [`dict`]
        Lists of data IDs; what is called like one means the newest set of that name with the same data IDs.

    Returns
    -------
    found : `dict`
        ``sets``, each with ``reference`` and ``set``, which is `None` for one that is to be made of its ``list``; ``fits``, one
        for each set and step, with ``reference``, ``role``, ``step``, ``outcome`` and ``detail`` for the whole, and ``tasks``,
        the outcome for each; and ``faults``, for each set that there is not or that does not fit.
    """
    with opened(repository) as sets:
        listed, faults = _read_all(sets, lists)
        if faults:
            return {"sets": [], "fits": [], "faults": faults}
        found, faults = _look_up(sets, [one for one in named if one["reference"] not in listed])
        meant = {**{reference: reference for reference in found}, **{name: one.meant for name, one in listed.items()}}
        fits: list[dict[str, Any]] = []
        for step, graph in pipelines:
            used = [one for one in named if one["step"] in (None, step) and one["reference"] in meant]
            fitted, unfit = _met(sets, step, graph, used, meant, translations.get(step, {}))
            fits.extend(fitted)
            faults.extend(unfit)
        told = [{"reference": reference, "set": one} for reference, one in found.items()]
        return {"sets": [*told, *(one.found(sets) for one in listed.values())], "fits": fits, "faults": faults}


def _met(
    sets: Any,
    step: str,
    graph: PipelineGraph,
    used: list[dict[str, Any]],
    meant: dict[str, Any],
    translation: dict[str, Any],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Tell what sets would do to one step, and where they do not fit."""
    from dataid_sets import DataIdSetError  # noqa: PLC0415 - a stack may be without it

    try:
        met = fits_of(sets, graph, [(one["role"], meant[one["reference"]]) for one in used], translation)
    except DataIdSetError as error:
        return [], [{**fault_of(problem), "where": f"steps {step}: sets.{problem.where}"} for problem in error.problems]
    pairs = list(zip(used, met, strict=True))
    told = [{"reference": one["reference"], "role": one["role"], "step": step, **fit} for one, fit in pairs]
    unfit = [(one, fit) for one, fit in pairs if fit["outcome"] == "unfit"]
    return told, [unfit_for(one["reference"], step, fit, where=one["where"]).as_dict() for one, fit in unfit]


def make_sets(repository: str, lists: list[dict[str, Any]], mark: str) -> dict[str, Any]:
    """Make sets of lists, where there is none of that name with the same data IDs.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    lists : `list` [`dict`]
        Each with ``name``, ``path``, ``source``, ``description`` and ``text``.
    mark : `str`
        By what a set that was made by an earlier try is known again; kept at the end of the set's source.

    Returns
    -------
    result : `dict`
        ``sets``, each with ``reference``, ``set``, ``list``, ``differs`` and ``made``; and ``faults``.
    """
    made: list[dict[str, Any]] = []
    with opened(repository, writeable=True) as sets:
        from dataid_sets import DataIdSetError  # noqa: PLC0415 - a stack may be without it

        listed, faults = _read_all(sets, lists)
        for one in listed.values() if not faults else ():
            told = one.told
            try:
                kept = one.same or sets.create(
                    told["name"], one.table, description=told["description"], source=f"{told['source']} ({mark})"
                )
            except DataIdSetError as error:
                faults.extend({**fault_of(one), "where": told["path"]} for one in error.problems)
            else:
                made.append({**one.found(sets, kept), "made": kept.source.endswith(f"({mark})")})
    return {"sets": made, "faults": faults}


def _read_all(sets: Any, lists: list[dict[str, Any]]) -> tuple[dict[str, ListOfDataIds], list[dict[str, Any]]]:
    from dataid_sets import DataIdSetError  # noqa: PLC0415 - a stack may be without it

    listed: dict[str, ListOfDataIds] = {}
    faults: list[dict[str, Any]] = []
    for one in lists:
        try:
            found = ListOfDataIds.read(sets, one)
        except DataIdSetError as error:
            faults.extend(fault_of(problem) for problem in error.problems)
        else:
            listed[one["name"]] = found
            faults.extend(_unknown(sets, found))
    return listed, faults


def _look_up(sets: Any, named: list[dict[str, Any]]) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    from dataid_sets import DataIdSetError  # noqa: PLC0415 - a stack may be without it

    found: dict[str, dict[str, Any]] = {}
    faults: list[dict[str, Any]] = []
    for one in named:
        try:
            found[one["reference"]] = _short(told_of(sets, sets.find(one["reference"])))
        except DataIdSetError as error:
            faults.append({**fault_of(error.problems[0]), "code": "unknown_set", "where": one["where"]})
    return found, faults


def _short(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "reasons": told.get("reasons", [])[:MAX_REASONS_LISTED]}


def _unknown(sets: Any, listed: ListOfDataIds) -> list[dict[str, Any]]:
    """Tell, by file and line, which values of a list that is to be made a set of the registry does not know."""
    from dataid_sets.files import places_of  # noqa: PLC0415 - a stack may be without it

    error = sets.unknown(listed.table) if listed.same is None else None
    if error is None:
        return []
    path = listed.told["path"]
    places = places_of(_file(listed.told), error.keys.values(), universe=sets.universe, format="json")
    remedy = "Correct the file, commit it, and have the campaign name that commit or its tag."
    return [
        {
            **fault_of(one),
            "where": ", ".join(filter(None, (path, places.get(error.keys.get(one, ())), one.where))),
            "remedy": remedy,
        }
        for one in error.problems
    ]


def _file(told: dict[str, Any]) -> io.BytesIO:
    """Give a list as a file of its name, by which its mistakes are told."""
    file = io.BytesIO(told["text"].encode())
    file.name = told["path"]
    return file
