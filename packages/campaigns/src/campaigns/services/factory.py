"""Makes the services that a request or a command needs, all on one transaction and for one caller."""

from __future__ import annotations

from sqlalchemy.orm import Session

from campaigns.config import Settings
from campaigns.domain.attachments import FileLimits
from campaigns.domain.events import EventDraft
from campaigns.domain.identity import Identity
from campaigns.gateways.clock import Clock
from campaigns.services.adopting import AdoptService
from campaigns.services.bulk import BulkService
from campaigns.services.campaignlist import CampaignListService
from campaigns.services.campaigns import CampaignService
from campaigns.services.checking import CheckService
from campaigns.services.comparing import ComparisonService
from campaigns.services.context import Context
from campaigns.services.crate import CrateService
from campaigns.services.dataidsets import DataIdSetService
from campaigns.services.events import EventService
from campaigns.services.exclusions import ExclusionService
from campaigns.services.exporting import ExportService
from campaigns.services.importing import ImportService
from campaigns.services.lineage import LineageService
from campaigns.services.links import LinkService
from campaigns.services.marking import MarkService
from campaigns.services.notes import NoteService
from campaigns.services.operators import OperatorService
from campaigns.services.orders import OrderService
from campaigns.services.queries import QueryService
from campaigns.services.readmissions import ReadmissionService
from campaigns.services.reruns import RerunService
from campaigns.services.revising import RevisionService
from campaigns.services.signoffs import SignOffService
from campaigns.services.sites import SiteService
from campaigns.services.specifications import SpecificationService
from campaigns.services.standing import StandingService
from campaigns.services.starting import StartService
from campaigns.services.submissions import SubmissionService
from campaigns.services.teams import TeamService
from campaigns.services.users import UserService
from campaigns.storage.credentials import CredentialStore
from campaigns.storage.database import WriteSession
from campaigns.storage.files import FileFolder
from campaigns.storage.users import UserStore

__all__ = ("Factory",)

MEGABYTE = 1_000_000


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

    def standing(self) -> StandingService:
        """Make the service for what is told of campaigns beside themselves."""
        return StandingService(self._context())

    def checking(self) -> CheckService:
        """Make the service that looks at definitions."""
        return CheckService(self._context())

    def campaign_list(self) -> CampaignListService:
        """Make the service that finds campaigns."""
        return CampaignListService(self._context())

    def queries(self) -> QueryService:
        """Make the service for saved queries."""
        return QueryService(self._context())

    def bulk(self) -> BulkService:
        """Make the service that moves many campaigns at once."""
        return BulkService(self._context())

    def reruns(self) -> RerunService:
        """Make the service that makes campaigns from others."""
        return RerunService(self._context())

    def comparing(self) -> ComparisonService:
        """Make the service that compares campaigns."""
        return ComparisonService(self._context())

    def lineage(self) -> LineageService:
        """Make the service that tells where campaigns come from."""
        return LineageService(self._context())

    def exporting(self) -> ExportService:
        """Make the service that writes campaigns into files."""
        return ExportService(self._context(), server_name=self.settings.server_name)

    def crates(self) -> CrateService:
        """Make the service that writes campaigns as RO-Crates."""
        return CrateService(self._context(), server_name=self.settings.server_name)

    def importing(self) -> ImportService:
        """Make the service that brings campaigns in that were exported."""
        return ImportService(self._context())

    def revising(self) -> RevisionService:
        """Make the service that revises definitions."""
        return RevisionService(self._context())

    def specifications(self) -> SpecificationService:
        """Make the service for what specifications were resolved to."""
        return SpecificationService(self._context())

    def adopting(self) -> AdoptService:
        """Make the service that makes campaigns of what ran without the service."""
        return AdoptService(self._context())

    def marking(self) -> MarkService:
        """Make the service for what people say of submissions that the service does not run."""
        return MarkService(self._context())

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
        limits = FileLimits(round(self.settings.note_file_mb * MEGABYTE), round(self.settings.note_files_mb * MEGABYTE))
        return NoteService(self._context(), limits=limits)

    def links(self) -> LinkService:
        """Make the service for links."""
        return LinkService(self._context(), ticket_url=self.settings.ticket_url)

    def operators(self) -> OperatorService:
        """Make the service for the operators of submissions."""
        return OperatorService(self._context())

    def sign_offs(self) -> SignOffService:
        """Make the service for sign-offs."""
        return SignOffService(self._context())

    def teams(self) -> TeamService:
        """Make the service for teams."""
        return TeamService(self._context())

    def sites(self) -> SiteService:
        """Make the service for sites."""
        return SiteService(self._context())

    def dataid_sets(self) -> DataIdSetService:
        """Make the service for DataId sets."""
        return DataIdSetService(self._context())

    def exclusions(self) -> ExclusionService:
        """Make the service that leaves data out after failures."""
        return ExclusionService(self._context())

    def readmissions(self) -> ReadmissionService:
        """Make the service that takes exclusions back."""
        return ReadmissionService(self._context())

    def _context(self) -> Context:
        files = FileFolder(self.settings.data_dir / "files")
        return Context(session=self.session, identity=self.identity, clock=self.clock, files=files)
