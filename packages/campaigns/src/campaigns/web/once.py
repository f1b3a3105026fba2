"""Forms that are sent twice, as by a double click: the second answer is the first, and nothing is done twice.

A form has a hidden field ``once``, which is made up when the page is rendered, by ``{{ ui.once() }}``. It is an Idempotency-Key
as programs send one, and its answer is kept as theirs, see `campaigns.api.idempotency`::

    @router.post("/things", dependencies=[operator])
    def make_thing(writing: Writing, once: FormKey, ...) -> Response:
        return form_once(writing, once, lambda: _made(writing, ...))
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Form, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from campaigns.api.dependencies import Caller
from campaigns.api.idempotency import IdempotencyKey, answered_once, key_of
from campaigns.schema.idempotency import KEY_LENGTH
from campaigns.services.factory import Factory
from campaigns.storage.idempotency import KeptAnswer

__all__ = ("FormKey", "form_key_of", "form_once", "new_form_key")

FIELD = "once"


def new_form_key() -> str:
    """Make up the key of a form."""
    return str(uuid.uuid4())


async def form_key_of(request: Request, identity: Caller, once: str) -> IdempotencyKey | None:
    """Give the key of a form that was read already; `None` if it has none."""
    if not once:
        return None
    digest = hashlib.sha256()
    for name, value in (await request.form()).multi_items():
        digest.update(f"{name}\0".encode())
        if isinstance(value, UploadFile):
            await value.seek(0)
            while piece := await value.read(1 << 16):
                digest.update(piece)
            await value.seek(0)
        else:
            digest.update(f"{value}\0".encode())
    return key_of(request, identity, once, content=digest.digest())


async def _form_key(
    request: Request, identity: Caller, once: Annotated[str, Form(max_length=KEY_LENGTH)] = ""
) -> IdempotencyKey | None:
    return await form_key_of(request, identity, once)


FormKey = Annotated[IdempotencyKey | None, Depends(_form_key)]
"""The key of a form, if it has one."""


def form_once(writing: Factory, once: IdempotencyKey | None, act: Callable[[], Response]) -> Response:
    """Do what a form asks for, or answer as before.

    Parameters
    ----------
    writing : `Factory`
        The transaction.
    once : `IdempotencyKey` or `None`
        The form's key.
    act : callable
        Does it, and gives the answer, which leads to another page.

    Raises
    ------
    IdempotencyMismatch
        If the form came before with another content.
    """
    given: list[Response] = []

    def answer() -> KeptAnswer:
        given.append(act())
        headers = {name: given[0].headers[name] for name in ("location", "set-cookie") if name in given[0].headers}
        return KeptAnswer(request_hash="", status=given[0].status_code, headers=headers, body="")

    kept, _ = answered_once(writing, once, answer)
    return given[0] if given else Response(status_code=kept.status, headers=kept.headers)
