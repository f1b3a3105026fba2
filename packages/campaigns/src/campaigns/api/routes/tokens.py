"""``/api/v1/tokens``: what scripts, the command line and agents show in place of a password."""

from __future__ import annotations

from fastapi import APIRouter

from campaigns.api.dependencies import Reading, Writing
from campaigns.api.lists import DEFAULT_LIMIT, Cursor, Limit, cut, moment_of
from campaigns.api.policy import viewer
from campaigns.wire.users import NewTokenModel, TokenCreate, TokenList, TokenModel

__all__ = ("router",)

router = APIRouter(prefix="/tokens", tags=["tokens"])


@router.get("", dependencies=[viewer])
def list_tokens(reading: Reading, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> TokenList:
    """List tokens that are not revoked, newest first: one's own, or everyone's for administrators."""
    tokens, following = cut(
        reading.users().list_tokens(after=moment_of(cursor), limit=limit + 1),
        limit=limit,
        key=lambda token: (token.created_us, token.id),
    )
    return TokenList(items=[TokenModel.of(token) for token in tokens], next=following)


@router.post("", status_code=201, dependencies=[viewer])
def create_token(body: TokenCreate, writing: Writing) -> NewTokenModel:
    """Make a token. It is shown this once, and kept nowhere, so that there is no Idempotency-Key here."""
    token, secret = writing.users().create_token_for(
        body.name, user=body.user, role=body.role, site=body.site, expires_us=body.expires_us
    )
    return NewTokenModel(**TokenModel.of(token).model_dump(), token=secret)


@router.delete("/{token_id}", dependencies=[viewer])
def revoke_token(token_id: str, writing: Writing) -> TokenModel:
    """Make a token worthless, now and for good."""
    return TokenModel.of(writing.users().revoke_token(token_id))
