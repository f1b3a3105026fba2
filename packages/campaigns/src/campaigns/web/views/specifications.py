"""What a campaign's specifications stand for, whether they have moved, and the lists of data IDs in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import Fault
from campaigns.domain.specifications import Move, SpecPin, SpecRole
from campaigns.domain.states import CampaignStatus
from campaigns.services.repositories import DataIdFile, LookedAt, set_name_of

__all__ = ("SpecificationsPage", "UploadableList", "spec_pins_of_newest", "specifications_page")


MAX_SHOWN = 200
"""How many data IDs of a list are shown."""


@dataclass(frozen=True, slots=True)
class UploadableList:
    """A list of data IDs, and what a set of it would be called.

    Attributes
    ----------
    columns : `tuple` [`str`, ...]
        What its data IDs have, the reason last.
    shown : `tuple` [`dict`, ...]
        The first of them.
    """

    file: DataIdFile
    name: str
    columns: tuple[str, ...]
    shown: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, file: DataIdFile) -> UploadableList:
        """Make it of a file."""
        shown = file.data_ids[:MAX_SHOWN]
        names = dict.fromkeys(name for row in shown for name in row)
        columns = [name for name in names if name != "reason"] + (["reason"] if "reason" in names else [])
        return cls(file, set_name_of(file.path), tuple(columns), shown)


@dataclass(frozen=True, slots=True)
class SpecificationsPage:
    """The page's content."""

    moves: tuple[Move, ...]
    older: tuple[SpecPin, ...]
    lists: tuple[UploadableList, ...]
    n_left_out: int
    problem: str | None
    pinned: bool
    faults: tuple[Fault, ...]

    def may_take(self, campaign: Campaign) -> bool:
        """Tell whether a new revision would give the campaign other commits, and may be made now."""
        moved = any(one.move is not None and (one.move.n_ahead or one.move.n_behind) for one in self.moves)
        return moved and campaign.status is CampaignStatus.PAUSED


def specifications_page(found: LookedAt) -> SpecificationsPage:
    """Make the page of what was found."""
    lists = tuple(map(UploadableList.of, found.files))
    return SpecificationsPage(found.moves, found.older, lists, found.n_left_out, found.problem, found.pinned, found.faults)


def spec_pins_of_newest(pins: Sequence[SpecPin]) -> dict[str, SpecPin]:
    """Give the pins of the newest resolved revision, by role."""
    newest = max((pin.revision for pin in pins), default=0)
    return {pin.role.value: pin for pin in pins if pin.revision == newest and pin.role in SpecRole}
