"""Sites and their agents, as people see them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("AgentView", "SiteOffer", "SiteView")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent at a site.

    Attributes
    ----------
    last_seen_us : `int`
        When it was last heard, UTC microseconds.
    alive : `bool`
        Whether that was lately.
    """

    id: str
    host: str
    pid: int
    version: str
    last_seen_us: int
    alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOffer:
    """What a site offers."""

    name: str
    description: str
    stacks: tuple[str, ...]
    repositories: tuple[str, ...]
    workflow_system: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView(SiteOffer):
    """A site: what it offers and who serves it."""

    agents: tuple[AgentView, ...]

    @property
    def alive(self) -> bool:
        """Whether an agent has been heard lately (`bool`)."""
        return any(agent.alive for agent in self.agents)
