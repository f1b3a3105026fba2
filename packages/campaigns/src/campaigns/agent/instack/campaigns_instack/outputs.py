"""What is done with a submission's outputs: chain them, report on them, export their plots."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
from lsst.ctrl.mpexec.cli.pipetask import cli
from lsst.daf.butler import Butler, CollectionType, DatasetRef, MissingCollectionError, MissingDatasetTypeError
from lsst.daf.butler.registry import RegistryError
from lsst.pipe.base.automatic_connection_constants import METADATA_OUTPUT_TEMPLATE
from sqlalchemy.exc import SQLAlchemyError

from campaigns_instack.faults import StackError

__all__ = ("count_registered", "export_metrics", "export_plots", "open_butler", "redefine_chain", "run_pipetask")


def open_butler(repository: str, *, writeable: bool = False) -> Butler:
    """Open a Butler.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    writeable : `bool`, optional
        Whether it may be written to.

    Raises
    ------
    StackError
        If the repository is not there or its database does not answer.
    """
    try:
        return Butler.from_config(repository, writeable=writeable)
    except (OSError, RuntimeError, LookupError, RegistryError, SQLAlchemyError) as error:
        raise StackError(
            "butler_unreachable",
            f"The Butler repository cannot be opened: {error}",
            where="repository",
            remedy="Look at the site whether the repository exists and its database answers.",
        ) from error


def redefine_chain(repository: str, chain: str, collections: list[str]) -> dict[str, Any]:
    """Make a CHAINED collection have these children, in this order; doing it again changes nothing.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    chain : `str`
        The chain's name.
    collections : `list` [`str`]
        Its children.

    Returns
    -------
    result : `dict`
        ``chain``, ``collections`` and ``changed``.

    Raises
    ------
    StackError
        If the name is taken by another kind of collection, or a child does not exist.
    """
    with open_butler(repository, writeable=True) as butler:
        missing = [name for name in collections if not _exists(butler, name)]
        if missing:
            raise StackError(
                "collection_not_found",
                f"The collection {missing[0]} does not exist, so that {chain} cannot contain it.",
                where=missing[0],
                remedy="Look whether the submission's outputs were registered; restart it if they were not.",
            )
        butler.collections.register(chain, CollectionType.CHAINED)
        info = butler.collections.get_info(chain)
        if info.type is not CollectionType.CHAINED:
            raise StackError(
                "not_chained",
                f"{chain} is a {info.type.name} collection, not a chain.",
                where="output",
                remedy="Give the campaign another output collection.",
            )
        changed = tuple(info.children) != tuple(collections)
        if changed:
            butler.collections.redefine_chain(chain, collections)
    return {"chain": chain, "collections": collections, "changed": changed}


def _exists(butler: Butler, name: str) -> bool:
    try:
        butler.collections.get_info(name)
    except MissingCollectionError:
        return False
    return True


def count_registered(repository: str, run: str, labels: list[str]) -> dict[str, int] | None:
    """Count the quanta of a run whose success the registry knows of.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    run : `str`
        The RUN collection.
    labels : `list` [`str`]
        The tasks' labels.

    Returns
    -------
    counts : `dict` [`str`, `int`] or `None`
        Label to number; `None` if the registry does not have the run.
    """
    with open_butler(repository) as butler:
        if not _exists(butler, run):
            return None
        counts = {}
        for label in labels:
            with butler.query() as query:
                try:
                    results = query.datasets(METADATA_OUTPUT_TEMPLATE.format(label=label), run)
                except MissingDatasetTypeError:
                    counts[label] = 0
                else:
                    counts[label] = results.count(exact=False)
        return counts


def run_pipetask(arguments: list[str]) -> dict[str, Any]:
    """Run ``pipetask`` with these arguments, without paying for its start.

    Parameters
    ----------
    arguments : `list` [`str`]
        Such as ``["report", "--force-v2", …]``.

    Raises
    ------
    StackError
        If it exits with anything but zero or raises; the message is its error's text.
    """
    try:
        code = cli(arguments, standalone_mode=False)
    except click.ClickException as error:
        raise StackError("pipetask_failed", error.format_message()) from error
    except SystemExit as error:
        code = error.code
    except LookupError as error:
        # MissingCollectionError and its kin: what was asked about is not in the registry.
        raise StackError("pipetask_failed", f"{type(error).__name__}: {error}") from error
    if isinstance(code, int) and code != 0:
        raise StackError("pipetask_failed", f"pipetask {arguments[0]} exited with {code}.")
    return {}


def export_plots(repository: str, run: str, directory: str, max_plots: int) -> dict[str, Any]:
    """Copy the PNG plots of a run into a directory.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    run : `str`
        The RUN collection.
    directory : `str`
        Where the files go.
    max_plots : `int`
        How many at most.

    Returns
    -------
    plots : `dict`
        ``files``, each with ``path`` and ``title``, sorted by dataset type and data ID; and ``n_left``, how many more there are.
    """
    return _export(repository, run, Path(directory), storage_class="Plot", extension=".png", most=max_plots)


def export_metrics(repository: str, run: str, directory: str, max_files: int) -> dict[str, Any]:
    """Copy the bundles of metrics of a run, as analysis_tools writes them, into a directory.

    Parameters
    ----------
    repository : `str`
        The repository's root or configuration.
    run : `str`
        The RUN collection.
    directory : `str`
        Where the files go.
    max_files : `int`
        How many at most.

    Returns
    -------
    metrics : `dict`
        ``files``, each with ``path`` and ``title``, sorted by dataset type and data ID; and ``n_left``, how many more there are.
    """
    # The file is the JSON itself: no code of analysis_tools is needed to read it.
    return _export(repository, run, Path(directory), storage_class="MetricMeasurementBundle", extension=".json", most=max_files)


def _export(repository: str, run: str, folder: Path, *, storage_class: str, extension: str, most: int) -> dict[str, Any]:
    """Copy the files of a storage class's datasets as they lie in the datastore; those of another extension are left."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with open_butler(repository) as butler:
        refs = _refs_of(butler, run, storage_class)
        for ref in refs[:most]:
            source = butler.getURI(ref)
            if source.getExtension() != extension:
                continue
            values = [str(value) for value in ref.dataId.required.values()]
            stem = re.sub(r"[^A-Za-z0-9.]+", "-", "_".join([ref.datasetType.name, *values]))
            path = folder / f"{stem}{extension}"
            path.write_bytes(source.read())
            files.append({"path": str(path), "title": _title(ref)})
    return {"files": files, "n_left": len(refs[most:])}


def _title(ref: DatasetRef) -> str:
    name = ref.datasetType.name
    described = ", ".join(f"{key} {value}" for key, value in ref.dataId.required.items() if key != "skymap")
    return f"{name}: {described}" if described else name


def _refs_of(butler: Butler, run: str, storage_class: str) -> list[DatasetRef]:
    """Give the datasets of a storage class in a run, by dataset type and data ID."""
    summary = butler.collections.get_info(run, include_summary=True).dataset_types or ()
    names = [name for name in summary if butler.get_dataset_type(name).storageClass_name == storage_class]
    refs = [ref for name in names for ref in butler.query_datasets(name, run, explain=False, limit=None)]
    return sorted(refs, key=lambda ref: (ref.datasetType.name, str(ref.dataId)))
