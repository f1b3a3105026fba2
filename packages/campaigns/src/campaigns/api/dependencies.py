"""What handlers ask for: the caller, and services on a transaction.

    @router.get("/campaigns/{campaign_id}", dependencies=[viewer])
    def show_campaign(campaign_id: str, reading: Reading) -> CampaignModel: ...

    @router.post("/campaigns", dependencies=[manager])
    def create_campaign(body: CampaignCreate, writing: Writing) -> CampaignModel: ...

Writing commits before the answer goes out (``scope="function"``), and rolls back where the handler raises.

Handlers run in a pool of threads, 40 by default, and a request takes several of them one after the other: to open its session,
to run its handler, to write its answer. Meanwhile it keeps its connection and, where it writes, its turn to write. Were all
threads kept by those who wait for a connection or a turn, those who have them would get no thread, and nothing would move again.
So each kind of request has a limit, above which it waits without a thread; together they stay below the number of threads and of
connections. A handler that opens a transaction by itself names `WriteTurn`.

What only looks something up is a coroutine, since the way to a thread and back takes longer than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from campaigns.auth.doorkeeper import Doorkeeper
from campaigns.config import Settings
from campaigns.domain.identity import Identity
from campaigns.gateways.clock import Clock
from campaigns.gateways.pages import PageGateway
from campaigns.services.factory import Factory
from campaigns.services.linkchecker import LinkChecker
from campaigns.services.specifications import git_gateway
from campaigns.services.starter import Starter
from campaigns.storage.database import Database
from campaigns.storage.files import FileFolder

__all__ = (
    "MAX_ARCHIVES",
    "MAX_GIT",
    "MAX_WAITING",
    "Caller",
    "ClockUsed",
    "DatabaseUsed",
    "Doorkeeping",
    "LeaseTurn",
    "LinkChecking",
    "PasswordTurn",
    "Reading",
    "SettingsUsed",
    "Starting",
    "WriteTurn",
    "Writing",
    "services_of",
)

MAX_READERS: Final = 24
"""How many requests may hold a session that reads."""

MAX_WRITERS: Final = 8
"""How many requests may hold, or wait for, a transaction that writes."""

MAX_OWN_WRITERS: Final = 4
"""How many requests may run whose handler opens a transaction of its own."""

MAX_PASSWORDS: Final = 2
"""How many passwords are checked at once: each takes 64 MiB and a processor for a while."""

MAX_LEASES: Final = 12
"""How many agents may wait for orders at once; the others wait for a turn to wait."""

MAX_STARTS: Final = 6
"""How many requests may wait for a site's answer at once."""

MAX_LOOKS: Final = 2
"""How many requests may look at links at once."""

MAX_GIT: Final = 2
"""How many requests may wait for git at once, besides those that start campaigns."""

MAX_ARCHIVES: Final = 2
"""How many exported campaigns are unpacked at once that come by REST, and how many that come by the page. Nobody waits for a turn
to write meanwhile."""

MAX_WAITING: Final = MAX_WRITERS + MAX_OWN_WRITERS + MAX_PASSWORDS + MAX_LEASES + MAX_STARTS + MAX_LOOKS + MAX_GIT + 1
"""How many threads may wait for their turn to write at most; one of them notes the use of a credential."""


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


async def _doorkeeper(request: Request) -> Doorkeeper:
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    return doorkeeper


async def _caller(request: Request) -> Identity:
    identity: Identity = request.state.identity
    return identity


SettingsUsed = Annotated[Settings, Depends(_settings)]
"""The settings."""

DatabaseUsed = Annotated[Database, Depends(_database)]
"""The database itself, for event streams, which open sessions of their own."""

ClockUsed = Annotated[Clock, Depends(_clock)]
"""The clock."""

Doorkeeping = Annotated[Doorkeeper, Depends(_doorkeeper)]
"""Signing in and out."""

Caller = Annotated[Identity, Depends(_caller)]
"""Who asks. Only in routes whose policy is not `open_access`."""


def _reading(request: Request) -> Iterator[Factory]:
    database: Database = request.app.state.database
    with database.read() as session:
        yield from _lent(_factory(session, request), request)


def _writing(request: Request) -> Iterator[Factory]:
    database: Database = request.app.state.database
    with database.write() as session:
        yield from _lent(_factory(session, request), request)


def _lent(factory: Factory, request: Request) -> Iterator[Factory]:
    """Give services, and have them found by what renders a page, for as long as their transaction is open."""
    request.state.services = factory
    try:
        yield factory
    finally:
        request.state.services = None


def services_of(request: Request) -> Factory | None:
    """Give the services on the handler's transaction; `None` where it has none, or has it no longer."""
    return getattr(request.state, "services", None)


def _factory(session: Session, request: Request) -> Factory:
    # Each thing that is asked for as a dependency takes its time, and these two are in nearly every request.
    state = request.app.state
    return Factory(session, identity=request.state.identity, clock=state.clock, settings=state.settings)


def _write_turn() -> Iterator[None]:
    yield


def _password_turn() -> Iterator[None]:
    yield


def _lease_turn() -> Iterator[None]:
    yield


def _starting(identity: Caller, database: DatabaseUsed, clock: ClockUsed, settings: SettingsUsed) -> Iterator[Starter]:
    files = FileFolder(settings.data_dir / "files")
    yield Starter(database, identity=identity, clock=clock, files=files, git=git_gateway(settings))


def _link_checking(identity: Caller, database: DatabaseUsed, clock: ClockUsed, settings: SettingsUsed) -> Iterator[LinkChecker]:
    pages = PageGateway(settings.link_hosts.split(","), timeout_s=settings.link_timeout_s)
    files = FileFolder(settings.data_dir / "files")
    yield LinkChecker(database, identity=identity, clock=clock, files=files, pages=pages, ticket_url=settings.ticket_url)


LinkChecking = Annotated[LinkChecker, Depends(_link_checking, scope="function", max_concurrency=MAX_LOOKS)]
"""Looking at links, which waits between two transactions of its own."""

Starting = Annotated[Starter, Depends(_starting, scope="function", max_concurrency=MAX_STARTS)]
"""Starting a campaign, which waits between two transactions of its own."""

Reading = Annotated[Factory, Depends(_reading, scope="function", max_concurrency=MAX_READERS)]
"""Services on a session that cannot write; for GET."""

Writing = Annotated[Factory, Depends(_writing, scope="function", max_concurrency=MAX_WRITERS)]
"""Services on a transaction, committed before the answer goes out."""

WriteTurn = Depends(_write_turn, scope="function", max_concurrency=MAX_OWN_WRITERS)
"""For routes whose handler opens a transaction by itself: ``dependencies=[open_access, WriteTurn]``."""

LeaseTurn = Depends(_lease_turn, scope="function", max_concurrency=MAX_LEASES)
"""For the route by which agents wait for orders."""

PasswordTurn = Depends(_password_turn, scope="function", max_concurrency=MAX_PASSWORDS)
"""A turn to check a password."""
