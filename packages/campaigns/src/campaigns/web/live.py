"""The live stream of a page: one word that changes whenever the page would. The page then asks for its parts again.

Waiting costs nothing but a look at a counter in memory; the database is asked when the bell was rung, at most twice a second, and
every few seconds in any case, since another server process rings no bell here.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final

import anyio
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import StreamingResponse

from campaigns.config import Settings
from campaigns.domain.errors import CampaignError
from campaigns.domain.identity import Identity
from campaigns.gateways.clock import Clock
from campaigns.services.factory import Factory
from campaigns.storage.bell import Bell
from campaigns.storage.database import Database

__all__ = ("live_response", "versions")

LOOK_S: Final = 0.2
LEAST_S: Final = 0.5
MOST_S: Final = 5.0
HEARTBEAT_S: Final = 15.0
LONGEST_S: Final = 3600.0
"""After so long the browser has to ask again, and to show that it is still signed in."""


async def live_response(
    request: Request,
    version: Callable[[Factory], str],
    *,
    database: Database,
    identity: Identity,
    clock: Clock,
    settings: Settings,
) -> StreamingResponse:
    """Answer with a stream of versions.

    Parameters
    ----------
    request : `starlette.requests.Request`
        What was asked; the stream ends when the browser goes away.
    version : callable
        Gives the page's version now, from services on a read session.
    database : `Database`
        Where to look; each look is a short session of its own.
    identity : `Identity`
        Who asks.
    clock : `Clock`
        The time.
    settings : `Settings`
        The settings.

    Raises
    ------
    CampaignError
        If there is no such page, or not for who asks. Where that comes later, the stream ends.
    """

    def look() -> str:
        with database.read() as session:
            return version(Factory(session, identity=identity, clock=clock, settings=settings))

    # Before anything goes out, so that it is told as such.
    await run_sync(look)

    async def events() -> AsyncIterator[str]:
        yield "retry: 2000\n\n"
        with suppress(CampaignError):
            async for found in versions(look, bell=database.bell):
                if await request.is_disconnected():
                    return
                yield ": still here\n\n" if found is None else f"event: version\ndata: {found}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def versions(look: Callable[[], str], *, bell: Bell, longest_s: float = LONGEST_S) -> AsyncIterator[str | None]:
    """Give each new version as it comes, and `None` from time to time while there is none.

    Parameters
    ----------
    look : callable
        Asks the database; it runs in a thread.
    bell : `Bell`
        Rung after every commit of this process; the stream ends when it is closed.
    longest_s : `float`, optional
        After how long the stream ends in any case, in seconds.
    """
    begun = time.monotonic()
    heard, told, looked, spoke = -1, "", begun - MOST_S, begun
    while not bell.closed and time.monotonic() - begun < longest_s:
        now = time.monotonic()
        if now - looked >= (LEAST_S if bell.count != heard else MOST_S):
            heard, looked = bell.count, now
            found = await run_sync(look)
            if found != told:
                told, spoke = found, now
                yield found
        if now - spoke >= HEARTBEAT_S:
            spoke = now
            yield None
        await anyio.sleep(LOOK_S)
