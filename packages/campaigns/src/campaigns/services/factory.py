"""Makes the services that a request or a command needs, all on one transaction and for one caller."""

from __future__ import annotations

from sqlalchemy.orm import Session

from campaigns.config import Settings
from campaigns.domain.events import EventDraft
from campaigns.domain.identity import Identity
from campaigns.gateways.clock import Clock
from campaigns.services.campaignlist import CampaignListService
from campaigns.services.campaigns import CampaignService
from campaigns.services.context import Context
from campaigns.services.dataidsets import DataIdSetService
from campaigns.services.events import EventService
from campaigns.services.exclusions import ExclusionService
from campaigns.services.notes import NoteService
from campaigns.services.orders import OrderService
from campaigns.services.sites import SiteService
from campaigns.services.starting import StartService
from campaigns.services.submissions import SubmissionService
from campaigns.services.users import UserService
from campaigns.storage.credentials import CredentialStore
from campaigns.storage.database import WriteSession
from campaigns.storage.files import FileFolder
from campaigns.storage.users import UserStore

__all__ = ("Factory",)


class Factory:
    """Makes services.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        The transaction; a `WriteSession` where something is to change. Whoever opened it commits it.
    identity : `Identity`
        Who asks.
    clock : `Clock`
        The time.
    settings : `Settings`
        The settings.
    """

    def __init__(self, session: Session, *, identity: Identity, clock: Clock, settings: Settings) -> None:
        self.session = session
        self.identity = identity
        self.clock = clock
        self.settings = settings

    @property
    def writer(self) -> WriteSession:
        """The session, where it may write (`WriteSession`); see `Context.writing`."""
        return self._context().writing

    def record(self, draft: EventDraft) -> None:
        """Keep an event, to be numbered and written when the transaction commits."""
        self.writer.record(draft)

    def users(self) -> UserService:
        """Make the service for users, tokens and sign-in links."""
        return UserService(
            users=UserStore(self.session),
            credentials=CredentialStore(self.session),
            record=self.record,
            identity=self.identity,
            clock=self.clock,
        )

    def campaigns(self) -> CampaignService:
        """Make the service for campaigns and their definitions."""
        return CampaignService(self._context())

    def campaign_list(self) -> CampaignListService:
        """Make the service that finds campaigns."""
        return CampaignListService(self._context())

    def starting(self) -> StartService:
        """Make the service that starts campaigns."""
        return StartService(self._context())

    def submissions(self) -> SubmissionService:
        """Make the service for submissions."""
        return SubmissionService(self._context())

    def orders(self) -> OrderService:
        """Make the service for agents and their orders."""
        return OrderService(self._context())

    def events(self) -> EventService:
        """Make the service for the record of what happened."""
        return EventService(self._context())

    def notes(self) -> NoteService:
        """Make the service for notes."""
        return NoteService(self._context())

    def sites(self) -> SiteService:
        """Make the service for sites."""
        return SiteService(self._context())

    def dataid_sets(self) -> DataIdSetService:
        """Make the service for DataId sets."""
        return DataIdSetService(self._context())

    def exclusions(self) -> ExclusionService:
        """Make the service that leaves data out after failures."""
        return ExclusionService(self._context())

    def _context(self) -> Context:
        files = FileFolder(self.settings.data_dir / "files")
        return Context(session=self.session, identity=self.identity, clock=self.clock, files=files)
