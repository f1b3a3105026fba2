"""The options by which BPS calls pipetask: configuration of tasks, DataId sets, and what else a definition gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from campaigns.domain.errors import InvalidInput
from campaigns.wire.agent import SubmitPayload
from campaigns.wire.agentsets import PinnedSet

__all__ = ("CREATE_GRAPH", "options_of")

CREATE_GRAPH = (
    "pipetask {qgraphPreCmdOpts} qgraph --butler-config {butlerConfig} {pipetaskInput} {pipetaskOutput} --output-run {outputRun} "
    "--pipeline {pipelineYaml} --save-qgraph {qgraphFile} --qgraph-datastore-records {pipetaskDataQuery} {extraQgraphOptions}"
)
"""How BPS has graphs built by default; with sets it is done so by `pipetask-sets`, which is pipetask with options for them."""

_PIPETASK = re.compile(r"(?:[^\s\"']*/)?pipetask(?=\s)")


def options_of(
    document: Mapping[str, Any],
    below: Mapping[str, Any],
    payload: SubmitPayload,
    located: Callable[[str], str],
    *,
    sets: Sequence[PinnedSet],
    labels: Collection[str],
) -> dict[str, str]:
    """Give the settings by which BPS calls pipetask with a submission's options.

    Parameters
    ----------
    document : mapping
        The settings of the submission so far.
    below : mapping
        Those that lie under them: the site's and those of included files.
    payload : `SubmitPayload`
        The submission.
    located : callable
        Tells where a file is found at the site.
    sets : sequence of `PinnedSet`
        The DataId sets that narrow the quantum graph.
    labels : collection of `str`
        The tasks of the pipeline: what the campaign sets for others is nothing to this submission.

    Returns
    -------
    settings : `dict`
        Empty where there are no options.

    Raises
    ------
    InvalidInput
        If a command has been replaced by one that ignores them.
    """
    processing = payload.processing
    shared = [override for override in processing.shared_overrides if override.label in labels]
    overrides = [
        option
        for override in (*shared, *processing.config_overrides)
        for option in override.options(located(override.file) if override.file is not None else None)
    ]
    under = [f"--{one.role.value}-set {one.name}@{one.version}" for one in sets]
    if sets:
        under += [f"--set-{name.replace('_', '-')} {value}" for name, value in processing.translation.items()]
    graph = [*overrides, *processing.qgraph_options, *under]
    settings = {}

    def set_options(name: str, options: list[str], command: str, remedy: str) -> None:
        replaced = document.get(command, below.get(command))
        if replaced is not None and f"{{{name}}}" not in str(replaced):
            raise InvalidInput(
                f"The BPS setting {command} has no {{{name}}}, so that {options[0]} would be ignored.",
                where=f"bps.{command}",
                remedy=remedy,
            )
        settings[name] = " ".join(filter(None, [str(document.get(name, below.get(name, ""))).strip(), *options]))

    if sets:
        settings["createQuantumGraph"] = _with_sets(document, below)
    if graph:
        set_options("extraQgraphOptions", graph, "createQuantumGraph", "Put {extraQgraphOptions} into that setting.")
    if processing.run_options:
        remedy = "Put {extraRunQuantumOptions} into that setting."
        set_options("extraRunQuantumOptions", processing.run_options, "runQuantumCommand", remedy)
    return settings


def _with_sets(document: Mapping[str, Any], below: Mapping[str, Any]) -> str:
    """Give the command by which BPS builds the quantum graph under sets."""
    replaced = document.get("createQuantumGraph", below.get("createQuantumGraph", CREATE_GRAPH))
    command, found = _PIPETASK.subn("pipetask-sets", str(replaced), count=1)
    if not found:
        raise InvalidInput(
            "The BPS setting createQuantumGraph runs something else than pipetask, so that no DataId sets can be applied.",
            where="bps.createQuantumGraph",
            remedy="Leave that setting out, or the sets.",
        )
    return command
