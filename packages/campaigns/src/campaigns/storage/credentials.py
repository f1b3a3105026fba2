"""Sign-ins, tokens and one-time links in the database; `campaigns.storage.callers` finds callers by them."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, case, delete, select, update
from sqlalchemy.orm import Session

from campaigns.domain.identity import Identity, Role, may
from campaigns.domain.users import ApiToken
from campaigns.schema.api_token import ApiTokenRow
from campaigns.schema.login_link import LoginLinkRow
from campaigns.schema.login_session import LoginSessionRow

__all__ = ("CredentialStore",)


class CredentialStore:
    """Reads and writes what callers show to prove who they are.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        The transaction to work in.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    # ---- sign-ins ------------------------------------------------------------------------------------------------

    def add_session(self, secret_hash: str, *, user: str, now_us: int, expires_us: int, ends_us: int) -> None:
        """Keep a sign-in, and forget those of everyone that are over."""
        self._session.execute(delete(LoginSessionRow).where(LoginSessionRow.expires_us <= now_us))
        self._session.add(
            LoginSessionRow(
                id=str(uuid.uuid4()),
                secret_hash=secret_hash,
                user_name=user,
                created_us=now_us,
                seen_us=now_us,
                expires_us=expires_us,
                ends_us=ends_us,
            )
        )
        self._session.flush()

    def touch_session(self, session_id: str, *, now_us: int, idle_us: int) -> None:
        """Note that a sign-in is in use, which moves its end on, but not past the last end."""
        # One statement: somebody may sign out between a look and a write, and then there is nothing to change.
        moved = case((LoginSessionRow.ends_us < now_us + idle_us, LoginSessionRow.ends_us), else_=now_us + idle_us)
        statement = update(LoginSessionRow).where(LoginSessionRow.id == session_id).values(seen_us=now_us, expires_us=moved)
        self._session.execute(statement.execution_options(synchronize_session=False))

    def drop_session(self, secret_hash: str) -> None:
        """Forget one sign-in."""
        self._session.execute(delete(LoginSessionRow).where(LoginSessionRow.secret_hash == secret_hash))

    def drop_sessions_of(self, user: str) -> int:
        """Forget all sign-ins of a user; gives how many there were."""
        dropped = self._session.scalars(
            delete(LoginSessionRow).where(LoginSessionRow.user_name == user).returning(LoginSessionRow.id)
        )
        return len(dropped.all())

    # ---- tokens --------------------------------------------------------------------------------------------------

    def add_token(self, token: ApiToken, *, secret_hash: str) -> None:
        """Keep a token."""
        self._session.add(
            ApiTokenRow(
                id=token.id,
                name=token.name,
                secret_hash=secret_hash,
                user_name=token.user,
                role=token.role.value,
                site=token.site,
                created_us=token.created_us,
                created_by=token.created_by,
                expires_us=token.expires_us,
            )
        )
        self._session.flush()

    def touch_token(self, token_id: str, *, now_us: int) -> None:
        """Note that a token is in use."""
        self._session.execute(update(ApiTokenRow).where(ApiTokenRow.id == token_id).values(used_us=now_us))

    def get_token(self, identity: Identity, token_id: str) -> ApiToken | None:
        """Look up a token that the caller may see."""
        try:
            # PostgreSQL will not compare a UUID with what is none.
            number = str(uuid.UUID(token_id))
        except ValueError:
            return None
        row = self._session.scalar(self._visible(identity).where(ApiTokenRow.id == number))
        return None if row is None else _token(row)

    def list_tokens(self, identity: Identity, *, after: tuple[int, str] | None, limit: int) -> list[ApiToken]:
        """List the tokens that are good until revoked or over.

        Parameters
        ----------
        identity : `Identity`
            Who asks: one sees one's own; administrators see all.
        after : `tuple` [`int`, `str`], optional
            Start after this time of creation and identifier.
        limit : `int`
            How many at most.

        Returns
        -------
        tokens : `list` [`ApiToken`]
            Newest first.
        """
        query = self._visible(identity).where(ApiTokenRow.revoked_us.is_(None))
        if after is not None:
            at_us, token_id = after
            query = query.where(
                (ApiTokenRow.created_us < at_us) | ((ApiTokenRow.created_us == at_us) & (ApiTokenRow.id > token_id))
            )
        query = query.order_by(ApiTokenRow.created_us.desc(), ApiTokenRow.id).limit(limit)
        return [_token(row) for row in self._session.scalars(query)]

    def revoke_token(self, token_id: str, *, now_us: int) -> None:
        """Make a token worthless."""
        self._session.execute(update(ApiTokenRow).where(ApiTokenRow.id == token_id).values(revoked_us=now_us))

    def _visible(self, identity: Identity) -> Select[ApiTokenRow]:
        query = select(ApiTokenRow)
        if may(identity, Role.ADMIN):
            return query
        return query.where(ApiTokenRow.user_name == identity.name)

    # ---- one-time links ------------------------------------------------------------------------------------------

    def add_link(self, secret_hash: str, *, user: str, created_by: str, now_us: int, expires_us: int) -> None:
        """Keep a link."""
        self._session.add(
            LoginLinkRow(
                id=str(uuid.uuid4()),
                secret_hash=secret_hash,
                user_name=user,
                created_us=now_us,
                created_by=created_by,
                expires_us=expires_us,
            )
        )
        self._session.flush()

    def use_link(self, secret_hash: str, *, now_us: int) -> str | None:
        """Use a link up; of two who try at once, one succeeds.

        Returns
        -------
        user : `str` or `None`
            Whom it signs in; nobody if it is unknown, used, or over.
        """
        return self._session.scalar(
            update(LoginLinkRow)
            .where(LoginLinkRow.secret_hash == secret_hash, LoginLinkRow.used_us.is_(None), LoginLinkRow.expires_us > now_us)
            .values(used_us=now_us)
            .returning(LoginLinkRow.user_name)
            .execution_options(synchronize_session=False)
        )


def _token(row: ApiTokenRow) -> ApiToken:
    return ApiToken(
        id=row.id,
        name=row.name,
        user=row.user_name,
        role=Role(row.role),
        site=row.site,
        created_us=row.created_us,
        created_by=row.created_by,
        expires_us=row.expires_us,
        used_us=row.used_us,
        revoked_us=row.revoked_us,
    )
