"""Saved queries and actions on many campaigns, as they go over REST. Times are UTC microseconds since 1970."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from campaigns.domain.bulk import Bulk
from campaigns.domain.savedquery import PRIVATE, SavedQuery
from campaigns.wire.actions import BulkAction
from campaigns.wire.interface import Wire

__all__ = ("BulkBody", "BulkModel", "QueryBody", "QueryList", "QueryModel")


class QueryBody(Wire):
    """A query to be kept."""

    name: str = Field(description="How you call it; unique among yours.")
    filter: str = Field(default="", description="In the filter language.")
    sort: str = Field(default="", description="The order, such as `-updated`.")
    columns: list[str] = Field(default_factory=list, description="What the list shows; none for the usual ones.")
    shared: str = Field(default=PRIVATE, description="`private`, `everyone`, or `team:` and a team's name.")


class QueryModel(Wire):
    """A saved query."""

    uuid: str
    owner: str
    name: str
    filter: str
    sort: str
    columns: list[str]
    shared: str
    created_us: int
    updated_us: int

    @classmethod
    def of(cls, query: SavedQuery) -> QueryModel:
        """Make the model of a saved query."""
        return cls.model_validate(query)


class QueryList(Wire):
    """Saved queries, one's own first."""

    items: list[QueryModel]
    next: str | None = None


class BulkBody(Wire):
    """An action on all campaigns that a filter finds."""

    filter: str = Field(description="In the filter language.")
    action: BulkAction = Field(description="What to do.")
    reason: str = Field(description="Why, for those who come after.")
    expected: int = Field(
        ge=0,
        description="How many campaigns the filter found when you looked, as `count` of `GET campaigns?count=true` tells; "
        "nothing is done if it finds another number by then.",
    )


class BulkModel(Wire):
    """What became of it."""

    action: BulkAction
    done: list[str] = Field(description="The ids of the campaigns that were moved.")
    refused: list[dict[str, Any]] = Field(description="Why the others were not; the place is the campaign's id.")

    @classmethod
    def of(cls, bulk: Bulk) -> BulkModel:
        """Make the model of what was done."""
        refused = [fault.as_dict() for fault in bulk.refused]
        return cls.model_validate({"action": bulk.action.value, "done": bulk.done, "refused": refused})
