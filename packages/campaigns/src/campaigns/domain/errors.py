"""The mistakes a user can make, one class for each, with a stable code, a place and a remedy.

These are the only exceptions whose text reaches a user: page, command and REST print the same words from the same object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = (
    "CampaignError",
    "Conflict",
    "CountsDisagree",
    "EditConflict",
    "Fault",
    "Forbidden",
    "IdempotencyMismatch",
    "IllegalTransition",
    "InvalidArchive",
    "InvalidCredentials",
    "InvalidDefinition",
    "InvalidFilter",
    "InvalidInput",
    "LostUpdate",
    "NewerArchive",
    "NotAuthenticated",
    "NotFound",
    "NotReady",
    "NotebookClosed",
    "PreflightFailed",
    "StaleLease",
    "TooLarge",
    "TooManyAttempts",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: what, where, and what to do about it.

    Attributes
    ----------
    code : `str`
        Stable, in snake case, for programs.
    message : `str`
        What is wrong, as one sentence.
    where : `str`, optional
        The place in the input, such as ``steps[1].gate`` or ``campaign.yaml line 12``.
    remedy : `str`, optional
        What the reader can do.
    """

    code: str
    message: str
    where: str | None = None
    remedy: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """Give the fault as it goes over the wire."""
        return {"code": self.code, "message": self.message, "where": self.where, "remedy": self.remedy}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Fault:
        """Read a fault from the wire; missing parts are left empty."""
        return cls(
            code=str(data.get("code", "unknown")),
            message=str(data.get("message", "")),
            where=data.get("where"),
            remedy=data.get("remedy"),
        )


class CampaignError(Exception):
    """A mistake with a name; the base of all that users may see.

    Parameters
    ----------
    message : `str`
        What is wrong, as one sentence.
    where : `str`, optional
        The place in the input or the thing it is about.
    remedy : `str`, optional
        What the reader can do.
    faults : iterable of `Fault`, optional
        All the problems, where there may be several at once.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request cannot be carried out"
    details: ClassVar[tuple[str, ...]] = ()
    """More attributes that the problem document has, by their names: JSON, or `None` where nothing is known."""

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        faults: Iterable[Fault] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy
        self.faults = tuple(faults)

    def as_faults(self) -> tuple[Fault, ...]:
        """Give all its problems; itself where it has no others."""
        return self.faults or (Fault(self.code, self.message, self.where, self.remedy),)

    def as_problem(self) -> dict[str, Any]:
        """Give the error as an RFC 9457 problem document."""
        problem: dict[str, Any] = {
            "type": f"urn:rubin-campaigns:error:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.message,
            "code": self.code,
        }
        if self.where is not None:
            problem["where"] = self.where
        if self.remedy is not None:
            problem["remedy"] = self.remedy
        if self.faults:
            problem["faults"] = [fault.as_dict() for fault in self.faults]
        return {**problem, **{name: getattr(self, name) for name in self.details}}


class InvalidInput(CampaignError):
    """A parameter or a body is not of the form it must have."""

    code = "invalid_input"
    status = 422
    title = "The input is not valid"


class InvalidDefinition(CampaignError):
    """A campaign's definition has mistakes; all of them are in ``faults``."""

    code = "invalid_definition"
    status = 422
    title = "The campaign's definition is not valid"

    def __init__(self, faults: Iterable[Fault]) -> None:
        listed = tuple(faults)
        noun = "problem" if len(listed) == 1 else "problems"
        super().__init__(f"The definition has {len(listed)} {noun}.", faults=listed)


class InvalidFilter(CampaignError):
    """A filter is not in the language, or asks for what there is not; each fault names the column."""

    code = "invalid_filter"
    status = 422
    title = "The filter is not valid"

    def __init__(self, faults: Iterable[Fault]) -> None:
        listed = tuple(faults)
        first = listed[0]
        super().__init__(first.message, where=first.where, remedy=first.remedy, faults=listed)


class InvalidArchive(CampaignError):
    """A file is no exported campaign, or not whole, or says what cannot be."""

    code = "invalid_archive"
    status = 422
    title = "The file is not an exported campaign"

    def __init__(self, message: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message, where=where, remedy=remedy or "Export the campaign again where it comes from.")


class NewerArchive(CampaignError):
    """An exported campaign was written by a newer version of the program."""

    code = "newer_archive"
    status = 422
    title = "The exported campaign is of a newer version"

    def __init__(self, message: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message, where=where, remedy=remedy or "Install the newest version of the program here.")


class PreflightFailed(CampaignError):
    """The site looked at what would run and found that it cannot."""

    code = "preflight_failed"
    status = 422
    title = "The campaign cannot start"

    def __init__(self, faults: Iterable[Fault]) -> None:
        listed = tuple(faults)
        noun = "problem" if len(listed) == 1 else "problems"
        super().__init__(f"Preflight found {len(listed)} {noun}; nothing was started.", faults=listed)


class NotAuthenticated(CampaignError):
    """No identity came with the request, or one that is no longer good."""

    code = "not_authenticated"
    status = 401
    title = "Sign in first"


class InvalidCredentials(CampaignError):
    """Name and password, or the one-time link, do not fit."""

    code = "invalid_credentials"
    status = 401
    title = "Signing in failed"


class Forbidden(CampaignError):
    """The caller's role or the token's scope does not allow this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class NotFound(CampaignError):
    """Nothing of that name exists, or the caller may not know of it."""

    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(CampaignError):
    """It collides with something that exists already."""

    code = "conflict"
    status = 409
    title = "It collides with what is there"


class CountsDisagree(CampaignError):
    """Somebody says that a submission became what its counts do not say, and has not confirmed it."""

    code = "counts_disagree"
    status = 409
    title = "The counts say otherwise"


class EditConflict(CampaignError):
    """Somebody else has edited the note since the caller read it; ``newest`` is how it stands, ``yours`` what was sent."""

    code = "edit_conflict"
    status = 409
    title = "The note has changed meanwhile"
    details = ("newest", "yours")

    def __init__(self, message: str, *, where: str, remedy: str, newest: dict[str, Any], yours: str) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.newest = newest
        self.yours = yours


class NotebookClosed(CampaignError):
    """The campaign has ended, and with it its notebook; a manager can open it again."""

    code = "notebook_closed"
    status = 409
    title = "The notebook is closed"


class IllegalTransition(CampaignError):
    """The state it is in does not allow that step."""

    code = "illegal_transition"
    status = 409
    title = "Not possible in this state"


class NotReady(CampaignError):
    """Something must happen first, such as a decision or an agent's return."""

    code = "not_ready"
    status = 409
    title = "Something must happen first"


class StaleLease(CampaignError):
    """The order was given to another agent, or taken back, since this lease."""

    code = "stale_lease"
    status = 409
    title = "The lease is no longer this agent's"


class LostUpdate(CampaignError):
    """Somebody else changed the definition since the caller read it; ``differences`` has what both changed."""

    code = "lost_update"
    status = 412
    title = "The definition has changed meanwhile"
    details = ("newest_revision", "base_revision", "differences")

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        newest_revision: int | None = None,
        base_revision: int | None = None,
        differences: Iterable[dict[str, Any]] = (),
    ) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.newest_revision = newest_revision
        self.base_revision = base_revision
        self.differences = list(differences)


class IdempotencyMismatch(CampaignError):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_mismatch"
    status = 422
    title = "The key was used for another request"


class TooLarge(CampaignError):
    """What was sent is larger than the limit."""

    code = "too_large"
    status = 413
    title = "Too large"


class TooManyAttempts(CampaignError):
    """Signing in has failed too often under this name; it must wait."""

    code = "too_many_attempts"
    status = 429
    title = "Too many attempts"
