"""The order that compares outputs of two campaigns. Doing it twice does no harm."""

from __future__ import annotations

from campaigns.agent.site import Site
from campaigns.agent.smallorders import check_names, failed
from campaigns.agent.worker import StackRefused, Workers
from campaigns.domain.errors import CampaignError
from campaigns.wire.agent import DoneReport, Report
from campaigns.wire.agentoutputs import CompareOutputsPayload

__all__ = ("carry_out_compare_outputs",)

TIMEOUT_S = 3600.0


def carry_out_compare_outputs(payload: CompareOutputsPayload, site: Site, workers: Workers) -> Report:
    """Tell which datasets are in the runs of one campaign only."""
    try:
        check_names(site, payload.repository)
        result = workers.get(payload.stack).call(
            "compare_outputs",
            repository=site.repositories[payload.repository].uri,
            before=payload.before,
            after=payload.after,
            dataset_types=payload.dataset_types,
            timeout_s=TIMEOUT_S,
        )
    except StackRefused as error:
        return failed(error.fault)
    except CampaignError as error:
        return failed(*error.as_faults())
    return DoneReport(result=result)
