"""``/campaigns/import``: the form that brings in a campaign which another server exported."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import IO, Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from campaigns.api.dependencies import MAX_ARCHIVES, Caller, SettingsUsed, Writing
from campaigns.api.idempotency import IdempotencyKey
from campaigns.api.policy import manager
from campaigns.api.routes.portable import opened_archive
from campaigns.domain.errors import InvalidInput
from campaigns.schema.idempotency import KEY_LENGTH
from campaigns.services.arrivals import Arrivals
from campaigns.web.flash import done
from campaigns.web.forms import on_refusal
from campaigns.web.once import form_key_of, form_once
from campaigns.web.rendering import renderer_of

__all__ = ("router",)

LENGTHS: Final = {"rename": 200, "reason": 5000}
MAX_FIELD: Final = 64_000

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _SentArchive:
    """The form, and the file that came with it, which goes when the answer is made."""

    file: IO[bytes]
    rename: str | None
    reason: str | None
    once: IdempotencyKey | None


async def _sent(request: Request, identity: Caller) -> AsyncIterator[_SentArchive]:
    # Read here, so that the file is there until the answer is made. It is kept on disk while it comes; how large it may be is
    # said for the whole request.
    async with request.form(max_files=1, max_fields=10, max_part_size=MAX_FIELD) as form:
        told = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
        on_refusal(request, partial(_page, request, told))
        for name, length in LENGTHS.items():
            if len(told.get(name, "")) > length:
                message = f"That is longer than {length} characters."
                raise InvalidInput(message, where=name, remedy="Write less.")
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.size:
            raise InvalidInput("No file was chosen.", where="file", remedy="Choose one that `campaign export` or a page made.")
        once = await form_key_of(request, identity, told.get("once", "")[:KEY_LENGTH])
        yield _SentArchive(file.file, told.get("rename") or None, told.get("reason") or None, once)


Sent = Annotated[_SentArchive, Depends(_sent, scope="function")]


def _arrivals(sent: Sent, settings: SettingsUsed) -> Iterator[Arrivals]:
    with opened_archive(sent.file, settings) as arrivals:
        yield arrivals


Arrived = Annotated[Arrivals, Depends(_arrivals, scope="function", max_concurrency=MAX_ARCHIVES)]


@router.get("/campaigns/import", dependencies=[manager])
def show_import_form(request: Request) -> Response:
    """Show the form by which exported campaigns are brought in."""
    return _page(request, {})


@router.post("/campaigns/import", dependencies=[manager])
def bring_in(sent: Sent, arrivals: Arrived, writing: Writing) -> Response:
    """Bring in a campaign that another server exported, as a record."""

    def bring() -> Response:
        made = writing.importing().bring(arrivals, rename=sent.rename, reason=sent.reason)
        return done(f"/campaigns/{made.id}", message=f"{made.origin} is here as {made.id}, a record: nothing of it runs here.")

    return form_once(writing, sent.once, bring)


def _page(request: Request, told: Mapping[str, str], problem: Mapping[str, Any] | None = None) -> Response:
    status = problem["status"] if problem else 200
    return renderer_of(request).page(request, "import.html", {"told": told, "problem": problem}, status=status)
