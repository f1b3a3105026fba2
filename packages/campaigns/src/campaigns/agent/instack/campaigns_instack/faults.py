"""Problems that a person can do something about, in the form the agent passes on."""

from __future__ import annotations

__all__ = ("StackError",)


class StackError(Exception):
    """Something asked of the stack cannot be done, and why.

    Parameters
    ----------
    code : `str`
        Stable, in snake case.
    message : `str`
        What is wrong, as one sentence.
    where : `str`, optional
        The place in the campaign's definition or at the site.
    remedy : `str`, optional
        What the reader can do.
    """

    def __init__(self, code: str, message: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.remedy = remedy

    def as_dict(self) -> dict[str, str | None]:
        """Give the problem as it goes to the agent."""
        return {"code": self.code, "message": self.message, "where": self.where, "remedy": self.remedy}
