"""What is told of a campaign beside itself: what became of the last start, who operates it now, what it derives from."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import Fault
from campaigns.domain.events import Event
from campaigns.domain.states import CampaignStatus
from campaigns.services.context import Context
from campaigns.services.lineage import Kin, LineageService
from campaigns.storage.assignments import AssignmentStore
from campaigns.storage.events import EventStore
from campaigns.storage.notes import NoteStore

__all__ = ("Standing", "StandingService")

RECENT = 20
"""How many events are looked through for the outcome of the last start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is told of a campaign beside itself.

    Attributes
    ----------
    refusal : `list` [`Fault`]
        What the site found wrong, where that is what became of the last try to start.
    operators : `list` [`str`]
        Who operates any of its submissions now, by name.
    parent : `Kin`, optional
        What it derives from, if that is here and may be seen.
    n_notes : `int`
        How many notes it has, those on its submissions among them.
    """

    refusal: list[Fault]
    operators: list[str]
    parent: Kin | None
    n_notes: int


class StandingService:
    """What is told of campaigns beside themselves, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def of(self, campaign: Campaign) -> Standing:
        """Gather all that is told of a campaign that was read."""
        session, identity = self._context.session, self._context.identity
        operators = AssignmentStore(session, identity).now_of_campaign(campaign.uuid)
        return Standing(
            refusal=self.refusal(campaign),
            operators=sorted({name for names in operators.values() for name in names}),
            parent=LineageService(self._context).parent_of(campaign) if campaign.parent else None,
            n_notes=NoteStore(session, identity).count(campaign.uuid),
        )

    def making(self, campaign: Campaign) -> list[str]:
        """Give the sets of lists in git that a start under way sees to."""
        events = self._recent(campaign) if campaign.starting else []
        return next((event.details.get("making", []) for event in events if event.kind == "campaign.start_asked"), [])

    def refusal(self, campaign: Campaign) -> list[Fault]:
        """Give what the site found wrong, where that is what became of the last try to start."""
        if campaign.status is not CampaignStatus.DEFINED or campaign.starting:
            return []
        for event in self._recent(campaign):
            if event.kind == "campaign.start_refused":
                return [Fault.from_dict(fault) for fault in event.details.get("faults", [])]
            if event.kind == "campaign.revised":
                return []
        return []

    def _recent(self, campaign: Campaign) -> list[Event]:
        events = EventStore(self._context.session, self._context.identity)
        return events.of_campaign(campaign.uuid, before=None, limit=RECENT)
