"""Creations that may be sent again: the second answer is the first, and nothing is made twice.

    @router.post("/campaigns", status_code=201, response_model=CampaignModel, dependencies=[manager])
    def create_campaign(body: CampaignCreate, writing: Writing, once: Once) -> Response:
        return idempotent(writing, once, lambda: CampaignModel.of(writing.campaigns().create(body)))

The answer is kept in the transaction that creates, so that a crash never splits the two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from campaigns.api.dependencies import Caller
from campaigns.api.route_table import RouteTable
from campaigns.domain.errors import IdempotencyMismatch
from campaigns.domain.identity import Identity, Role
from campaigns.schema.idempotency import KEY_LENGTH
from campaigns.services.factory import Factory
from campaigns.storage.idempotency import IdempotencyStore, KeptAnswer

__all__ = ("REPLAYED", "IdempotencyKey", "KeyHeader", "Once", "answered_once", "idempotent", "key_of")

REPLAYED: Final = "Idempotency-Replayed"

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A key that came with a request.

    Attributes
    ----------
    key : `str`
        The key itself.
    principal : `str`
        Whose it is.
    route : `str`
        Method and path template.
    request_hash : `str`
        SHA-256 of method, path and body in hexadecimal.
    """

    key: str
    principal: str
    route: str
    request_hash: str


KeyHeader = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=KEY_LENGTH,
        description="Makes it safe to send the request again: under the same key it is carried out once.",
    ),
]
"""The header, in the parameter ``idempotency_key``."""


async def _once(request: Request, identity: Caller, idempotency_key: KeyHeader = None) -> IdempotencyKey | None:
    return None if idempotency_key is None else key_of(request, identity, idempotency_key, content=await request.body())


def key_of(request: Request, identity: Identity, key: str, *, content: bytes) -> IdempotencyKey:
    """Make the key of a request.

    Parameters
    ----------
    request : `fastapi.Request`
        The request.
    identity : `Identity`
        Who asks.
    key : `str`
        The key that came with it.
    content : `bytes`
        What it says; another content under the same key is another request.
    """
    table: RouteTable = request.app.state.route_table
    sort = "agent" if identity.role is Role.AGENT else "user"
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(content)
    return IdempotencyKey(
        key=key,
        principal=f"{sort}:{identity.name}",
        route=f"{request.method} {table.find(request.scope['endpoint']).path}",
        request_hash=digest.hexdigest(),
    )


Once = Annotated[IdempotencyKey | None, Depends(_once)]
"""The request's Idempotency-Key, if it has one."""


def idempotent(
    writing: Factory,
    once: IdempotencyKey | None,
    create: Callable[[], ModelT],
    *,
    status: int = 201,
    headers: Callable[[ModelT], Mapping[str, str]] | None = None,
) -> Response:
    """Create something, or answer as before.

    Parameters
    ----------
    writing : `Factory`
        The transaction.
    once : `IdempotencyKey` or `None`
        The key; without one it is simply created.
    create : callable
        Creates, and gives the answer's model.
    status : `int`, optional
        The answer's HTTP status.
    headers : callable, optional
        Gives more headers for the answer, such as ``Location``.

    Returns
    -------
    response : `fastapi.Response`
        The answer, with ``Idempotency-Replayed: true`` if it was given before.

    Raises
    ------
    IdempotencyMismatch
        If the key came before with another request.
    """

    def answer() -> KeptAnswer:
        made = create()
        told = {} if headers is None else dict(headers(made))
        return KeptAnswer(request_hash="", status=status, headers=told, body=made.model_dump_json())

    kept, replayed = answered_once(writing, once, answer)
    response = Response(kept.body, status_code=kept.status, headers=kept.headers, media_type="application/json")
    if replayed:
        response.headers[REPLAYED] = "true"
    return response


def answered_once(writing: Factory, once: IdempotencyKey | None, answer: Callable[[], KeptAnswer]) -> tuple[KeptAnswer, bool]:
    """Do something and keep its answer, or give the answer as it was before, and say which of the two.

    Parameters
    ----------
    writing : `Factory`
        The transaction.
    once : `IdempotencyKey` or `None`
        The key; without one it is simply done.
    answer : callable
        Does it, and gives the answer.

    Raises
    ------
    IdempotencyMismatch
        If the key came before with another request.
    """
    if once is None:
        return answer(), False
    store = IdempotencyStore(writing.writer)
    now_us = writing.clock.now_us()
    store.forget(before_us=now_us - timedelta(hours=writing.settings.idempotency_h) // timedelta(microseconds=1))
    kept = store.claim(principal=once.principal, route=once.route, key=once.key, request_hash=once.request_hash, now_us=now_us)
    if kept is None:
        given = answer()
        store.keep(principal=once.principal, route=once.route, key=once.key, answer=given)
        return given, False
    if kept.request_hash != once.request_hash:
        raise IdempotencyMismatch(
            "The Idempotency-Key was used for another request.",
            where="Idempotency-Key",
            remedy="Make up a new key for each new request; a page makes one each time it is loaded.",
        )
    return kept, True
