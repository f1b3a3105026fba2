"""Starting a campaign and telling at once what the site found, for page, command and REST alike.

It needs two transactions with a wait between them, and so opens its own: the only service that does.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import Fault, PreflightFailed
from campaigns.domain.identity import Identity
from campaigns.domain.order import AgentOrder
from campaigns.domain.states import CampaignAction
from campaigns.gateways.clock import Clock
from campaigns.gateways.git import GitGateway
from campaigns.services.campaigns import CampaignService
from campaigns.services.checking import CheckService
from campaigns.services.context import Context
from campaigns.services.lists import resolve_for_start
from campaigns.services.lookup import found_campaign
from campaigns.services.specifications import Resolution
from campaigns.services.starting import StartService, wait_for_order
from campaigns.storage.database import Database
from campaigns.storage.files import FileFolder

__all__ = ("Starter",)


class Starter:
    """Starts campaigns, or only looks whether they could start, and waits for the site's answer.

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
    git : `GitGateway`
        What reads repositories.
    """

    def __init__(self, database: Database, *, identity: Identity, clock: Clock, files: FileFolder, git: GitGateway) -> None:
        self._database = database
        self._identity = identity
        self._clock = clock
        self._files = files
        self._git = git

    def act(self, ref: str, action: CampaignAction, *, reason: str, timeout_s: float) -> Campaign:
        """Move a campaign by hand; only starting takes the site's answer, and so the time.

        See `start` and `CampaignService.act` for what it raises.
        """
        if action is CampaignAction.START:
            return self.start(ref, reason=reason, timeout_s=timeout_s)
        with self._database.write() as session:
            return CampaignService(self._context(session)).act(ref, action, reason=reason)

    def begin(self, ref: str, *, reason: str) -> str:
        """Resolve a campaign's specifications, and have the site look; see `StartService.begin`."""
        resolution = self._resolve(ref)
        with self._database.write() as session:
            return StartService(self._context(session)).begin(ref, reason=reason, resolution=resolution)

    def start(self, ref: str, *, reason: str, timeout_s: float) -> Campaign:
        """Have the site look, and start the campaign if nothing is wrong.

        Parameters
        ----------
        ref : `str`
            The campaign.
        reason : `str`
            Why it is started.
        timeout_s : `float`
            How long to wait for the site's answer, in seconds.

        Returns
        -------
        campaign : `Campaign`
            Running, or still ``starting`` where the site has not answered in that time; it then starts by itself.

        Raises
        ------
        PreflightFailed
            If the site found that it cannot run; nothing was started.
        """
        order_id = self.begin(ref, reason=reason)
        self._check(wait_for_order(self._database, order_id, timeout_s=timeout_s))
        with self._database.read() as session:
            return found_campaign(self._context(session), ref)

    def look(self, ref: str, *, timeout_s: float, graphs: bool) -> AgentOrder:
        """Have the site look whether a campaign could run, and start nothing; see `StartService.preflight`.

        Returns
        -------
        order : `AgentOrder`
            As it stands after the wait; ``result`` has the counts.

        Raises
        ------
        PreflightFailed
            If the site found that it could not run.
        """
        resolution = self._resolve(ref)
        with self._database.write() as session:
            order_id = StartService(self._context(session)).preflight(ref, resolution=resolution, graphs=graphs)
        order = wait_for_order(self._database, order_id, timeout_s=timeout_s)
        self._check(order)
        if order is not None:
            return order
        with self._database.read() as session:
            return StartService(self._context(session)).outcome(ref, order_id)

    def warnings(self, campaign: Campaign) -> list[Fault]:
        """Tell what is known to be wrong with a campaign; see `CheckService.warnings`."""
        with self._database.read() as session:
            return CheckService(self._context(session)).warnings(campaign)

    def _resolve(self, ref: str) -> Resolution:
        # Git waits for networks, and so must not be within a transaction.
        with self._database.read() as session:
            definition = found_campaign(self._context(session), ref).definition
        return resolve_for_start(self._git, definition)

    def _check(self, order: AgentOrder | None) -> None:
        if order is not None and order.faults:
            raise PreflightFailed(order.faults)

    def _context(self, session: Session) -> Context:
        return Context(session=session, identity=self._identity, clock=self._clock, files=self._files)
