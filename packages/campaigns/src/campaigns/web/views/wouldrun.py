"""What would run: what the site found when it was asked to look, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import SetFit
from campaigns.domain.identity import Identity
from campaigns.domain.order import AgentOrder
from campaigns.domain.states import CampaignStatus
from campaigns.services.dataidsets import fits_of
from campaigns.services.factory import Factory
from campaigns.web.actions import Action, campaign_actions

__all__ = ("StepCounts", "WouldRun", "would_run")


@dataclass(frozen=True, slots=True)
class StepCounts:
    """A step as it would run.

    Attributes
    ----------
    n_groups : `int`
        How many submissions it would be.
    tasks : `tuple` [(`str`, `int` or `None`), ...]
        Each task, and how many quanta it has at most over all groups; `None` where that cannot be told before other steps ran.
    collection : `str`
        What its runs would lie below.
    """

    name: str
    n_groups: int
    tasks: tuple[tuple[str, int | None], ...]
    collection: str

    @property
    def total(self) -> int | None:
        """How many quanta at most (`int`); `None` where that cannot be told."""
        numbers = [number for _, number in self.tasks]
        return None if None in numbers else sum(number for number in numbers if number is not None)


@dataclass(frozen=True, slots=True)
class WouldRun:
    """The page's content.

    Attributes
    ----------
    sets : `tuple` [(`str`, `str`, `int`), ...]
        What the definition calls each DataId set, which it is, and how many data IDs it has.
    fits : `dict` [`str`, `list` [`SetFit`]]
        What each would do to each step, by what the definition calls it.
    revision : `int`
        The revision that was the newest when the site was asked.
    start : `Action`, optional
        What starts the campaign, where that may be.
    may_edit : `bool`
        Whether its definition may be changed, and the site be asked again.
    """

    campaign: Campaign
    order: AgentOrder
    steps: tuple[StepCounts, ...]
    sets: tuple[tuple[str, str, int], ...]
    fits: dict[str, list[SetFit]]
    revision: int
    start: Action | None
    may_edit: bool


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
    campaign, order = factory.campaigns().get(ref), factory.starting().outcome(order_id)
    result = order.result or {}
    steps = tuple(_counts(step, campaign.definition.output or "") for step in result.get("steps", []))
    sets = tuple(
        (one["reference"], f"{one['set']['name']}@{one['set']['version']}", one["set"]["rows"]) for one in result.get("sets", [])
    )
    fits = {reference: told for (_, reference), told in fits_of(order).items()}
    asked_of = [one.number for one in factory.campaigns().revisions(ref) if one.created_us <= order.created_us]
    actions = campaign_actions(campaign, [], under_way=[], identity=identity)
    may_edit = campaign.status in (CampaignStatus.DRAFT, CampaignStatus.DEFINED) and campaign.runs_here and not campaign.starting
    return WouldRun(
        campaign,
        order,
        steps,
        sets,
        fits,
        revision=max(asked_of, default=campaign.revision),
        start=next((action for action in actions if action.label == "start"), None),
        may_edit=may_edit,
    )


def _counts(step: Mapping[str, Any], output: str) -> StepCounts:
    groups = [group.get("quanta") for group in step["groups"]]
    tasks = tuple(
        (label, None if None in groups else sum(quanta.get(label, 0) for quanta in groups if quanta)) for label in step["tasks"]
    )
    return StepCounts(step["name"], len(groups), tasks, f"{output}/{step['name']}/…")
