"""The orders that are done at once: cancel, chain, preflight. Doing one twice does no harm."""

from __future__ import annotations

from campaigns.agent.launch import Launch
from campaigns.agent.orderfolder import OrderFolders
from campaigns.agent.site import Site
from campaigns.agent.worker import StackRefused, Workers
from campaigns.domain.errors import CampaignError, Fault, InvalidInput
from campaigns.domain.settings import merge
from campaigns.wire.agent import (
    CancelPayload,
    ChainPayload,
    DoneReport,
    FailedReport,
    FaultModel,
    PreflightPayload,
    Report,
)

__all__ = ("carry_out_cancel", "carry_out_chain", "carry_out_preflight", "check_names")

PREFLIGHT_TIMEOUT_S = 1800.0


def carry_out_cancel(payload: CancelPayload, folders: OrderFolders) -> Report:
    """Have a submission stopped; its own order reports how it ended.

    Parameters
    ----------
    payload : `CancelPayload`
        Which.
    folders : `OrderFolders`
        All orders of this agent.
    """
    folder = folders.find(payload.submit_order_id)
    if folder is None:
        return FailedReport(
            faults=[
                FaultModel(
                    code="unknown_order",
                    message=f"This agent has never had the order of {payload.submission_id}.",
                    where=payload.submit_order_id,
                    remedy="If it was begun on another machine, or the agent's state was lost, look there what still runs.",
                )
            ]
        )
    if folder.is_closed or folder.is_ended:
        return DoneReport(result={"state": "ended"})
    folder.request_cancel(payload.reason)
    Launch(folder.launch, folder.order_id).stop()
    return DoneReport(result={"state": "stopping"})


def carry_out_chain(payload: ChainPayload, site: Site, workers: Workers) -> Report:
    """Define the campaign's output collection."""
    try:
        check_names(site, payload.repository)
        result = workers.get(payload.stack).call(
            "chain",
            repository=site.repositories[payload.repository].uri,
            chain=payload.chain,
            collections=payload.collections,
        )
    except StackRefused as error:
        return _failed(error.fault)
    except CampaignError as error:
        return _failed(_fault(error))
    return DoneReport(result=result)


def carry_out_preflight(payload: PreflightPayload, site: Site, workers: Workers) -> Report:
    """Look whether a campaign could run.

    Returns
    -------
    report : `Report`
        Failed, with all that was found, if the campaign could not; else done, with what its steps would run at most in ``steps``,
        and the DataId sets it names in ``sets``.
    """
    try:
        check_names(site, payload.repository)
        result = workers.get(payload.stack).call(
            "preflight",
            repository=site.repositories[payload.repository].uri,
            input_collections=payload.input_collections,
            output=payload.output,
            steps=[step.model_dump() for step in payload.steps],
            bps=merge({"computeSite": site.name}, site.bps, payload.bps),
            instrument=payload.instrument,
            sets=[one.model_dump(mode="json") for one in payload.sets],
            timeout_s=PREFLIGHT_TIMEOUT_S,
        )
    except StackRefused as error:
        return _failed(error.fault)
    except CampaignError as error:
        return _failed(_fault(error))
    if result["faults"]:
        return FailedReport(faults=[FaultModel(**fault) for fault in result["faults"]])
    return DoneReport(result={"steps": result["steps"], "sets": result.get("sets", [])})


def check_names(site: Site, repository: str) -> None:
    """See that the site has the repository.

    Raises
    ------
    CampaignError
        If it does not.
    """
    if repository not in site.repositories:
        known = ", ".join(sorted(site.repositories))
        raise InvalidInput(f"{site.name} has no repository {repository}.", where="repository", remedy=f"Known there: {known}.")


def _fault(error: CampaignError) -> Fault:
    return Fault(error.code, error.message, error.where, error.remedy)


def _failed(fault: Fault) -> FailedReport:
    return FailedReport(faults=[FaultModel(code=fault.code, message=fault.message, where=fault.where, remedy=fault.remedy)])
