"""Data IDs of headers: what `astro_metadata_translator` makes of them, looked up in the registry.

That package is optional, and so are its translators: those of the LSST cameras come with ``obs_lsst``.
"""

from __future__ import annotations

__all__ = ("convert_headers",)

import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import yaml
from lsst.daf.butler import DimensionGroup
from lsst.resources import ResourcePath

from .._errors import DataIdSetValueError, Problem
from .._internals import Inside
from ..files import rows_done
from ..files._mistakes import Mistake
from ..files._places import local_copy
from ._conversion import convert
from ._problems import Conversion, Problems

_KEYS: dict[str, dict[str, str]] = {
    "instrument": {"instrument": "instrument"},
    "exposure": {"exposure": "exposure_id", "exposure.obs_id": "observation_id"},
    "visit": {"visit": "visit_id"},
    "detector": {"detector": "detector_num", "detector.full_name": "detector_unique_name"},
    "physical_filter": {"physical_filter": "physical_filter"},
    "day_obs": {"day_obs": "observing_day"},
    "group": {"group": "exposure_group"},
}
"""What tells each dimension: columns, the best first, and the properties of an `ObservationInfo` that they are."""

_DUMPS = (".yaml", ".yml", ".json")


def convert_headers(
    inside: Inside,
    headers: Iterable[str | os.PathLike[str] | ResourcePath | Mapping[str, Any]],
    *,
    to: DimensionGroup | Iterable[str] = ("exposure", "detector"),
) -> Conversion:
    """Find the data IDs of headers; `DataIdSets.convert_headers` says how."""
    group = _wanted(inside, to)
    translator = _package()
    one = isinstance(headers, str | os.PathLike | ResourcePath) or hasattr(headers, "keys")
    given: list[Any] = [headers] if one else list(headers)
    read = _read_all(translator, given, {prop for name in group.required for prop in _KEYS[name].values()})
    names = [_named(header, number) for number, header in enumerate(given)]
    columns, lacking = _chosen(read.rows, group)
    failed = read.failed | {read.places[row]: f"The header tells no {', '.join(missing)}." for row, missing in lacking.items()}
    kept = [row for row in range(len(read.rows)) if row not in lacking]
    made = convert(
        inside,
        pa.table({column: pa.array([read.rows[row][prop] for row in kept]) for column, prop in columns.items()}),
        to=group,
        lines=[read.places[row] + 1 for row in kept],
        sources=[names[read.places[row]] for row in kept],
        verify=set(group.required),
    )
    return Conversion(made.table, _with_failed(made.problems, failed, names), len(given))


def _wanted(inside: Inside, to: DimensionGroup | Iterable[str]) -> DimensionGroup:
    """See that headers can tell the dimensions that are wanted."""
    group = to if isinstance(to, DimensionGroup) else inside.universe.conform([to] if isinstance(to, str) else to)
    remedy = f"They tell {', '.join(_KEYS)}."
    odd = [
        Problem(code="unwanted_column", where="to", message=f"Headers tell no {name}.", remedy=remedy)
        for name in group.required
        if name not in _KEYS
    ]
    if odd:
        raise DataIdSetValueError(odd)
    return group


@dataclass
class _Read:
    """What headers tell.

    Attributes
    ----------
    rows : `list` [`dict`]
        The properties of each detector.
    places : `list` [`int`]
        For each of these, which of the headers it came from.
    failed : `dict` [`int`, `str`]
        Which headers tell nothing, and why.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)


def _read_all(translator: ModuleType, given: list[Any], wanted: set[str]) -> _Read:
    found = _Read()
    with rows_done("Reading headers", len(given), unit="files") as bar:
        for number, header in enumerate(given):
            try:
                told = list(_translated(translator, header, wanted))
            except Exception as error:  # noqa: BLE001 - translators are others' code, and files may hold anything
                found.failed[number] = _cause(error, translator)
            else:
                found.rows += told
                found.places += [number] * len(told)
            bar.update(1)
    return found


def _package() -> ModuleType:
    try:
        import astro_metadata_translator
    except ImportError:
        remedy = "Install it, or set up a Science Pipelines stack, which has it."
        raise DataIdSetValueError(
            Problem(code="missing_package", message="Reading headers needs the package astro_metadata_translator.", remedy=remedy)
        ) from None
    return astro_metadata_translator


def _named(header: Any, number: int) -> str:
    if isinstance(header, ResourcePath):
        return str(header)
    return os.fspath(header) if isinstance(header, str | os.PathLike) else f"header {number + 1}"


def _translated(package: ModuleType, given: Any, wanted: set[str]) -> Iterator[dict[str, Any]]:
    """Give what each header of a file tells."""
    with ExitStack() as stack:
        file = isinstance(given, str | os.PathLike | ResourcePath)
        path = stack.enter_context(local_copy(given)) if file else None
        yield from _told(package, given, path, wanted)


def _told(package: ModuleType, given: Any, path: Path | None, wanted: set[str]) -> list[dict[str, Any]]:
    # Old headers break rules that Astropy warns of, and translators tell of what they mend.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = dict(given) if path is None else _read(package, path)
        name = None if path is None else str(path)
        chosen = package.MetadataTranslator.determine_translator(header, filename=name)
        whole = path is None or path.suffix.lower() in _DUMPS
        parts = [header] if whole else list(chosen.determine_translatable_headers(name, header))
        if not parts:
            raise ValueError("it has no header of a detector")
        told = []
        for part in parts:
            info = package.ObservationInfo(
                dict(part), filename=name, translator_class=chosen, pedantic=False, quiet=True, subset=wanted | {"instrument"}
            )
            told.append({prop: getattr(info, prop) for prop in wanted})
    return told


def _read(package: ModuleType, path: Path) -> Mapping[str, Any]:
    """Read a header: one that was written out, or a FITS file's first, with the next on top of it."""
    suffix = path.suffix.lower()
    if suffix in _DUMPS:
        text = path.read_text(encoding="utf-8")
        header = json.loads(text) if suffix == ".json" else yaml.load(text, Loader=_HeaderLoader)  # noqa: S506 - it is a safe one
        if not isinstance(header, Mapping):
            raise ValueError("this is no header")
        return dict(header)
    from astropy.io import fits

    with fits.open(path) as file:
        headers = [file[0].header.copy()]
        if len(file) > 1 and headers[0].get("EXTEND"):
            headers.append(file[1].header.copy())
    return dict(package.merge_headers(headers, mode="overwrite")) if len(headers) > 1 else dict(headers[0])


class _HeaderLoader(yaml.SafeLoader):
    """Reads headers as the Science Pipelines write them out, and nothing that could do harm."""


def _property_list(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> dict[str, Any]:
    kinds = {"Double": float, "Int": int}
    return {
        name: kinds.get(kind, lambda value: value)(value) for name, kind, value, *_ in loader.construct_sequence(node, deep=True)
    }


_HeaderLoader.add_constructor("lsst.daf.base.PropertyList", _property_list)


def _cause(error: Exception, package: ModuleType) -> str:
    """Say in words why a header tells nothing."""
    if isinstance(error, FileNotFoundError):
        return "There is no such file."
    if isinstance(error, Mistake):
        return error.message
    text = " ".join(str(error.args[0] if isinstance(error, KeyError) and error.args else error).split())[:300].rstrip(".")
    if "understood this header" in text:
        known = ", ".join(sorted(package.MetadataTranslator.translators))
        return (
            f"No translator understands this header; known are {known}. "
            "Those of other instruments come with their packages in the stack, such as obs_lsst."
        )
    return f"It cannot be read or translated: {text or type(error).__name__}."


def _chosen(rows: list[dict[str, Any]], group: DimensionGroup) -> tuple[dict[str, str], dict[int, list[str]]]:
    """Choose what tells each dimension, as most headers have it; gives also which headers lack it."""
    columns: dict[str, str] = {}
    lacking: dict[int, list[str]] = {}
    for name in group.required:
        missing = {column: [row for row, told in enumerate(rows) if told[prop] is None] for column, prop in _KEYS[name].items()}
        best = min(missing, key=lambda column: len(missing[column]))
        columns[best] = _KEYS[name][best]
        for row in missing[best]:
            lacking.setdefault(row, []).append(name)
    return columns, lacking


def _with_failed(found: pa.Table, failed: Mapping[int, str], names: list[str]) -> pa.Table:
    numbers = sorted(failed)
    problems = Problems(np.arange(1, len(names) + 1), pa.array(names, pa.string()))
    problems.extend(found)
    value = pa.array([names[number] for number in numbers], pa.string())
    message = pa.array([failed[number] for number in numbers], pa.string())
    problems.add("untranslated", np.array(numbers, dtype=np.int64), columns=["header"], value=value, message=message)
    return problems.finish()
