"""What forms send, and what becomes of it where it is refused: nothing that somebody typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Form
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from campaigns.api.dependencies import Caller, SettingsUsed
from campaigns.api.idempotency import IdempotencyKey
from campaigns.domain.errors import InvalidInput
from campaigns.schema.idempotency import KEY_LENGTH
from campaigns.web.once import form_key_of

__all__ = ("Document", "Reason", "SetForm", "Then", "come_back", "local_path", "on_refusal", "refused", "told_of")

Again = Callable[[Mapping[str, Any]], Response]

_PLACE = re.compile(r"^/(campaigns|submissions)/([^/]+)/")


class Then(StrEnum):
    """What follows the saving of a definition."""

    SAVE = "save"
    LOOK = "look"
    """The site looks what would run; nothing is started."""
    BEGIN = "begin"
    MERGE = "merge"
    """Nothing is saved: what others changed meanwhile is put into the form."""


def _reason(request: Request, reason: Annotated[str, Form()] = "") -> str:
    request.state.told = reason
    return reason


Reason = Annotated[str, Depends(_reason)]
"""Why something is done, as the form has it; the service says whether that is enough."""

Document = Annotated[str, Form(description="The campaign file.")]
"""A campaign file from a form. Browsers send line ends of their own kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSet:
    """The form of a new set; ``data_ids`` is the file's text, if there is one, else what was typed."""

    place: str
    name: str
    data_ids: str
    reason: str
    once: IdempotencyKey | None


async def _sent_set(request: Request, identity: Caller, settings: SettingsUsed) -> SentSet:
    # Read here, since the framework's own way takes no text above 1 MB. A file is kept on disk while it comes.
    limit = round(settings.max_upload_mb * 1_000_000)
    async with request.form(max_files=1, max_fields=20, max_part_size=limit) as form:
        told = {name: value for name, value in form.items() if isinstance(value, str)}
        request.state.told = told.get("reason", "")
        file = form.get("file")
        return SentSet(
            place=told.get("place", ""),
            name=told.get("name", ""),
            data_ids=await _text(file) if isinstance(file, UploadFile) and file.size else told.get("data_ids", ""),
            reason=told.get("reason", ""),
            once=await form_key_of(request, identity, told.get("once", "")[:KEY_LENGTH]),
        )


async def _text(file: UploadFile) -> str:
    try:
        return (await file.read()).decode()
    except UnicodeDecodeError:
        raise InvalidInput(f"{file.filename} is no text.", where="file", remedy="Give a DataId file in JSON, in UTF-8.") from None


SetForm = Annotated[SentSet, Depends(_sent_set)]
"""The form of a new set, with a file or a long text."""


def on_refusal(request: Request, again: Again) -> None:
    """Say how to show a form again if what comes next is refused.

    Parameters
    ----------
    request : `starlette.requests.Request`
        The request.
    again : callable
        Makes the page from the problem document.
    """
    request.state.again = again


def refused(request: Request) -> Again | None:
    """Give how to show the form again, if the handler had come so far."""
    return getattr(request.state, "again", None)


def told_of(request: Request) -> str:
    """Give what somebody had typed as a reason, so that it can be shown beside the problem."""
    told: str = getattr(request.state, "told", "")
    return told


def come_back(request: Request) -> tuple[str, str] | None:
    """Give the address and the name of the page that a form was on; `None` if there is none."""
    if request.url.path.startswith("/dataid-sets"):
        return "/dataid-sets", "the DataId sets"
    match = _PLACE.match(request.url.path)
    if match is None or match[2] == "new":
        return None
    return f"/{match[1]}/{match[2]}", match[2]


def local_path(text: str) -> str:
    """Give a path of our own to go on to, or the list of campaigns if it is anything else."""
    harmless = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if harmless else "/campaigns"
