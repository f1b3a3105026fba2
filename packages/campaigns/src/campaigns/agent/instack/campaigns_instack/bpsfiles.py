"""What existing BPS files say, read as BPS reads them."""

from __future__ import annotations

import os
from typing import Any

from lsst.daf.butler import Config
from lsst.resources import ResourcePath

from campaigns_instack.faults import StackError

__all__ = ("read_bps",)


def read_bps(files: list[str], own: str | None = None) -> dict[str, Any]:
    """Read BPS files, with all that they include.

    Parameters
    ----------
    files : `list` [`str`]
        The files; later ones win. They may begin with variables.
    own : `str`, optional
        The one of them that stands for a pipeline, and so must name one.

    Returns
    -------
    settings : `dict`
        What they say together.

    Raises
    ------
    StackError
        If a file is not there, cannot be understood, or cannot be submitted for a campaign.
    """
    together = Config()
    for name in files:
        together.update(_read(name, "file" if name == own else "include_configs"))
    settings: dict[str, Any] = together.toDict()
    if own is not None:
        _check(settings, own)
    return settings


def _read(name: str, where: str) -> Config:
    path = ResourcePath(os.path.expandvars(name), forceDirectory=False)
    if not path.exists():
        remedy = "Correct the path, which is one at the site or in the repository of the processing specification."
        raise StackError("include_not_found", f"There is no BPS file {name}.", where=where, remedy=remedy)
    try:
        return Config(path)
    except Exception as error:
        # What parsers and includes raise is of many kinds.
        told = str(error).strip() or type(error).__name__
        remedy = "Correct the file; it is YAML, and may include others by `includeConfigs`."
        raise StackError("include_invalid", f"The BPS file {name} cannot be read: {told}", where=where, remedy=remedy) from error


def _check(settings: dict[str, Any], own: str) -> None:
    if settings.get("qgraphFile"):
        raise StackError(
            "ready_graph",
            f"The BPS file {own} names a ready quantum graph, whose output run is fixed in it.",
            where="file",
            remedy="Name the pipeline by pipelineYaml instead; the campaign gives each submission its own output run.",
        )
    if not settings.get("pipelineYaml"):
        remedy = "Name it there by pipelineYaml."
        raise StackError("pipeline_not_found", f"The BPS file {own} names no pipeline.", where="file", remedy=remedy)
