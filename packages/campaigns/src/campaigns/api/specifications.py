"""Dependencies that ask git before a handler's transaction is opened: their parameters stand before `Writing` in a handler's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Annotated

from fastapi import Depends
from pydantic import ValidationError
from sqlalchemy.orm import Session

from campaigns.api.dependencies import MAX_GIT, Caller, ClockUsed, DatabaseUsed, SettingsUsed
from campaigns.api.documents import SentDefinition
from campaigns.config import Settings
from campaigns.domain.campaign import Campaign
from campaigns.domain.definition import Definition, Specification
from campaigns.domain.errors import CampaignError, Fault, InvalidInput, NotFound
from campaigns.domain.identity import Identity
from campaigns.domain.specifications import CAMPAIGN_FILE, LogBetween, Move, SpecPin, SpecRole
from campaigns.domain.states import CampaignStatus
from campaigns.gateways.clock import Clock
from campaigns.gateways.git import GitGateway
from campaigns.services.factory import Factory
from campaigns.services.lists import resolve_for_start, with_places
from campaigns.services.repositories import (
    LookedAt,
    ReadFile,
    SentDataIds,
    look,
    moves,
    read_campaign_file,
    text_of_list,
)
from campaigns.services.specifications import Resolution, git_gateway, resolve
from campaigns.storage.database import Database
from campaigns.wire.specifications import FromRepository, SetOfList

__all__ = ("DefinitionThere", "Git", "ResolvedCampaign", "ResolvedDefinition", "Resolving", "SentList", "ToResolve", "source_of")


def _git(settings: SettingsUsed) -> Iterator[GitGateway]:
    yield git_gateway(settings)


Git = Annotated[GitGateway, Depends(_git, scope="function", max_concurrency=MAX_GIT)]
"""What reads repositories. Not in handlers that open a transaction before they use it."""


class Resolving:
    """Resolves what a request is about, with no transaction open meanwhile.

    Parameters
    ----------
    database : `Database`
        Where to read what is to be resolved.
    git : `GitGateway`
        What reads repositories.
    identity : `Identity`
        Who asks.
    clock : `Clock`
        The time.
    settings : `Settings`
        The settings.
    """

    def __init__(self, database: Database, git: GitGateway, *, identity: Identity, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._git = git
        self._identity = identity
        self._clock = clock
        self._settings = settings

    def campaign(self, ref: str) -> Resolution:
        """Resolve a campaign's definition as it is, with the lists that it names as sets."""
        return resolve_for_start(self._git, self._read(ref).definition)

    def definition(self, definition: Definition) -> Resolution:
        """Resolve a definition, with the lists that it names as sets."""
        return resolve_for_start(self._git, definition)

    def file(self, repository: str, reference: str, path: str) -> ReadFile:
        """Read a campaign file at a tag.

        Raises
        ------
        InvalidInput
            If that is no place in a repository.
        """
        return read_campaign_file(self._git, source_of(repository, reference, path))

    def moves(self, ref: str) -> list[Move]:
        """Tell how far the references of a campaign's newest resolved revision have moved."""
        return moves(self._git, self.pins(ref))

    def moves_in_pause(self, ref: str) -> list[Move]:
        """Tell the same of a campaign that a new revision would give the newer commits: one that is paused."""
        return self.moves(ref) if self._read(ref).status is CampaignStatus.PAUSED else []

    def pins(self, ref: str) -> list[SpecPin]:
        """List the specifications of a campaign's newest revision that was resolved; before the start, as they are now."""
        with self._database.read() as session:
            listed = self._factory(session).specifications().listed(ref)
        if not listed:
            campaign = self._read(ref)
            return self._as_now(campaign, resolve(self._git, campaign.definition))
        return [pin for pin in listed if pin.revision == listed[0].revision]

    def log_between(self, refs: Sequence[str], role: SpecRole) -> LogBetween:
        """List the commits between the specifications of the first and the last of some campaigns.

        Raises
        ------
        NotFound
            If they were not both resolved, in one repository, to different commits.
        """
        with self._database.read() as session:
            service = self._factory(session).comparing()
            subjects = service.subjects(refs)
            row = next((one for one in service.specifications(subjects) if one.role is role), None)
        first, last = (row.cells[0], row.cells[-1]) if row is not None else (None, None)
        if row is None or first is None or last is None or not row.has_log:
            remedy = "Both must have been resolved, in the same repository, to different commits."
            raise NotFound(f"There is no log of the {role.value} specification between them.", where="of", remedy=remedy)
        return LogBetween(
            refs=(subjects[0].label, subjects[-1].label),
            first=first,
            last=last,
            came=self._git.log(first.repository, first.commit, last.commit),
            went=self._git.log(first.repository, last.commit, first.commit),
        )

    def looked_at(self, ref: str) -> LookedAt:
        """Look at the repositories of a campaign's specifications; before the start, at what they would be resolved to now."""
        with self._database.read() as session:
            factory = self._factory(session)
            campaign, pins = factory.campaigns().get(ref), factory.specifications().listed(ref)
        resolution = Resolution() if pins else resolve_for_start(self._git, campaign.definition)
        found = look(self._git, pins or self._as_now(campaign, resolution))
        files = with_places(found.files, campaign.definition)
        return replace(found, files=files, pinned=bool(pins), faults=resolution.faults)

    def _as_now(self, campaign: Campaign, resolution: Resolution) -> list[SpecPin]:
        now_us = self._clock.now_us()
        return [SpecPin(revision=campaign.revision, resolved_us=now_us, **asdict(one)) for one in resolution.specs]

    def file_or_error(self, repository: str, reference: str, path: str) -> tuple[str, CampaignError | None]:
        """Give a campaign file at a tag as text, or nothing and why it cannot be had, for a form to be shown again."""
        try:
            return self.file(repository, reference, path or CAMPAIGN_FILE).text, None
        except CampaignError as error:
            return "", error

    def data_ids(self, ref: str, path: str) -> SentDataIds:
        """Read a file with data IDs of a campaign's data specification.

        Raises
        ------
        InvalidInput, SpecError, TooLarge
            If it is no such file; each fault names its place in it.
        NotFound
            If the file is not in the campaign's data specification, or that cannot be resolved.
        """
        for pin in self.pins(ref):
            if pin.role is SpecRole.DATA and (path == pin.path or not pin.path or path.startswith(f"{pin.path}/")):
                return SentDataIds(pin, path, text_of_list(self._git, pin, path))
        raise NotFound(f"{path} is not in the data specification of {ref}.", where=path, remedy="Look at what it has.")

    def for_revision(self, ref: str, definition: Definition) -> Resolution | None:
        """Resolve a definition that a campaign is to have, if it is paused; before a start, starting it does that."""
        paused = self._read(ref).status is CampaignStatus.PAUSED
        return resolve(self._git, definition) if paused else None

    def _read(self, ref: str) -> Campaign:
        with self._database.read() as session:
            return self._factory(session).campaigns().get(ref)

    def _factory(self, session: Session) -> Factory:
        return Factory(session, identity=self._identity, clock=self._clock, settings=self._settings)


def _resolving(
    git: Git, identity: Caller, database: DatabaseUsed, clock: ClockUsed, settings: SettingsUsed
) -> Iterator[Resolving]:
    yield Resolving(database, git, identity=identity, clock=clock, settings=settings)


def source_of(repository: str, reference: str, path: str) -> Specification:
    """Give a place in a repository.

    Raises
    ------
    InvalidInput
        If it is none; each fault names the field.
    """
    try:
        return Specification(repository=repository, reference=reference, path=path)
    except ValidationError as error:
        faults = [
            Fault(
                "bad_form", f"{str(one['input'])!r} has not the form it must have.", str(one["loc"][0]), _HOW[str(one["loc"][0])]
            )
            for one in error.errors(include_url=False)
        ]
        told = "That is no place in a repository."
        raise InvalidInput(told, where=faults[0].where, remedy=faults[0].remedy, faults=faults) from None


_HOW = {
    "repository": "Give https://…, ssh://…, git@host:path, or the absolute path of a repository that the server allows.",
    "reference": "Give a tag, a branch or a commit.",
    "path": "Give a path from the repository's root, without a slash before it.",
}

ToResolve = Annotated[Resolving, Depends(_resolving, scope="function")]


def _resolved_definition(ref: str, definition: SentDefinition, resolving: ToResolve) -> Resolution | None:
    return resolving.for_revision(ref, definition)


ResolvedDefinition = Annotated[Resolution | None, Depends(_resolved_definition)]
"""What the specifications of the definition in the request's body stand for, where the campaign is paused."""


def _resolved_campaign(ref: str, resolving: ToResolve) -> Resolution:
    return resolving.campaign(ref)


ResolvedCampaign = Annotated[Resolution, Depends(_resolved_campaign)]
"""What the specifications of the campaign of the request's path stand for."""


def _sent_list(ref: str, body: SetOfList, resolving: ToResolve) -> SentDataIds:
    return resolving.data_ids(ref, body.path)


SentList = Annotated[SentDataIds, Depends(_sent_list)]
"""The list of data IDs that the request's body names."""


def _definition_there(body: FromRepository, resolving: ToResolve) -> Definition:
    return resolving.file(body.repository, body.reference, body.path).definition


DefinitionThere = Annotated[Definition, Depends(_definition_there)]
"""The definition in the campaign file that the request's body names."""
