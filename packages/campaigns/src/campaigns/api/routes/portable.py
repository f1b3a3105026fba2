"""``/api/v1/campaigns/…/export`` and ``import``: campaigns as files that other servers read."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any, TypeVar

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from campaigns.api.dependencies import MAX_ARCHIVES, Caller, Reading, SettingsUsed, Writing
from campaigns.api.details import detail_of
from campaigns.api.idempotency import IdempotencyKey, KeyHeader, idempotent, key_of
from campaigns.api.policy import manager, viewer
from campaigns.config import Settings
from campaigns.services.archive import ArchiveReader
from campaigns.services.arrivals import Arrivals, arrived
from campaigns.storage.files import FileFolder
from campaigns.wire.campaigns import CampaignDetail

__all__ = ("ARCHIVE_TYPE", "opened_archive", "router", "sent_file", "written_file")

ARCHIVE_TYPE = "application/zip"
BINARY = "application/octet-stream"

ResultT = TypeVar("ResultT")

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

ARCHIVE_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}}
}
FILE_ANSWER: dict[int | str, dict[str, Any]] = {200: {"description": "The file.", "content": {ARCHIVE_TYPE: {}}}}


def passing_file(settings: Settings) -> tuple[int, Path]:
    """Open a file for what comes and goes, in the data folder, which has room; gives its descriptor and its path."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=settings.data_dir, prefix=".passing-")
    return handle, Path(name)


def sent_file(path: Path, *, name: str) -> FileResponse:
    """Answer with a file that is removed afterwards."""
    # What is packed already is not packed again on its way.
    headers = {"Content-Encoding": "identity"}
    return FileResponse(
        path, media_type=ARCHIVE_TYPE, filename=name, headers=headers, background=BackgroundTask(path.unlink, missing_ok=True)
    )


def written_file(settings: Settings, write: Callable[[IO[bytes]], ResultT]) -> tuple[Path, ResultT]:
    """Have a file written as a whole before any of it is sent; gives its path, and leaves nothing where it fails."""
    handle, path = passing_file(settings)
    try:
        with os.fdopen(handle, "w+b") as target:
            return path, write(target)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@dataclass(frozen=True, slots=True)
class SentFile:
    """A request's body, written into a file that goes when the answer is made; ``sha256`` is its digest."""

    path: Path
    sha256: bytes


async def _sent_body(request: Request, settings: SettingsUsed) -> AsyncIterator[SentFile]:
    handle, path = passing_file(settings)
    digest = hashlib.sha256()
    try:
        with os.fdopen(handle, "wb") as target:
            async for piece in request.stream():
                digest.update(piece)
                await run_sync(target.write, piece)
        yield SentFile(path, digest.digest())
    finally:
        with suppress(OSError):
            path.unlink()


SentBody = Annotated[SentFile, Depends(_sent_body, scope="function")]


@contextmanager
def opened_archive(source: IO[bytes], settings: Settings) -> Iterator[Arrivals]:
    """Open an exported campaign, and look at all that it has."""
    with ArchiveReader(source) as archive, arrived(archive, FileFolder(settings.data_dir / "files")) as arrivals:
        yield arrivals


def _arrivals(sent: SentBody, settings: SettingsUsed) -> Iterator[Arrivals]:
    with sent.path.open("rb") as source, opened_archive(source, settings) as arrivals:
        yield arrivals


ArrivedCampaign = Annotated[Arrivals, Depends(_arrivals, scope="function", max_concurrency=MAX_ARCHIVES)]
"""What the exported campaign in the request's body has, all of it looked at, before a transaction is opened."""


async def _key_of_body(
    request: Request, identity: Caller, sent: SentBody, idempotency_key: KeyHeader = None
) -> IdempotencyKey | None:
    return None if idempotency_key is None else key_of(request, identity, idempotency_key, content=sent.sha256)


OnceForBody = Annotated[IdempotencyKey | None, Depends(_key_of_body)]
"""The request's Idempotency-Key, where the body is too large to be held in memory."""

Rename = Annotated[str | None, Query(max_length=200, description="Its short name here, in place of its own.")]
ImportReason = Annotated[str | None, Query(max_length=5000, description="Why it is brought here.")]


@router.get("/{ref}/export", dependencies=[viewer], response_class=FileResponse, responses=FILE_ANSWER)
def export_campaign(ref: str, reading: Reading, settings: SettingsUsed) -> Response:
    """Give a campaign as a file, with everything that belongs to it, for another server."""
    path, manifest = written_file(settings, lambda target: reading.exporting().export(ref, target))
    return sent_file(path, name=f"{manifest.origin}-C-{manifest.number}-{manifest.name}.zip")


@router.get("/{ref}/crate", dependencies=[viewer], response_class=FileResponse, responses=FILE_ANSWER)
def export_crate(ref: str, reading: Reading, settings: SettingsUsed) -> Response:
    """Give a campaign as a Workflow Run RO-Crate, which people and other programs read."""
    path, campaign = written_file(settings, lambda target: reading.crates().export(ref, target))
    return sent_file(path, name=f"{campaign.id}-{campaign.name}-crate.zip")


@router.post("/import", status_code=201, response_model=CampaignDetail, dependencies=[manager], openapi_extra=ARCHIVE_BODY)
def import_campaign(
    arrivals: ArrivedCampaign, once: OnceForBody, writing: Writing, rename: Rename = None, reason: ImportReason = None
) -> Response:
    """Bring in a campaign that another server exported, as a record: nothing of it runs here."""
    return idempotent(
        writing,
        once,
        lambda: detail_of(writing, writing.importing().bring(arrivals, rename=rename, reason=reason)),
        headers=lambda made: {"Location": f"/api/v1/campaigns/{made.id}"},
    )
