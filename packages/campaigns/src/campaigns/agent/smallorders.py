"""The orders that are done at once: cancel, chain, preflight. Doing one twice does no harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaigns.agent.bpsyaml import located
from campaigns.agent.checkout import lay_out
from campaigns.agent.launch import Launch
from campaigns.agent.orderfolder import OrderFolders
from campaigns.agent.server import ServerClient
from campaigns.agent.site import Site
from campaigns.agent.worker import StackRefused, Workers
from campaigns.domain.definition import ConfigOverride
from campaigns.domain.errors import CampaignError, Fault, InvalidInput
from campaigns.domain.settings import merge
from campaigns.wire.agent import (
    CancelPayload,
    ChainPayload,
    DoneReport,
    FailedReport,
    FaultModel,
    Order,
    PreflightPayload,
    PreflightStep,
    Report,
)
from campaigns.wire.processing import PinnedSpecification

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


def carry_out_preflight(
    payload: PreflightPayload,
    order: Order,
    site: Site,
    workers: Workers,
    server: ServerClient,
    *,
    pause: Callable[[float], object],
) -> Report:
    """Look whether a campaign could run.

    Parameters
    ----------
    payload : `PreflightPayload`
        What to look at.
    order : `Order`
        The order.
    site : `Site`
        The site.
    workers : `Workers`
        The helpers in the stacks.
    server : `ServerClient`
        Where files of the specification are.
    pause : callable
        Waits some seconds.

    Returns
    -------
    report : `Report`
        Failed, with all that was found, if the campaign could not; else done, with what its steps would run at most in ``steps``,
        the DataId sets it names in ``sets``, and what these would do to each task in ``fits``.
    """
    try:
        check_names(site, payload.repository)
        lay_out(site, server, order, payload.specification, pause=pause)
        result = workers.get(payload.stack).call(
            "preflight",
            repository=site.repositories[payload.repository].uri,
            input_collections=payload.input_collections,
            output=payload.output,
            steps=[_step(step, site, payload.specification) for step in payload.steps],
            bps=merge({"computeSite": site.name}, site.bps, payload.bps),
            instrument=payload.instrument,
            skymap=payload.skymap,
            sets=[one.model_dump(mode="json") for one in payload.sets],
            surroundings={"environment": payload.environment, "local_packages": payload.local_packages},
            timeout_s=PREFLIGHT_TIMEOUT_S,
        )
    except StackRefused as error:
        return _failed(error.fault)
    except CampaignError as error:
        return _failed(_fault(error))
    if result["faults"]:
        return FailedReport(faults=[FaultModel(**fault) for fault in result["faults"]])
    return DoneReport(result={"steps": result["steps"], "sets": result.get("sets", []), "fits": result.get("fits", [])})


def _step(step: PreflightStep, site: Site, specification: PinnedSpecification | None) -> dict[str, Any]:
    """Give a step with its files as they are found at the site."""
    find, processing = located(site, specification), step.processing

    def found(overrides: list[ConfigOverride]) -> list[dict[str, Any]]:
        return [one.model_dump() | ({"file": find(one.file)} if one.file is not None else {}) for one in overrides]

    return {
        **step.model_dump(exclude={"processing"}),
        "translation": processing.translation,
        "pipeline": find(step.pipeline),
        "file": None if processing.file is None else find(processing.file),
        "include_configs": list(map(find, processing.include_configs)),
        "config_overrides": found(processing.config_overrides),
        "shared_overrides": found(processing.shared_overrides),
    }


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
