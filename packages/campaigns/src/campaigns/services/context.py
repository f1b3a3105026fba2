"""What every service of one request shares: the transaction, who asks, and the outside world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from campaigns.domain.events import EventDraft
from campaigns.domain.identity import Identity
from campaigns.gateways.clock import Clock
from campaigns.storage.database import WriteSession
from campaigns.storage.files import FileFolder

__all__ = ("Context",)


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of one request or command.

    Attributes
    ----------
    session : `sqlalchemy.orm.Session`
        The transaction, committed by whoever opened it.
    identity : `Identity`
        Who asks.
    clock : `Clock`
        The time.
    files : `FileFolder`
        Where uploaded content lies.
    """

    session: Session
    identity: Identity
    clock: Clock
    files: FileFolder

    @property
    def writing(self) -> WriteSession:
        """The transaction, where it may write (`WriteSession`).

        Raises
        ------
        RuntimeError
            If the request opened a read session: a fault of the program.
        """
        if not isinstance(self.session, WriteSession):
            raise RuntimeError("a service that writes was called with a read session")
        return self.session

    def record(
        self,
        kind: str,
        summary: str,
        *,
        reason: str | None = None,
        campaign: str | None = None,
        submission: str | None = None,
        actor: Identity | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Record an event of this transaction.

        Parameters
        ----------
        kind : `str`
            What sort of thing, dotted.
        summary : `str`
            One sentence for the timeline.
        reason : `str`, optional
            Why, in the actor's words.
        campaign, submission : `str`, optional
            UUIDs of what it is about.
        actor : `Identity`, optional
            Who did it, if not who asks.
        details : `dict`, optional
            What changed, for programs.
        """
        self.writing.record(
            EventDraft(
                kind=kind,
                summary=summary,
                actor=(actor or self.identity).name,
                at_us=self.clock.now_us(),
                reason=reason,
                campaign_id=campaign,
                submission_id=submission,
                details=details or {},
            )
        )
