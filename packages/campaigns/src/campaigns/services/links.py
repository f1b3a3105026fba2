"""Links of campaigns and submissions to other systems."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import Conflict, InvalidInput, NotFound
from campaigns.domain.identity import SYSTEM
from campaigns.domain.links import Link, LinkKind, LinkOrigin, address_fault, expanded
from campaigns.domain.submission import Submission
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import checked_reason, found_campaign, found_submission
from campaigns.storage.links import LinkStore
from campaigns.storage.sites import SiteStore
from campaigns.storage.submissions import SubmissionStore

__all__ = ("LinkService",)

MAX_TITLE = 200
MAX_LINKS = 500


class LinkService:
    """Links, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    ticket_url : `str`
        Where tickets are; see the setting.
    """

    def __init__(self, context: Context, *, ticket_url: str) -> None:
        self._context = context
        self._ticket_url = ticket_url
        self._store = LinkStore(context.session, context.identity)

    def of_campaign(self, ref: str) -> list[Link]:
        """List a campaign's links and those of its submissions.

        Returns
        -------
        links : `list` [`Link`]
            Its ticket, those of its definition, of its site's templates, and those that were added, oldest first; each with what
            was found there. Those of a submission come after the campaign's own.
        """
        campaign = found_campaign(self._context, ref)
        submissions = SubmissionStore(self._context.session, self._context.identity).of_campaign(campaign.uuid)
        found = [*self._own(campaign), *self._made(campaign, submissions), *self._store.of_campaign(campaign.uuid)]
        return self._checked(sorted(found, key=lambda link: (link.submission is not None, link.submission or "")))

    def of_submission(self, ref: str) -> list[Link]:
        """List a submission's links: those of its site's templates, and those that were added."""
        submission = found_submission(self._context, ref)
        campaign = found_campaign(self._context, submission.campaign_uuid)
        added = [link for link in self._store.of_campaign(campaign.uuid) if link.submission == submission.id]
        made = [link for link in self._made(campaign, [submission]) if link.submission is not None]
        return self._checked([*made, *added])

    def add(self, ref: str, *, kind: LinkKind, title: str, url: str, submission: str | None = None) -> Link:
        """Add a link to a campaign, or to one of its submissions.

        Raises
        ------
        Conflict
            If it is there already, or there are too many.
        InvalidInput
            If it is no address that can be linked, or has no title.
        NotFound
            If the submission is not the campaign's.
        """
        told, address = " ".join(title.split()), url.strip()
        if not told or len(told) > MAX_TITLE:
            raise InvalidInput(f"A link's title has between 1 and {MAX_TITLE} characters.", where="title")
        if fault := address_fault(address):
            raise InvalidInput(fault, where="url", remedy="Copy it from the page's address bar.")
        campaign = found_campaign(self._context, ref, lock=True)
        about = None if submission is None else self._submission(campaign, submission)
        there = self._store.of_campaign(campaign.uuid)
        named = None if about is None else about.id
        if any(link.url == address and link.submission == named for link in there):
            raise Conflict(f"{named or campaign.id} has this link already.", where="url")
        if len(there) >= MAX_LINKS:
            raise Conflict(f"{campaign.id} has {MAX_LINKS} links; no more are kept.", where="url", remedy="Remove some first.")
        link = Link(
            kind=kind,
            title=told,
            url=address,
            origin=LinkOrigin.ADDED,
            uuid=str(uuid.uuid4()),
            submission=named,
            added_by=self._context.identity.name,
            added_us=self._context.clock.now_us(),
        )
        about_uuid = None if about is None else about.uuid
        self._store.add(link, campaign_uuid=campaign.uuid, submission_uuid=about_uuid)
        self._context.record(
            "link.added",
            f"Link to {told} added to {named or campaign.id}",
            campaign=campaign.uuid,
            submission=about_uuid,
            details={"link": link.uuid, "kind": kind.value, "url": address},
        )
        Conductor(self._context).touch(campaign)
        return link

    def remove(self, ref: str, link: str, *, reason: str) -> Link:
        """Take away a link that was added; it stays on record.

        Raises
        ------
        NotFound
            If the campaign has no such link among those that were added.
        """
        told = checked_reason(reason)
        campaign = found_campaign(self._context, ref, lock=True)
        try:
            found = self._store.find(campaign.uuid, str(uuid.UUID(link)))
        except ValueError:
            found = None
        if found is None or found.uuid is None:
            raise NotFound(
                f"{campaign.id} has no added link {link}.",
                where=link,
                remedy="Links of the definition go with a new revision, those of a site with its file.",
            )
        about = None if found.submission is None else found_submission(self._context, found.submission).uuid
        self._store.remove(found.uuid, by=self._context.identity.name, reason=told, at_us=self._context.clock.now_us())
        self._context.record(
            "link.removed",
            f"Link to {found.title} removed from {found.submission or campaign.id}",
            reason=told,
            campaign=campaign.uuid,
            submission=about,
            details={"link": found.uuid, "url": found.url},
        )
        Conductor(self._context).touch(campaign)
        return found

    def _own(self, campaign: Campaign) -> list[Link]:
        definition = campaign.definition
        found = [
            Link(kind=LinkKind(link.kind), title=link.title, url=link.url, origin=LinkOrigin.DEFINITION)
            for link in definition.links
        ]
        if definition.ticket and self._ticket_url:
            url = self._ticket_url.replace("{ticket}", definition.ticket)
            found.insert(0, Link(kind=LinkKind.TICKET, title=definition.ticket, url=url, origin=LinkOrigin.TICKET))
        return found

    def _made(self, campaign: Campaign, submissions: Sequence[Submission]) -> list[Link]:
        # What a site tells of itself is no secret of the site.
        sites = SiteStore(self._context.session, SYSTEM)
        names = {campaign.definition.site, *(submission.site for submission in submissions)} - {None, ""}
        templates = {name: sites.link_templates(name) for name in names if name is not None}
        own = templates.get(campaign.definition.site or "", ())
        made = [expanded(template, campaign) for template in own]
        made += [
            expanded(template, campaign, submission) for submission in submissions for template in templates[submission.site]
        ]
        return [link for link in made if link is not None]

    def _checked(self, links: Sequence[Link]) -> list[Link]:
        checks = self._store.checks({link.url for link in links})
        return [link.checked(checks.get(link.url)) for link in links]

    def _submission(self, campaign: Campaign, ref: str) -> Submission:
        submission = found_submission(self._context, ref)
        if submission.campaign_uuid != campaign.uuid:
            raise NotFound(f"{submission.id} is not a submission of {campaign.id}.", where="submission")
        return submission
