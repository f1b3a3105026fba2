"""DataId sets of a repository: find, make and tell of them.

The package `dataid_sets` is imported only where it is asked for: a stack without it serves campaigns that name no sets.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph

from campaigns_instack.faults import StackError
from campaigns_instack.outputs import open_butler

__all__ = (
    "MAX_REASONS_LISTED",
    "check_installed",
    "fault_of",
    "fit_sets",
    "fits_of",
    "graph_sets",
    "list_sets",
    "opened",
    "show_set",
    "told_of",
    "unfit_for",
    "upload_set",
)

MAX_COUNTED = 100_000
"""Of larger sets neither reasons are counted nor data IDs sent."""

MAX_REASONS = 20
MAX_LISTED = 500
MAX_REASONS_LISTED = 5
"""How many reasons are told of each set where there are many sets."""


def check_installed() -> None:
    """Make sure that the stack has the package.

    Raises
    ------
    StackError
        If it has not.
    """
    try:
        import dataid_sets  # noqa: F401, PLC0415 - only whether it is there
    except ImportError as error:
        raise StackError(
            "no_dataid_sets",
            "The stack has no DataId sets: the package dataid_sets is not in it.",
            where="stack",
            remedy="Take a stack that has it, or leave `sets` out.",
        ) from error


@contextmanager
def opened(repository: str, *, writeable: bool = False) -> Iterator[Any]:
    """Give the sets of a repository (`dataid_sets.DataIdSets`)."""
    check_installed()
    from dataid_sets import DataIdSets, DataIdSetSchemaError, UnsupportedButlerError  # noqa: PLC0415 - a stack may be without it

    with open_butler(repository, writeable=writeable) as butler:
        try:
            yield DataIdSets(butler)
        except (DataIdSetSchemaError, UnsupportedButlerError) as error:
            problem = error.problems[0]
            raise StackError("sets_not_usable", problem.message, where="butler", remedy=problem.remedy or None) from error


def fit_sets(
    repository: str, pipeline: str, sets: list[dict[str, Any]], translation: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Look whether pinned sets are still what they were, and what they would do to a pipeline.

    Parameters
    ----------
    repository, pipeline : `str`
        The repository, and the URI of the pipeline with its subset.
    sets : `list` [`dict`]
        Each with ``role``, ``name``, ``version`` and ``digest``.
    translation : `dict`, optional
        The ``rule`` and the ``visit_system`` by which they are translated, where these are given.

    Returns
    -------
    result : `dict`
        ``fits``, for each set its ``outcome`` and ``detail``; and ``faults``.
    """
    faults: list[dict[str, Any]] = []
    fits: list[dict[str, Any]] = []
    with opened(repository) as known:
        from dataid_sets import DataIdSetError  # noqa: PLC0415 - a stack may be without it

        for one in sets:
            name = f"{one['name']}@{one['version']}"
            try:
                digest = known.find(name).digest
            except DataIdSetError as error:
                faults.append(
                    StackError("unknown_set", error.problems[0].message, where=name, remedy=error.problems[0].remedy).as_dict()
                )
                continue
            if digest != one["digest"]:
                message = f"The set {name} is not the one that was pinned: its digest is another."
                remedy = "Look at the repository who made it anew, and of what. Nothing was started."
                faults.append(StackError("set_changed", message, where=name, remedy=remedy).as_dict())
        if not faults:
            named = [(one["role"], f"{one['name']}@{one['version']}") for one in sets]
            try:
                fits = fits_of(known, Pipeline.from_uri(pipeline).to_graph(), named, translation or {})
            except DataIdSetError as error:
                return {"fits": [], "faults": [fault_of(problem) for problem in error.problems]}
            unfit = [(name, fit) for (_, name), fit in zip(named, fits, strict=True) if fit["outcome"] == "unfit"]
            faults = [unfit_for(name, pipeline, fit, where=name).as_dict() for name, fit in unfit]
    return {"fits": fits, "faults": faults}


def fits_of(
    sets: Any, graph: PipelineGraph, named: list[tuple[str, Any]], translation: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Tell what each set, by role and reference, or name and table, does to a pipeline as a whole, and to each task."""
    from dataid_sets.pipetask import applicability  # noqa: PLC0415 - a stack may be without it

    found = []
    for role, reference in named:
        entries = applicability(graph, sets.conditions(**{role: [reference]}, **(translation or {})), by_step=False)
        fits = {entry["task"]: entry["fit"] for entry in entries}
        path: list[str] = next((entry["path"] for entry in entries if entry["path"]), [])
        told = _outcome(fits, path, entries[0]["rule"] if entries else "any")
        unfit = [entry for entry in entries if entry["fit"] == "unfit"]
        if unfit:
            told = {"outcome": "unfit", "detail": f"{unfit[0]['task']} lacks {', '.join(unfit[0]['missing'])}"}
        found.append({**told, "tasks": fits})
    return found


def _outcome(fits: dict[str, str], path: list[str], rule: str) -> dict[str, str]:
    """Sum up what a set does to the tasks of a graph."""
    without = [task for task, fit in fits.items() if fit == "not_applicable"]
    if len(without) == len(fits):
        return {"outcome": "not_applicable", "detail": "no task has to do with its dimensions"}
    told = [f"{path[0]} → {path[-1]} by the rule {rule}"] if path else []
    if without:
        told.append(f"without effect on {', '.join(without)}")
    return {"outcome": "translated" if "translated" in fits.values() else "applied", "detail": "; ".join(told)}


def unfit_for(reference: str, step: str, fit: dict[str, str], *, where: str) -> StackError:
    """Tell that a set does not fit a step."""
    return StackError(
        "set_does_not_fit",
        f"The set {reference} cannot be used for {step}: the task {fit['detail']}.",
        where=where,
        remedy="Before the campaign starts, name it for other steps only, or project it to fewer dimensions by "
        "`butler combine-dataid-sets`. Once it has started, drop it from this step: `campaign drop`, or the "
        "campaign's section data.",
    )


def upload_set(
    repository: str,
    name: str,
    data_ids: Any,
    *,
    description: str,
    source: str,
    mark: str,
    unknown: str,
    rows_file: str,
    pipelines: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Make the next version of a set, unless one with this mark is there already.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    name : `str`
        The set's name.
    data_ids : `list` or `dict`
        The document of a DataId file.
    description, source : `str`
        What the set is for, and what it was made from.
    mark : `str`
        By what a set that was made by an earlier try is known again; kept at the end of the set's source.
    unknown : `str`
        What becomes of data IDs that the registry has no records of.
    rows_file : `str`
        Where to write its data IDs.
    pipelines : `list` [`dict`], optional
        Each ``step`` and ``pipeline`` that is to leave it out. A set that does not fit one of them is not made.

    Returns
    -------
    result : `dict`
        ``set``, and ``fits``, what it would do to each pipeline; or ``faults`` if it cannot be made.
    """
    with opened(repository, writeable=True) as sets:
        from dataid_sets import DataIdSetError  # noqa: PLC0415 - a stack may be without it
        from dataid_sets.files import parse_document  # noqa: PLC0415 - a stack may be without it

        try:
            made = next((one for one in sets.list(name=name) if one.source.endswith((mark, f"({mark})"))), None)
            fits: list[dict[str, str]] = []
            if made is None:
                table = parse_document(data_ids, universe=sets.universe)
                fits, unfit = _fits_of_table(sets, name, table, pipelines or [])
                if unfit:
                    return {"faults": unfit}
                kept = f"{source} ({mark})" if source else mark
                made = sets.create(name, table, unknown=unknown, description=description, source=kept)
        except DataIdSetError as error:
            return {"faults": [fault_of(problem) for problem in error.problems]}
        return {"set": told_of(sets, made, rows_file=rows_file), "fits": fits}


def _fits_of_table(
    sets: Any, name: str, table: Any, pipelines: list[dict[str, str]]
) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """Tell what data IDs that are no set yet would do to pipelines, and where they do not fit."""
    fits: list[dict[str, str]] = []
    faults: list[dict[str, Any]] = []
    for one in pipelines:
        step = one["step"]
        try:
            graph = Pipeline.from_uri(one["pipeline"]).to_graph()
        except Exception as error:  # noqa: BLE001 - a pipeline's own code may raise anything; the step itself will tell
            fits.append({"step": step, "outcome": "not_known", "detail": f"The pipeline cannot be read: {error}"[:500]})
            continue
        [fit] = fits_of(sets, graph, [("exclude", (name, table))])
        del fit["tasks"]
        if fit["outcome"] == "unfit":
            message = f"The set {name} cannot be used for {step}: the task {fit['detail']}. It was not made."
            remedy = f"Exclude it from other steps than {step}, or give data IDs of other dimensions."
            faults.append(StackError("set_does_not_fit", message, where=f"steps {step}", remedy=remedy).as_dict())
        else:
            fits.append({"step": step, **fit})
    return fits, faults


def list_sets(repository: str, known: list[tuple[str, int, str]] | None = None) -> dict[str, Any]:
    """Tell of the newest sets that everyone may read, with their reasons; what is private to this account stays so.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    known : `list`, optional
        Name, version and digest of sets whose reasons the server knows: they are not read again.
    """
    seen = {tuple(one) for one in known or ()}
    with opened(repository) as sets:
        shared = [one for one in sets.list() if one.to_dict()["access"] == "everyone"]
        shared.sort(key=lambda one: (one.created, one.id), reverse=True)
        told = [
            one.to_dict() if (one.name, one.version, one.digest) in seen else told_of(sets, one) for one in shared[:MAX_LISTED]
        ]
    for one in told:
        one["reasons"] = one.get("reasons", [])[:MAX_REASONS_LISTED]
    return {"sets": told, "n_sets": len(shared)}


def show_set(repository: str, name: str, version: int, rows_file: str) -> dict[str, Any]:
    """Tell of one set, and write its data IDs to a file."""
    with opened(repository) as sets:
        from dataid_sets import DataIdSetError  # noqa: PLC0415 - a stack may be without it

        try:
            return {"set": told_of(sets, sets.find(f"{name}@{version}"), rows_file=rows_file)}
        except DataIdSetError as error:
            return {"faults": [fault_of(problem) for problem in error.problems]}


def told_of(sets: Any, one: Any, *, rows_file: str | None = None) -> dict[str, Any]:
    """Tell of a set; of what not everyone may read, neither reasons nor data IDs."""
    told: dict[str, Any] = one.to_dict()
    if one.n_rows > MAX_COUNTED or told["access"] != "everyone":
        return told
    arrow = sets.read(one).arrow
    counted = Counter(reason or "" for reason in arrow.column("reason").to_pylist())
    told["reasons"] = [{"reason": reason, "rows": rows} for reason, rows in counted.most_common(MAX_REASONS)]
    told["n_reasons"] = len(counted)
    if rows_file is not None:
        _write_rows(Path(rows_file), told["dimensions"], arrow)
    return told


def _write_rows(path: Path, dimensions: list[str], arrow: Any) -> None:
    columns = [arrow.column(name).to_pylist() for name in dimensions]
    given = arrow.column("reason").to_pylist()
    reasons = {reason: number for number, reason in enumerate(dict.fromkeys(filter(None, given)))}
    rows = [[*values, reasons.get(reason)] for *values, reason in zip(*columns, given, strict=True)]
    path.write_text(json.dumps({"dimensions": dimensions, "reasons": list(reasons), "rows": rows}, ensure_ascii=False))


def fault_of(problem: Any) -> dict[str, str | None]:
    """Give a problem of the package's as a fault, to be sent."""
    return {
        "code": problem.code,
        "message": problem.message,
        "where": problem.where or None,
        "remedy": problem.remedy or None,
    }


def graph_sets(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what a graph's header says of the sets it was made with.

    Parameters
    ----------
    metadata : `dict`
        The header's metadata; ``dataid_sets`` is written by ``pipetask-sets``.

    Returns
    -------
    sets : `list` [`dict`]
        Each with ``role``, ``name``, ``version``, ``digest``, ``outcome`` and ``detail``.
    """
    told = []
    for one in metadata.get("dataid_sets") or ():
        plain = {name: one.get(name) for name in ("role", "name", "version", "digest")}
        if one.get("version") is not None:
            told.append({**plain, **_outcome(one.get("fit") or {}, one.get("path") or [], one.get("rule") or "any")})
    return told
