"""What a site offers, as its agent says when it starts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from campaigns.domain.links import LinkKind
from campaigns.domain.quanta import cut_to
from campaigns.wire.protocol import Wire

__all__ = ("SiteDocument", "SiteLink", "SiteRepository", "SiteStack")


class SiteStack(Wire):
    """A stack that the site offers, by name; how it is set up is the site's own matter."""

    name: str
    description: str = ""


class SiteRepository(Wire):
    """A Butler repository that the site offers under an alias."""

    alias: str
    description: str = ""


class SiteLink(Wire):
    """A link that the site has for each campaign or submission."""

    kind: LinkKind
    title: Annotated[str, cut_to(200)]
    url: Annotated[str, cut_to(2000)]


class SiteDocument(Wire):
    """What a site offers. Paths, set-up scripts and account names stay with the agent."""

    description: str = ""
    stacks: list[SiteStack]
    repositories: list[SiteRepository]
    workflow_system: str = Field(description="The WMS service class that submissions use, for people to read.")
    max_submissions: int = Field(default=2, ge=1, description="How many submissions the agent follows at once.")
    links: list[SiteLink] = Field(default_factory=list, max_length=50, description="Templates of links.")
