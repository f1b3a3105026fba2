"""Giving campaigns new revisions of their definitions: by people, before the start or in a pause; or by the service itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from campaigns.domain.campaign import Campaign, Revision
from campaigns.domain.definition import Definition, missing_for_start
from campaigns.domain.errors import Conflict, IllegalTransition, InvalidDefinition, LostUpdate
from campaigns.domain.identity import SYSTEM, Identity
from campaigns.domain.revising import changed_beside, continuing_faults
from campaigns.domain.states import CampaignStatus
from campaigns.services.checking import name_fault
from campaigns.services.conductor import Conductor
from campaigns.services.context import Context
from campaigns.services.lookup import check_runs_here, checked_reason, found_campaign
from campaigns.services.pins import PinService
from campaigns.services.signing import undo_sign_off
from campaigns.services.sites import site_faults
from campaigns.services.specifications import Resolution, SpecificationService
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.orders import OrderStore
from campaigns.storage.submissions import SubmissionStore

__all__ = ("RevisionService", "check_free", "check_name", "new_revision", "revised_by")

_EDITABLE = (CampaignStatus.DRAFT, CampaignStatus.DEFINED, CampaignStatus.PAUSED)


class RevisionService:
    """Revises definitions, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = CampaignStore(context.session, context.identity)

    def revise(
        self,
        ref: str,
        definition: Definition,
        *,
        expected_revision: int | None,
        reason: str,
        resolution: Resolution | None = None,
    ) -> Campaign:
        """Give a campaign that has not started, or is paused, a new revision of its definition.

        In a pause it governs what is submitted from then on; submissions keep the revision that they were made by.

        Parameters
        ----------
        ref : `str`
            The campaign.
        definition : `Definition`
            The whole new definition.
        expected_revision : `int` or `None`
            The revision that the caller saw.
        reason : `str`
            Why it is changed.
        resolution : `Resolution`, optional
            In a pause: what the specifications stand for.

        Raises
        ------
        LostUpdate
            If it is not the newest, or none was given; it carries what both changed.
        IllegalTransition
            If the campaign runs or has ended.
        InvalidDefinition
            If something would be missing that it needs, or, in a pause, would be taken from steps that have submissions or
            wait for a set, or the site offers no such stack or repository.
        Conflict
            If the new name is taken.
        NotReady
            In a pause, if the specifications were not resolved.
        """
        told = checked_reason(reason)
        campaign = found_campaign(self._context, ref, lock=True)
        self._check_seen(campaign, definition, expected_revision)
        self._check_state(campaign)
        missing = missing_for_start(definition)
        if missing and campaign.status is not CampaignStatus.DRAFT:
            # What was defined stays so: others may be about to start it.
            raise InvalidDefinition(missing)
        if campaign.status is CampaignStatus.PAUSED:
            return self._continue(campaign, definition, reason=told, resolution=resolution)
        check_name(self._store, definition.name, own=campaign.uuid)
        return self._record(campaign, self._write(campaign, definition, reason=told), reason=told)

    def _continue(self, campaign: Campaign, definition: Definition, *, reason: str, resolution: Resolution | None) -> Campaign:
        """Have a paused campaign go on by another definition."""
        check_runs_here(campaign)
        submitted: dict[str, set[str]] = {}
        for submission in SubmissionStore(self._context.session, SYSTEM).of_campaign(campaign.uuid):
            submitted.setdefault(submission.step, set()).add(submission.group)
        awaited = OrderStore(self._context.session, SYSTEM).awaited_steps(campaign.uuid)
        faults = continuing_faults(campaign.definition, definition, submitted, awaited=awaited)
        faults += site_faults(self._context, definition)
        pins = PinService(self._context)
        faults += [*(resolution.faults if resolution is not None else ()), *pins.unknown(campaign, definition)]
        if faults:
            raise InvalidDefinition(faults)
        specifications = SpecificationService(self._context)
        found = specifications.check(replace(campaign, definition=definition), resolution)
        revised = self._write(campaign, definition, reason=reason)
        pins.pin_known(revised)
        specifications.record(revised, found.specs, actor=self._context.identity)
        return Conductor(self._context).advance(self._record(campaign, revised, reason=reason))

    def _write(self, campaign: Campaign, definition: Definition, *, reason: str) -> Campaign:
        revision = new_revision(
            self._context, definition, number=campaign.revision + 1, author=self._context.identity, reason=reason
        )
        self._store.add_revision(campaign, revision)
        revised = replace(
            campaign,
            name=definition.name,
            title=definition.title,
            reason=definition.reason,
            kind=definition.kind,
            revision=revision.number,
            definition=definition,
            updated_us=self._context.clock.now_us(),
        )
        self._store.save(revised)
        undo_sign_off(
            self._context,
            campaign,
            reason=f"Revision {revised.revision} was made: {reason}",
            actor=self._context.identity,
        )
        return replace(revised, signed_revision=None)

    def _record(self, before: Campaign, after: Campaign, *, reason: str) -> Campaign:
        in_pause = before.status is CampaignStatus.PAUSED
        governs = ", which governs what is submitted from now on" if in_pause else ""
        self._context.record(
            "campaign.revised",
            f"{after.id} revision {after.revision}{governs}",
            reason=reason,
            campaign=after.uuid,
            details={"from": before.revision, "to": after.revision, "digest": _digest(after.definition)},
        )
        return after

    def _check_seen(self, campaign: Campaign, definition: Definition, expected: int | None) -> None:
        if expected == campaign.revision:
            return
        known = expected is not None and 0 < expected < campaign.revision
        base = self._store.revision(campaign, expected) if known and expected is not None else None
        # Without the revision that was changed, all that differs may be a change of either.
        places = changed_beside(base.definition if base is not None else campaign.definition, definition, campaign.definition)
        raise LostUpdate(
            f"{campaign.id} is at revision {campaign.revision}; the change was made to "
            f"{'none' if expected is None else expected}.",
            where=campaign.id,
            remedy=f"Look at what both changed, make the change to revision {campaign.revision}, and say that you did: "
            f"`--revision {campaign.revision}` of `campaign edit`, or the header If-Match.",
            newest_revision=campaign.revision,
            base_revision=base.number if base is not None else None,
            differences=[place.as_dict() for place in places],
        )

    def _check_state(self, campaign: Campaign) -> None:
        if campaign.status in _EDITABLE and not campaign.starting:
            return
        if campaign.status is CampaignStatus.RUNNING:
            raise IllegalTransition(
                f"{campaign.id} runs: its definition stands.",
                where=campaign.id,
                remedy=f"Pause it, and revise it then: `campaign pause {campaign.id}`. What was submitted stays as it is.",
            )
        ended = "is being started" if campaign.starting else f"is {campaign.status.value}"
        raise IllegalTransition(
            f"{campaign.id} {ended}: its definition stands.",
            where=campaign.id,
            remedy="Wait for the site's answer." if campaign.starting else "Make a new campaign from its definition.",
        )


def check_name(store: CampaignStore, name: str, *, own: str | None) -> None:
    """See that a short name is free, and keep it so until the transaction ends.

    Raises
    ------
    Conflict
        If another campaign has it.
    """
    store.hold_names()
    check_free(store, name, own=own)


def check_free(store: CampaignStore, name: str, *, own: str | None) -> None:
    """See that a short name is free, in a transaction that holds the names.

    Raises
    ------
    Conflict
        If another campaign has it.
    """
    if (taken := name_fault(store, name, own=own)) is not None:
        raise Conflict(taken.message, where=taken.where, remedy=taken.remedy)


def new_revision(context: Context, definition: Definition, *, number: int, author: Identity, reason: str) -> Revision:
    """Make a revision of now."""
    return Revision(
        number=number,
        definition=definition,
        digest=_digest(definition),
        author=author.name,
        reason=reason,
        created_us=context.clock.now_us(),
    )


def revised_by(context: Context, campaign: Campaign, definition: Definition, *, author: Identity, reason: str) -> Campaign:
    """Write the next revision of a campaign, which the caller has locked, where the service itself makes it.

    Parameters
    ----------
    context : `Context`
        The transaction.
    campaign : `Campaign`
        The campaign.
    definition : `Definition`
        Its new definition, with the same specifications.
    author : `Identity`
        Who caused it.
    reason : `str`
        Why.

    Returns
    -------
    campaign : `Campaign`
        With the new definition; the caller records what happened.
    """
    revision = new_revision(context, definition, number=campaign.revision + 1, author=author, reason=reason)
    store = CampaignStore(context.writing, SYSTEM)
    store.add_revision(campaign, revision)
    revised = replace(campaign, revision=revision.number, definition=definition, updated_us=revision.created_us)
    store.save(revised)
    undo_sign_off(context, campaign, reason=f"Revision {revised.revision} was made: {reason}", actor=author)
    SpecificationService(context).carry_over(campaign, revised)
    return replace(revised, signed_revision=None)


def _digest(definition: Definition) -> str:
    document = definition.model_dump(mode="json", exclude_defaults=True)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
