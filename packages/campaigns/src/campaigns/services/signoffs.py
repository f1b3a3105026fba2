"""Signing a definition and its exclusion lists off, apart from where the campaign stands."""

from __future__ import annotations

import uuid

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import Conflict, IllegalTransition, LostUpdate, NotReady
from campaigns.domain.people import SignedSet, SignOff
from campaigns.domain.states import CampaignStatus
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import checked_reason, found_campaign
from campaigns.services.signing import undo_sign_off
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.dataidsets import PinStore
from campaigns.storage.signoffs import SignOffStore

__all__ = ("SignOffService",)


class SignOffService:
    """Sign-offs, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = SignOffStore(context.session, context.identity)

    def of_campaign(self, ref: str) -> list[SignOff]:
        """List the sign-offs of a campaign, newest first; the first holds if it was not undone."""
        return self._store.of_campaign(found_campaign(self._context, ref).uuid)

    def sign(self, ref: str, *, revision: int, comment: str) -> SignOff:
        """Sign a campaign's newest revision off, with the sets as they are pinned.

        Parameters
        ----------
        ref : `str`
            The campaign.
        revision : `int`
            The revision that was read; it must be the newest.
        comment : `str`
            What was looked at, and found.

        Raises
        ------
        Conflict
            If it is signed off already.
        IllegalTransition
            If the campaign has ended.
        LostUpdate
            If there is a newer revision.
        NotReady
            If the campaign is a draft.
        """
        told = checked_reason(comment)
        campaign = found_campaign(self._context, ref, lock=True)
        if campaign.status is CampaignStatus.DRAFT:
            raise NotReady(
                f"{campaign.id} is a draft: there is no whole definition to sign off.",
                where=campaign.id,
                remedy="Define it first.",
            )
        if campaign.has_ended:
            raise IllegalTransition(f"{campaign.id} is {campaign.status.value}: its definition is history.", where=campaign.id)
        if revision != campaign.revision:
            raise LostUpdate(
                f"{campaign.id} is at revision {campaign.revision}; what was read is {revision}.",
                where=campaign.id,
                remedy="Read the newest revision, and sign that.",
            )
        if campaign.signed:
            signed = self._store.of_campaign(campaign.uuid)[0]
            raise Conflict(f"Revision {revision} of {campaign.id} is signed off by {signed.signed_by}.", where=campaign.id)
        sign_off = self._sign_off(campaign, told)
        self._store.add(sign_off, campaign_uuid=campaign.uuid)
        CampaignStore(self._context.session, self._context.identity).set_signed_revision(
            campaign, revision, by=sign_off.signed_by
        )
        self._context.record(
            "campaign.signed",
            f"{campaign.id} revision {revision} signed off" + (" by its author" if sign_off.is_author else ""),
            reason=told,
            campaign=campaign.uuid,
            details={"revision": revision, "sets": [one.as_dict() for one in sign_off.sets]},
        )
        Conductor(self._context).touch(campaign)
        return sign_off

    def undo(self, ref: str, *, reason: str) -> list[SignOff]:
        """Take the sign-off of a campaign back; gives all there were.

        Raises
        ------
        Conflict
            If it is not signed off.
        """
        told = checked_reason(reason)
        campaign = found_campaign(self._context, ref, lock=True)
        if not campaign.signed:
            raise Conflict(
                f"Revision {campaign.revision} of {campaign.id} is not signed off.",
                where=campaign.id,
                remedy=f"There is nothing to take back; `campaign sign-off {campaign.id}` lists the sign-offs there were.",
            )
        undo_sign_off(self._context, campaign, reason=told, actor=self._context.identity)
        Conductor(self._context).touch(campaign)
        return self._store.of_campaign(campaign.uuid)

    def _sign_off(self, campaign: Campaign, comment: str) -> SignOff:
        written = CampaignStore(self._context.session, self._context.identity).revision(campaign, campaign.revision)
        pins = PinStore(self._context.session, self._context.identity).of_campaign(campaign.uuid)
        by = self._context.identity.name
        return SignOff(
            uuid=str(uuid.uuid4()),
            revision=campaign.revision,
            signed_by=by,
            is_author=written is not None and written.author == by,
            signed_us=self._context.clock.now_us(),
            comment=comment,
            sets=tuple(
                SignedSet(reference=pin.reference, name=pin.name, version=pin.version, digest=pin.digest, rows=pin.rows)
                for pin in pins.values()
            ),
        )
