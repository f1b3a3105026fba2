"""Write down by what BPS is to work on a submission, also for one that is only tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from campaigns.agent.bpsyaml import included_files, located, write_bps_yaml
from campaigns.agent.setfitting import HasSets, SetFitting, surroundings_of
from campaigns.agent.site import Site

__all__ = ("configure",)


def configure(subject: HasSets, site: Site) -> tuple[Path, str]:
    """Write the BPS configuration of a submission into its directory; the files of its specification must be laid out.

    Parameters
    ----------
    subject : `HasSets`
        The submission.
    site : `Site`
        The site.

    Returns
    -------
    path : `pathlib.Path`
        The file.
    text : `str`
        What it says.

    Raises
    ------
    SetsDoNotFit
        If a DataId set is gone or has another digest, or does not fit a task.
    StackRefused
        If a file is not there or cannot be used.
    """
    payload, processing = subject.payload, subject.payload.processing

    def ask(verb: str, **args: Any) -> Any:
        return subject.worker.call(verb, surroundings=surroundings_of(processing), **args)

    find = located(site, processing.specification)
    included: dict[str, Any] = {}
    if (files := included_files(site, payload)) or processing.local_packages:
        # Asked also where there are only packages, which are looked for at the same time.
        own = find(processing.file) if processing.file is not None else None
        included = ask("read_bps", files=files, own=own)
    pipeline = str(included["pipelineYaml"]) if processing.file is not None else find(payload.pipeline)
    labels = ask("task_labels", pipeline=pipeline) if processing.shared_overrides else []
    fitting = SetFitting.find(subject, pipeline=pipeline)
    return write_bps_yaml(site, payload, sets=fitting.applied, included=included, labels=labels)
