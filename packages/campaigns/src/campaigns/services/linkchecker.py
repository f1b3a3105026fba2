"""Looking whether links lead anywhere, for page, command and REST alike.

Hosts may take their time, and nobody is to wait for a turn to write meanwhile: so it opens transactions of its own, a short one
before and a short one after.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from campaigns.domain.errors import NotReady
from campaigns.domain.events import EventDraft
from campaigns.domain.identity import Identity
from campaigns.domain.links import Link, LinkCheck
from campaigns.gateways.clock import Clock
from campaigns.gateways.pages import PageGateway
from campaigns.services.context import Context
from campaigns.services.links import LinkService
from campaigns.services.lookup import found_campaign
from campaigns.storage.database import Database
from campaigns.storage.files import FileFolder
from campaigns.storage.links import LinkStore

__all__ = ("LinkChecker",)

MAX_LOOKS = 30
"""How many addresses are looked at by one request; those that were looked at longest ago come first."""


class LinkChecker:
    """Looks at the links of a campaign.

    Parameters
    ----------
    database : `Database`
        Where to work, in short transactions.
    identity : `Identity`
        Who asks.
    clock : `Clock`
        The time.
    files : `FileFolder`
        Where uploaded content lies.
    pages : `PageGateway`
        Looks at pages.
    ticket_url : `str`
        Where tickets are; see the setting.
    """

    def __init__(
        self, database: Database, *, identity: Identity, clock: Clock, files: FileFolder, pages: PageGateway, ticket_url: str
    ) -> None:
        self._database = database
        self._identity = identity
        self._clock = clock
        self._files = files
        self._pages = pages
        self._ticket_url = ticket_url

    def check(self, ref: str) -> list[Link]:
        """Look at a campaign's links, and those of its submissions, and keep what was found.

        Returns
        -------
        links : `list` [`Link`]
            All of them; those that were not looked at are as they were, and say why.

        Raises
        ------
        NotReady
            If no link's host is on the list.
        """
        with self._database.read() as session:
            context = self._context(session)
            campaign = found_campaign(context, ref)
            links = LinkService(context, ticket_url=self._ticket_url).of_campaign(ref)
        wanted = [link for link in links if self._pages.may_look_at(link.url)]
        if not wanted:
            raise NotReady(
                f"No link of {campaign.id} leads to a host that may be looked at.",
                where=campaign.id,
                remedy="Whoever runs the service names the hosts in CAMPAIGN_LINK_HOSTS.",
            )
        wanted.sort(key=lambda link: link.check.checked_us if link.check else 0)
        urls = list(dict.fromkeys(link.url for link in wanted))[:MAX_LOOKS]
        answers = self._pages.look(urls)
        now = self._clock.now_us()
        found = {url: LinkCheck(reached=answer.reached, answer=answer.text, checked_us=now) for url, answer in answers.items()}
        with self._database.write() as session:
            LinkStore(session, self._identity).put_checks(found)
            n_lost = sum(not check.reached for check in found.values())
            draft = EventDraft(
                kind="link.checked",
                summary=f"{len(found)} link{'' if len(found) == 1 else 's'} of {campaign.id} looked at: "
                f"{n_lost or 'none'} could not be reached",
                actor=self._identity.name,
                at_us=now,
                campaign_id=campaign.uuid,
                details={"reached": len(found) - n_lost, "lost": n_lost},
            )
            session.record(draft)
        with self._database.read() as session:
            links = LinkService(self._context(session), ticket_url=self._ticket_url).of_campaign(ref)
        return [link if link.url in found else replace(link, passed_over=self._why_not(link)) for link in links]

    def _why_not(self, link: Link) -> str:
        if not self._pages.may_look_at(link.url):
            return f"{link.host or 'its host'} is not in CAMPAIGN_LINK_HOSTS"
        return f"at most {MAX_LOOKS} are looked at at once; ask again"

    def _context(self, session: Session) -> Context:
        return Context(session=session, identity=self._identity, clock=self._clock, files=self._files)
