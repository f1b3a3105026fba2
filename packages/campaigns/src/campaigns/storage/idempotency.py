"""Answers kept under Idempotency-Keys."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.schema.idempotency import IdempotencyRow

__all__ = ("IdempotencyStore", "KeptAnswer")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What was answered.

    Attributes
    ----------
    request_hash : `str`
        SHA-256 of the request in hexadecimal.
    status : `int`
        The HTTP status; 0 while the answer is being made.
    headers : `dict` [`str`, `str`]
        Headers such as ``Location``.
    body : `str`
        The JSON text.
    """

    request_hash: str
    status: int
    headers: dict[str, str]
    body: str


class IdempotencyStore:
    """Reads and writes kept answers.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        The transaction that creates what is answered.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def claim(self, *, principal: str, route: str, key: str, request_hash: str, now_us: int) -> KeptAnswer | None:
        """Take a key for this transaction.

        Parameters
        ----------
        principal : `str`
            Whose key it is.
        route : `str`
            Method and path template.
        key : `str`
            The key.
        request_hash : `str`
            SHA-256 of the request in hexadecimal.
        now_us : `int`
            The time.

        Returns
        -------
        kept : `KeptAnswer` or `None`
            What was answered under the key before; `None` if the key is free, and ours now.

        Notes
        -----
        The insertion waits for another transaction that has the same key: if that one commits, ours finds its answer; if it
        fails, the key is free. SQLite has one writer, so that nobody is there to wait for.
        """
        row = IdempotencyRow(
            principal=principal,
            route=route,
            key=key,
            request_hash=request_hash,
            status=0,
            headers={},
            body="",
            created_us=now_us,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError:
            return self._kept(principal=principal, route=route, key=key)
        return None

    def keep(self, *, principal: str, route: str, key: str, answer: KeptAnswer) -> None:
        """Keep the answer under a key that was claimed in this transaction."""
        row = self._session.get_one(IdempotencyRow, (principal, route, key))
        row.status = answer.status
        row.headers = dict(answer.headers)
        row.body = answer.body
        self._session.flush()

    def forget(self, *, before_us: int) -> None:
        """Forget answers that are older."""
        self._session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_us < before_us))

    def _kept(self, *, principal: str, route: str, key: str) -> KeptAnswer:
        row = self._session.scalars(
            select(IdempotencyRow).where(
                IdempotencyRow.principal == principal, IdempotencyRow.route == route, IdempotencyRow.key == key
            )
        ).one()
        return KeptAnswer(request_hash=row.request_hash, status=row.status, headers=row.headers, body=row.body)
