"""What is done with a submission's outputs: chain them, report on them, export their plots."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lsst.daf.butler import Butler, CollectionType, MissingCollectionError

from campaigns_instack.faults import StackError

__all__ = ("export_plots", "redefine_chain", "run_pipetask")


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
    with Butler.from_config(repository, writeable=True) as butler:
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
    import click
    from lsst.ctrl.mpexec.cli.pipetask import cli

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


def export_plots(repository: str, run: str, directory: str, max_plots: int) -> list[dict[str, Any]]:
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
    plots : `list` [`dict`]
        ``path`` and ``title``, sorted by dataset type and data ID.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    plots = []
    with Butler.from_config(repository, writeable=False) as butler:
        summary = butler.collections.get_info(run, include_summary=True).dataset_types or ()
        names = sorted(n for n in summary if butler.get_dataset_type(n).storageClass_name == "Plot")
        refs = [ref for name in names for ref in butler.query_datasets(name, run, explain=False, limit=None)]
        refs.sort(key=lambda ref: (ref.datasetType.name, str(ref.dataId)))
        for ref in refs[:max_plots]:
            source = butler.getURI(ref)
            if source.getExtension() != ".png":
                continue
            values = [str(value) for value in ref.dataId.required.values()]
            stem = re.sub(r"[^A-Za-z0-9.]+", "-", "_".join([ref.datasetType.name, *values]))
            path = folder / f"{stem}.png"
            path.write_bytes(source.read())
            described = ", ".join(f"{key} {value}" for key, value in ref.dataId.required.items() if key != "skymap")
            plots.append({"path": str(path), "title": f"{ref.datasetType.name}: {described}" if described else ref.datasetType.name})
    return plots
