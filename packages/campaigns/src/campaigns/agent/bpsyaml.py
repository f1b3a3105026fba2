"""The BPS configuration of a submission: the site's settings, the definition's over them, and over both what is fixed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from campaigns.agent.bpsoptions import options_of
from campaigns.agent.site import Site
from campaigns.domain.definition import in_repository
from campaigns.domain.settings import merge
from campaigns.wire.agent import SubmitPayload
from campaigns.wire.agentsets import PinnedSet
from campaigns.wire.processing import PinnedSpecification

__all__ = (
    "SITE_YAML",
    "SUBMISSION_YAML",
    "bps_document",
    "checkout_dir",
    "included_files",
    "located",
    "site_document",
    "submission_dir",
    "write_bps_yaml",
)

SUBMISSION_YAML = "submission.yaml"
"""The name of the BPS configuration in a submission's directory."""

SITE_YAML = "site.yaml"
"""The name of the file with the site's settings, where others are included over them."""


def submission_dir(site: Site, payload: SubmitPayload) -> Path:
    """Give the directory of a submission below the site's work directory."""
    campaign = re.sub(r"[^A-Za-z0-9._-]+", "-", payload.campaign_name).lstrip(".-") or payload.campaign_id
    return site.work_dir / campaign / payload.submission_id


def checkout_dir(site: Site, specification: PinnedSpecification | None) -> Path | None:
    """Give where the files of a specification are laid out, one folder for each commit; `None` where there is none."""
    return None if specification is None else site.work_dir / "specifications" / specification.commit


def bps_document(
    site: Site,
    payload: SubmitPayload,
    *,
    sets: Sequence[PinnedSet] = (),
    included: Mapping[str, Any] | None = None,
    labels: Collection[str] = (),
) -> dict[str, Any]:
    """Give the whole BPS configuration of a submission; where it includes files, without what the site sets.

    Parameters
    ----------
    site : `Site`
        The site.
    payload : `SubmitPayload`
        The submission.
    sets : sequence of `PinnedSet`, optional
        Those of its DataId sets that have to do with its pipeline.
    included : mapping, optional
        What the files that it includes say, together, where there are any.
    labels : collection of `str`, optional
        The tasks of its pipeline, where the campaign configures any.

    Returns
    -------
    document : `dict`
        The configuration.

    Raises
    ------
    InvalidInput
        If something is to be applied that a command of BPS's, replaced by a setting, would ignore.

    Notes
    -----
    BPS puts what a file says over what it includes. The site's settings must lie under those of included files, and so are
    written to a file of their own that is included first.
    """
    files = included_files(site, payload)
    ours = {} if files else site_document(site)
    first = {"includeConfigs": [str(submission_dir(site, payload) / SITE_YAML), *files]} if files else {}
    document = merge(first, ours, {name: value for name, value in payload.bps.items() if name != "includeConfigs"})
    below = merge(site_document(site), included or {})
    find = located(site, payload.processing.specification)
    options = options_of(document, below, payload, find, sets=sets, labels=labels)
    return merge(document, options, _fixed(site, payload, below))


def site_document(site: Site) -> dict[str, Any]:
    """Give the settings that lie under all others."""
    return merge({"project": "campaigns", "computeSite": site.name}, site.bps)


def included_files(site: Site, payload: SubmitPayload) -> list[str]:
    """List the BPS files that a submission includes, as they are found at the site; later ones win."""
    told = payload.bps.get("includeConfigs", [])
    names = told if isinstance(told, list) else re.split(r"[,\s]+", str(told).strip())
    processing = payload.processing
    found = [*filter(None, map(str, names)), *processing.include_configs, *([processing.file] if processing.file else [])]
    return list(map(located(site, processing.specification), found))


def located(site: Site, specification: PinnedSpecification | None) -> Callable[[str], str]:
    """Give what tells where a file or pipeline that a definition names is found at the site."""
    checkout = checkout_dir(site, specification)
    return lambda path: str(checkout / path) if checkout is not None and in_repository(path) else path


def _fixed(site: Site, payload: SubmitPayload, below: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings that are the service's, whatever anybody says."""
    fixed: dict[str, Any] = {
        "operator": payload.operator,
        "campaign": payload.campaign_name,
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
            "dataQuery": _data_query(payload, below),
        },
    }
    if payload.processing.file is None:
        fixed["pipelineYaml"] = located(site, payload.processing.specification)(payload.pipeline)
    if payload.instrument is not None:
        fixed["instrument"] = payload.instrument
    return fixed


def _data_query(payload: SubmitPayload, below: Mapping[str, Any]) -> str:
    """Give the data query; that of a BPS file holds besides the definition's."""
    if payload.processing.file is None:
        return payload.data_query
    queries = [str(below.get("payload", {}).get("dataQuery") or "").strip(), payload.data_query.strip()]
    told = [query for query in queries if query]
    return told[0] if len(told) == 1 else " AND ".join(f"({query})" for query in told)


def write_bps_yaml(
    site: Site,
    payload: SubmitPayload,
    *,
    sets: Sequence[PinnedSet] = (),
    included: Mapping[str, Any] | None = None,
    labels: Collection[str] = (),
) -> tuple[Path, str]:
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
    document = bps_document(site, payload, sets=sets, included=included, labels=labels)
    if "includeConfigs" in document:
        (directory / SITE_YAML).write_text(_yaml(site_document(site)))
    text = _yaml(document)
    path.write_text(text)
    return path, text


def _yaml(document: dict[str, Any]) -> str:
    return str(yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True))
