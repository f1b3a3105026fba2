"""Files that come as ``multipart/form-data``, and how a file is given back so that nothing in it can do harm."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Depends
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse

from campaigns.api.dependencies import SettingsUsed
from campaigns.domain.attachments import MAX_FILES, GivenFile
from campaigns.domain.errors import InvalidInput
from campaigns.domain.note import Attachment
from campaigns.services.factory import Factory

__all__ = ("FILES_BODY", "SentFiles", "attachment_response", "files_of")

FILES_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                    "required": ["files"],
                }
            }
        },
    }
}
"""How the description of the interface tells of such a body."""


async def files_of(form: FormData) -> list[GivenFile]:
    """Give the files of a form that was read. A field in which no file was chosen has an empty name."""
    found = [value for name, value in form.multi_items() if name == "files" and isinstance(value, UploadFile)]
    return [GivenFile(file.filename or "", await file.read()) for file in found if file.filename]


async def _sent_files(request: Request, settings: SettingsUsed) -> list[GivenFile]:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise InvalidInput(
            "The files did not come as a form.", where="Content-Type", remedy="Send multipart/form-data with fields `files`."
        )
    # What is above the limit for the whole body was refused before this.
    limit = round(settings.max_upload_mb * 1_000_000)
    async with request.form(max_files=MAX_FILES + 1, max_fields=1, max_part_size=limit) as form:
        return await files_of(form)


SentFiles = Annotated[list[GivenFile], Depends(_sent_files)]
"""The files in the fields ``files`` of a ``multipart/form-data`` body."""


def attachment_response(factory: Factory, ref: str, note: str, name: str) -> FileResponse:
    """Give a note's file: pictures to be shown, all else to be kept, and neither with scripts or an origin."""
    file, path = factory.notes().file(ref, note, name)
    return FileResponse(path, media_type=_media_type(file), headers=_headers(file))


def _media_type(file: Attachment) -> str:
    # A text that a browser might take for a page is no page here.
    return file.content_type if file.is_image else "application/octet-stream"


def _headers(file: Attachment) -> dict[str, str]:
    how = "inline" if file.is_image else "attachment"
    return {
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(file.name, safe='')}",
        # Found by its digest, it never changes; but whoever may not see it any more is not to have it.
        "Cache-Control": "private, max-age=300",
    }
