"""The BPS configuration of a submission: the site's settings, the definition's over them, and over both what is fixed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from campaigns.agent.site import Site
from campaigns.domain.errors import InvalidInput
from campaigns.domain.settings import merge
from campaigns.wire.agent import SubmitPayload
from campaigns.wire.agentsets import PinnedSet

__all__ = ("CREATE_GRAPH", "SUBMISSION_YAML", "bps_document", "submission_dir", "write_bps_yaml")

SUBMISSION_YAML = "submission.yaml"
"""The name of the BPS configuration in a submission's directory."""

CREATE_GRAPH = (
    "pipetask {qgraphPreCmdOpts} qgraph --butler-config {butlerConfig} {pipetaskInput} {pipetaskOutput} --output-run {outputRun} "
    "--pipeline {pipelineYaml} --save-qgraph {qgraphFile} --qgraph-datastore-records {pipetaskDataQuery} {extraQgraphOptions}"
)
"""How BPS has graphs built by default; with sets it is done so by `pipetask-sets`, which is pipetask with options for them."""

_PIPETASK = re.compile(r"(?:[^\s\"']*/)?pipetask(?=\s)")


def submission_dir(site: Site, payload: SubmitPayload) -> Path:
    """Give the directory of a submission below the site's work directory."""
    campaign = re.sub(r"[^A-Za-z0-9._-]+", "-", payload.campaign_name).lstrip(".-") or payload.campaign_id
    return site.work_dir / campaign / payload.submission_id


def bps_document(site: Site, payload: SubmitPayload, *, sets: Sequence[PinnedSet] = ()) -> dict[str, Any]:
    """Give the whole BPS configuration of a submission.

    Parameters
    ----------
    site : `Site`
        The site.
    payload : `SubmitPayload`
        The submission.
    sets : sequence of `PinnedSet`, optional
        Those of its DataId sets that have to do with its pipeline.

    Raises
    ------
    InvalidInput
        If sets are to be applied, and the command that builds the graph is another than pipetask.
    """
    defaults = {"project": "campaigns", "computeSite": site.name}
    fixed = {
        "operator": payload.operator,
        "campaign": payload.campaign_name,
        "pipelineYaml": payload.pipeline,
        "submitPath": str(submission_dir(site, payload) / "submit"),
        # With -o, pipetask wants the chain to fit the inputs; and the chain is none of the submission's business.
        "pipetaskOutput": "",
        "finalJob": {"updateOutputChain": "--no-update-output-chain"},
        "payload": {
            "payloadName": f"{payload.step}_{payload.group}" if payload.group else payload.step,
            "butlerConfig": site.repositories[payload.repository].uri,
            "inCollection": ",".join(payload.input_collections),
            "output": payload.output,
            "outputRun": payload.output_run,
            "dataQuery": payload.data_query,
        },
    }
    if payload.instrument is not None:
        fixed["instrument"] = payload.instrument
    document = merge(defaults, site.bps, payload.bps, fixed)
    return merge(document, _with_sets(document, sets)) if sets else document


def _with_sets(document: dict[str, Any], sets: Sequence[PinnedSet]) -> dict[str, str]:
    """Give the settings by which BPS builds the quantum graph under sets."""
    command, found = _PIPETASK.subn("pipetask-sets", str(document.get("createQuantumGraph", CREATE_GRAPH)), count=1)
    if not found:
        raise InvalidInput(
            "The BPS setting createQuantumGraph runs something else than pipetask, so that no DataId sets can be applied.",
            where="bps.createQuantumGraph",
            remedy="Leave that setting out, or the sets.",
        )
    options = [f"--{one.role.value}-set {one.name}@{one.version}" for one in sets]
    return {
        "createQuantumGraph": command,
        "extraQgraphOptions": " ".join([str(document.get("extraQgraphOptions", "")).strip(), *options]).strip(),
    }


def write_bps_yaml(site: Site, payload: SubmitPayload, *, sets: Sequence[PinnedSet] = ()) -> tuple[Path, str]:
    """Write the BPS configuration of a submission into its directory, which is made; see `bps_document`.

    Returns
    -------
    path : `pathlib.Path`
        The file.
    text : `str`
        What it says.
    """
    directory = submission_dir(site, payload)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / SUBMISSION_YAML
    text = yaml.safe_dump(bps_document(site, payload, sets=sets), sort_keys=False, width=120, allow_unicode=True)
    path.write_text(text)
    return path, text
