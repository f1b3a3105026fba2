"""Who is asking, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ("ANYBODY", "SYSTEM", "Identity", "Role", "may")


class Role(StrEnum):
    """What a principal may do. ``agent`` stands apart from the others, which include each other upwards."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    MANAGER = "manager"
    ADMIN = "admin"
    AGENT = "agent"


_RANK = {Role.VIEWER: 1, Role.OPERATOR: 2, Role.MANAGER: 3, Role.ADMIN: 4}


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal.

    Attributes
    ----------
    name : `str`
        The user's name, or the agent token's.
    role : `Role`
        What the principal may do.
    site : `str`, optional
        For agents, the only site they may act for.
    """

    name: str
    role: Role
    site: str | None = None


SYSTEM = Identity(name="system", role=Role.ADMIN)
"""The service itself, for what follows by rule."""

ANYBODY = Identity(name="(anybody)", role=Role.VIEWER)
"""No user has this name, which sees what all staff see: what is written where all can read it names nothing else."""


def may(identity: Identity, needed: Role) -> bool:
    """Tell whether an identity has a role or one above it.

    Parameters
    ----------
    identity : `Identity`
        Who asks.
    needed : `Role`
        The least role that is enough.

    Returns
    -------
    allowed : `bool`
        Agents have no rights of people, and people none of agents.
    """
    if needed is Role.AGENT or identity.role is Role.AGENT:
        return identity.role is needed
    return _RANK[identity.role] >= _RANK[needed]
