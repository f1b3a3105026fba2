"""The BPS configuration of a submission: the site's settings, the definition's over them, and over both what is fixed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from campaigns.agent.site import Site
from campaigns.domain.settings import merge
from campaigns.wire.agent import SubmitPayload

__all__ = ("SUBMISSION_YAML", "bps_document", "submission_dir", "write_bps_yaml")

SUBMISSION_YAML = "submission.yaml"
"""The name of the BPS configuration in a submission's directory."""


def submission_dir(site: Site, payload: SubmitPayload) -> Path:
    """Give the directory of a submission below the site's work directory."""
    campaign = re.sub(r"[^A-Za-z0-9._-]+", "-", payload.campaign_name).lstrip(".-") or payload.campaign_id
    return site.work_dir / campaign / payload.submission_id


def bps_document(site: Site, payload: SubmitPayload) -> dict[str, Any]:
    """Give the whole BPS configuration of a submission.

    Parameters
    ----------
    site : `Site`
        The site.
    payload : `SubmitPayload`
        The submission.
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
    return merge(defaults, site.bps, payload.bps, fixed)


def write_bps_yaml(site: Site, payload: SubmitPayload) -> tuple[Path, str]:
    """Write the BPS configuration of a submission into its directory, which is made.

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
    text = yaml.safe_dump(bps_document(site, payload), sort_keys=False, width=120, allow_unicode=True)
    path.write_text(text)
    return path, text
