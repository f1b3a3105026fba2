"""Notes as pages show them: with what they were about, as it was, and with their older versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import named_sets
from campaigns.domain.identity import Identity, Role, may
from campaigns.domain.note import Note
from campaigns.pictures.looks import LEGEND, Look, settled
from campaigns.services.factory import Factory
from campaigns.web.actions import Action
from campaigns.web.addresses import set_address

__all__ = ("NoteView", "Notes", "campaign_notes", "note_views", "notebook_action", "notes_of_several")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """A note with its older versions, newest first, and what may be done with it.

    Attributes
    ----------
    set_address : `str`, optional
        The page of the DataId set that it is about.
    look : `Look`, optional
        How what it is about looked when it was written; calm, since that is past.
    withdraw : `Action`, optional
        For its author and managers.
    may_edit : `bool`
        The same.
    """

    note: Note
    campaign_name: str
    set_address: str | None
    older: Sequence[Note]
    first_us: int
    author: str
    look: Look | None
    may_edit: bool
    withdraw: Action | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The notes of a campaign.

    Attributes
    ----------
    closed : `bool`
        Whether nothing can be written, since the campaign has ended.
    notebook : `Action`, optional
        Opens or closes the notebook, after the end.
    sets : `list` [`str`]
        What can be written about besides submissions and steps.
    """

    views: list[NoteView]
    closed: bool
    notebook: Action | None
    steps: list[str]
    sets: list[str]


def campaign_notes(factory: Factory, campaign: Campaign, notes: Sequence[Note]) -> Notes:
    """Gather the notes of a campaign."""
    return Notes(
        views=note_views(factory, campaign, notes),
        closed=campaign.notebook_is_closed,
        notebook=notebook_action(campaign, factory.identity),
        steps=campaign.definition.step_names,
        sets=list(dict.fromkeys(one.reference for one in named_sets(campaign.definition))),
    )


def note_views(factory: Factory, campaign: Campaign, notes: Sequence[Note]) -> list[NoteView]:
    """Put what pages show beside notes of a campaign."""
    replaced = factory.notes().replaced(campaign.uuid) if any(note.version > 1 for note in notes) else {}
    return [_view(note, replaced.get(note.root, []), campaign, factory.identity) for note in notes]


def notes_of_several(factory: Factory, notes: Sequence[Note]) -> list[NoteView]:
    """Put what pages show beside notes of several campaigns; each with its own, whose notebook may be open or not."""
    by_campaign: dict[str, list[Note]] = {}
    for note in notes:
        by_campaign.setdefault(note.campaign, []).append(note)
    campaigns = factory.campaigns().several(by_campaign)
    views = [view for ref, its in by_campaign.items() for view in note_views(factory, campaigns[ref], its)]
    by_note = {view.note.uuid: view for view in views}
    return [by_note[note.uuid] for note in notes]


def notebook_action(campaign: Campaign, identity: Identity) -> Action | None:
    """Give the action that opens the notebook of a campaign that has ended, or closes it again; managers have it."""
    if not campaign.has_ended or not may(identity, Role.MANAGER):
        return None
    if campaign.notebook_is_closed:
        return Action(
            id="notebook-open",
            label="open the notebook again",
            what="",
            url=f"/campaigns/{campaign.id}/notebook/open",
            sentence="Notes can be written and changed again, though the campaign has ended, until somebody closes it.",
        )
    return Action(
        id="notebook-close",
        label="close the notebook",
        what="",
        url=f"/campaigns/{campaign.id}/notebook/close",
        sentence="What is written stands as it is; nothing is added or changed any more.",
    )


def _view(note: Note, older: Sequence[Note], campaign: Campaign, identity: Identity) -> NoteView:
    first = older[-1] if older else note
    own = may(identity, Role.OPERATOR) and (first.author == identity.name or may(identity, Role.MANAGER))
    may_edit = own and not campaign.notebook_is_closed and note.withdrawn_us is None
    return NoteView(
        note=note,
        campaign_name=campaign.name,
        set_address=_set_address(note, campaign),
        older=older,
        first_us=first.created_us,
        author=first.author,
        look=_look(note),
        may_edit=may_edit,
        withdraw=_withdrawal(note) if may_edit else None,
    )


def _set_address(note: Note, campaign: Campaign) -> str | None:
    """Give the address of the set that a note is about, once its version is known; of a record it is at the origin."""
    pin, definition = note.pinned, campaign.definition
    if pin is None or pin.set_reference is None or pin.set_version is None or campaign.origin is not None:
        return None
    if definition.site is None or definition.butler is None:
        return None
    return set_address(definition.site, definition.butler, pin.set_reference.partition("@")[0], pin.set_version)


def _withdrawal(note: Note) -> Action:
    return Action(
        id=f"withdraw-{note.root}",
        label="withdraw",
        what="the note",
        url=f"/campaigns/{note.campaign}/notes/{note.root}/withdraw",
        tone="danger",
        sentence="The note is folded away, with your name and reason. It stays on record and can still be read.",
    )


def _look(note: Note) -> Look | None:
    if note.pinned is None:
        return None
    pinned = note.pinned
    status = pinned.submission_status or pinned.step_status or (None if pinned.set_reference else pinned.campaign_status)
    return None if status is None else settled(LEGEND[str(status)])
