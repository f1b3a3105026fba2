"""Sites and agents in the database."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.domain.identity import Identity
from campaigns.domain.links import LinkKind, LinkTemplate
from campaigns.domain.site import AgentView, SiteOffer, SiteView
from campaigns.schema.agent import AgentRow
from campaigns.schema.site import SiteRow

__all__ = ("SiteStore", "offer_of")

# Made once, since making a statement takes longer than carrying it out.
_DOCUMENT: Final = select(SiteRow.table().c.document).where(SiteRow.table().c.name == bindparam("wanted"))


class SiteStore:
    """Sites that an identity may see: an agent its own, people all.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for what changes anything.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def all(self, *, alive_since_us: int) -> list[SiteView]:
        """List the sites by name, with their agents, newest heard first.

        Parameters
        ----------
        alive_since_us : `int`
            Agents heard after it count as alive.
        """
        statement = select(SiteRow).order_by(SiteRow.name)
        if self._identity.site is not None:
            statement = statement.where(SiteRow.name == self._identity.site)
        agents: dict[str, list[AgentView]] = {}
        for row in self._session.scalars(select(AgentRow).order_by(AgentRow.last_seen_us.desc())):
            agents.setdefault(row.site, []).append(_agent(row, alive_since_us=alive_since_us))
        return [_site(row, agents.get(row.name, [])) for row in self._session.scalars(statement)]

    def offer(self, name: str) -> SiteOffer | None:
        """Give what a site offers, or `None`."""
        document = self._document(name)
        return None if document is None else offer_of(name, document)

    def link_templates(self, name: str) -> list[LinkTemplate]:
        """List the link templates of a site, in its order; none if the site is not known."""
        links = (self._document(name) or {}).get("links", [])
        return [LinkTemplate(kind=LinkKind(link["kind"]), title=link["title"], url=link["url"]) for link in links]

    def _document(self, name: str) -> dict[str, Any] | None:
        if self._identity.site not in (None, name):
            return None
        document: dict[str, Any] | None = self._session.connection().execute(_DOCUMENT, {"wanted": name}).scalar()
        return document

    def put(self, name: str, document: dict[str, Any], *, now_us: int) -> bool:
        """Write what a site offers; tells whether that is new."""
        row = self._session.get(SiteRow, name)
        if row is None:
            # Two agents of a new site may say hello at once; the second finds what the first has written.
            with suppress(IntegrityError), self._session.begin_nested():
                self._session.add(SiteRow(name=name, document=document, updated_us=now_us))
            return True
        if row.document == document:
            return False
        row.document, row.updated_us = document, now_us
        return True

    def said_hello_after(self, agent_id: str, time_us: int) -> bool:
        """Tell whether an agent, having been started anew, said hello after a time."""
        return bool(self._session.scalar(select(AgentRow.hello_us > time_us).where(AgentRow.id == agent_id)))

    def last_heard(self, agent_id: str) -> int | None:
        """Give when an agent was last heard, UTC microseconds; `None` if it never was."""
        return self._session.scalar(select(AgentRow.last_seen_us).where(AgentRow.id == agent_id))

    def agent_site(self, agent_id: str) -> str | None:
        """Give the site of an agent, or `None` if it has not said hello."""
        row = self._session.get(AgentRow, agent_id)
        return None if row is None else row.site

    def put_agent(self, agent_id: str, *, now_us: int, **told: Any) -> None:
        """Write what an agent told of itself."""
        row = self._session.get(AgentRow, agent_id)
        if row is None:
            self._session.add(AgentRow(id=agent_id, created_us=now_us, hello_us=now_us, last_seen_us=now_us, **told))
            self._session.flush()
            return
        row.hello_us = row.last_seen_us = now_us
        for name, value in told.items():
            setattr(row, name, value)

    def heard(self, agent_id: str, *, now_us: int) -> None:
        """Note that an agent was heard."""
        self._session.execute(update(AgentRow).where(AgentRow.id == agent_id).values(last_seen_us=now_us))


def _agent(row: AgentRow, *, alive_since_us: int) -> AgentView:
    return AgentView(
        id=row.id,
        host=row.host,
        pid=row.pid,
        version=row.version,
        last_seen_us=row.last_seen_us,
        alive=row.last_seen_us >= alive_since_us,
    )


def _site(row: SiteRow, agents: list[AgentView]) -> SiteView:
    return SiteView(**_offered(row.name, row.document), agents=tuple(agents))


def offer_of(name: str, document: dict[str, Any]) -> SiteOffer:
    """Give what a site offers, from the document that is kept of it."""
    return SiteOffer(**_offered(name, document))


def _offered(name: str, document: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "description": document.get("description", ""),
        "stacks": tuple(stack["name"] for stack in document.get("stacks", [])),
        "repositories": tuple(repository["alias"] for repository in document.get("repositories", [])),
        "workflow_system": document.get("workflow_system", ""),
    }
