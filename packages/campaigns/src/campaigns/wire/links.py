"""Links as they go over REST. Times are UTC microseconds since 1970."""

from __future__ import annotations

from pydantic import Field

from campaigns.domain.links import Link, LinkKind, LinkOrigin
from campaigns.wire.interface import Wire

__all__ = ("LinkCheckModel", "LinkCreate", "LinkList", "LinkModel")


class LinkCreate(Wire):
    """A link to be added."""

    title: str
    url: str
    kind: LinkKind = LinkKind.OTHER
    submission: str | None = Field(default=None, description="The submission that it belongs to; by default the campaign.")


class LinkCheckModel(Wire):
    """What was found at an address when it was last looked at."""

    reached: bool
    answer: str
    checked_us: int


class LinkModel(Wire):
    """A link to another system."""

    title: str
    url: str
    kind: LinkKind
    origin: LinkOrigin = Field(description="Of the definition, of the site's templates, the ticket, or added by somebody.")
    uuid: str | None = Field(description="Of one that was added.")
    submission: str | None
    added_by: str | None
    added_us: int | None
    check: LinkCheckModel | None
    passed_over: str = Field(description="Why it was not looked at, where that has just been asked for.")

    @classmethod
    def of(cls, link: Link) -> LinkModel:
        """Make the model of a link."""
        return cls.model_validate(link)


class LinkList(Wire):
    """Links: the campaign's own, then those of its submissions."""

    items: list[LinkModel]
    next: str | None = None
