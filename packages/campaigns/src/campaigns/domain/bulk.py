"""The same action on many campaigns: what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaigns.domain.errors import Fault
from campaigns.domain.states import CampaignAction

__all__ = ("Bulk",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """What became of an action on many.

    Attributes
    ----------
    action : `CampaignAction`
        What was done.
    done : `list` [`str`]
        The ids of the campaigns that it was done to.
    refused : `list` [`Fault`]
        Why not, for each of the others; the place is its id.
    """

    action: CampaignAction
    done: list[str] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)
