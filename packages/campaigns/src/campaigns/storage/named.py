"""Whether there is what a definition names: its site, with what that offers, its lead and its team.

All in one statement: it is asked while somebody types, and whenever a campaign is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from campaigns.domain.definition import Definition
from campaigns.domain.identity import Identity
from campaigns.domain.site import SiteOffer
from campaigns.schema.site import SiteRow
from campaigns.schema.team import TeamRow
from campaigns.schema.user import UserRow
from campaigns.storage.sites import offer_of

__all__ = ("Named", "find_named")

_SITE: Final = SiteRow.table().c
_USER: Final = UserRow.table().c
_TEAM: Final = TeamRow.table().c

# Made once, since making a statement takes longer than carrying it out.
_NAMED: Final = select(
    select(_SITE.document).where(_SITE.name == bindparam("site")).scalar_subquery().label("document"),
    exists().where(_USER.name == bindparam("lead"), ~_USER.disabled).label("lead"),
    exists().where(_TEAM.name == bindparam("team")).label("team"),
)


@dataclass(frozen=True, slots=True)
class Named:
    """What there is of what a definition names.

    Attributes
    ----------
    offer : `SiteOffer` or `None`
        What its site offers, if there is such a site.
    lead, team : `bool`
        Whether there are an enabled user and a team of these names.
    """

    offer: SiteOffer | None
    lead: bool
    team: bool


def find_named(session: Session, identity: Identity, definition: Definition) -> Named:
    """Look up what a definition names; an agent sees its own site, and no people."""
    told = {"site": definition.site, "lead": definition.lead, "team": definition.team}
    if identity.site is not None:
        told |= {"site": definition.site if definition.site == identity.site else None, "lead": None, "team": None}
    row = session.connection().execute(_NAMED, told).one()
    offer = None if row.document is None else offer_of(definition.site or "", row.document)
    return Named(offer=offer, lead=row.lead, team=row.team)
