"""What would run: what the site found when it was asked to look, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import SetFit
from campaigns.domain.identity import Identity
from campaigns.domain.order import AgentOrder
from campaigns.domain.states import CampaignStatus
from campaigns.domain.wouldrun import FoundStep, MeantSet, found_sets, found_steps
from campaigns.services.dataidsets import told_fits
from campaigns.services.factory import Factory
from campaigns.web.actions import Action, campaign_actions

__all__ = ("WouldRun", "would_run")


@dataclass(frozen=True, slots=True)
class WouldRun:
    """The page's content.

    Attributes
    ----------
    steps : `tuple` [`FoundStep`, ...]
        What is known so far.
    sets : `tuple` [`MeantSet`, ...]
        The DataId sets that the definition names.
    fits : `dict` [`str`, `list` [`SetFit`]]
        What each would do to each step, by what the definition calls it.
    progress : `dict`
        While graphs are built: ``now``, which; ``done`` of ``total``; and ``message``, what ``pipetask`` says.
    revision : `int`
        The revision that was the newest when the site was asked.
    start : `Action`, optional
        What starts the campaign, where that may be.
    may_edit : `bool`
        Whether its definition may be changed, and the site be asked again.
    """

    campaign: Campaign
    order: AgentOrder
    steps: tuple[FoundStep, ...]
    sets: tuple[MeantSet, ...]
    fits: dict[str, list[SetFit]]
    progress: dict[str, Any]
    revision: int
    start: Action | None
    may_edit: bool

    @property
    def n_built(self) -> int:
        """How many graphs were built (`int`)."""
        return sum(step.n_built for step in self.steps)

    @property
    def n_groups(self) -> int:
        """How many submissions it would be (`int`)."""
        return sum(len(step.groups) for step in self.steps)


def would_run(factory: Factory, ref: str, order_id: str, *, identity: Identity) -> WouldRun:
    """Gather what a site found of a campaign.

    Parameters
    ----------
    factory : `Factory`
        The services.
    ref : `str`
        The campaign.
    order_id : `str`
        The order by which the site looks.
    identity : `Identity`
        Who looks.
    """
    campaign, order = factory.campaigns().get(ref), factory.starting().outcome(ref, order_id)
    result = order.result or {}
    fits = {reference: told for (_, reference), told in told_fits(order).items()}
    asked_of = [one.number for one in factory.campaigns().revisions(ref) if one.created_us <= order.created_us]
    actions = campaign_actions(campaign, [], under_way=[], identity=identity)
    may_edit = campaign.status in (CampaignStatus.DRAFT, CampaignStatus.DEFINED) and campaign.runs_here and not campaign.starting
    return WouldRun(
        campaign,
        order,
        found_steps(result),
        found_sets(result),
        fits,
        result.get("progress") or {},
        revision=max(asked_of, default=campaign.revision),
        start=next((action for action in actions if action.label == "start"), None),
        may_edit=may_edit,
    )
