"""The orders that are done at once: cancel and chain. Doing one twice does no harm."""

from __future__ import annotations

from campaigns.agent.launch import Launch
from campaigns.agent.orderfolder import OrderFolders
from campaigns.agent.site import Site
from campaigns.agent.worker import StackRefused, Workers
from campaigns.domain.errors import CampaignError, Fault, InvalidInput
from campaigns.wire.agent import (
    CancelPayload,
    ChainPayload,
    DoneReport,
    FailedReport,
    FaultModel,
    Report,
)

__all__ = ("carry_out_cancel", "carry_out_chain", "check_names", "failed")


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
        return failed(error.fault)
    except CampaignError as error:
        return failed(*error.as_faults())
    return DoneReport(result=result)


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


def failed(*faults: Fault) -> FailedReport:
    """Give the report of an order that cannot be carried out."""
    return FailedReport(faults=[FaultModel.model_validate(fault.as_dict()) for fault in faults])
