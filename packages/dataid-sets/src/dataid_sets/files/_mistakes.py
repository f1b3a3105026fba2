"""Gathering what is wrong with a file, so that all of it is told at once."""

from __future__ import annotations

__all__ = ("MOST_PROBLEMS", "Mistake", "Mistakes")

from .._errors import DataIdFileError, Problem

MOST_PROBLEMS = 1000
"""After so many problems reading stops: a file of ten million bad lines shall not fill the memory with complaints."""


class Mistake(Exception):
    """One thing that is wrong, before it is known where.

    Parameters
    ----------
    code : `str`
        What sort of thing, in words that do not change.
    message : `str`
        What is wrong.
    remedy : `str`, optional
        What to do about it.
    """

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


class Mistakes:
    """The problems of one file.

    Parameters
    ----------
    file : `str`
        What the file is called in problems; empty for a document that is no file.
    """

    def __init__(self, file: str = "") -> None:
        self.file = file.encode(errors="backslashreplace").decode()
        self.problems: list[Problem] = []

    def __bool__(self) -> bool:
        return bool(self.problems)

    def add(self, mistake: Mistake, *places: str) -> None:
        """Note a mistake and its place, the outer before the inner.

        Raises
        ------
        DataIdFileError
            If there are too many to go on.
        """
        where = ", ".join(place for place in (self.file, *places) if place)
        self.problems.append(Problem(code=mistake.code, where=where, message=mistake.message, remedy=mistake.remedy))
        if len(self.problems) >= MOST_PROBLEMS:
            told = f"These are the first {MOST_PROBLEMS:,} problems; reading stopped here."
            self.problems.append(Problem(code="too_many_problems", where=self.file, message=told))
            raise DataIdFileError(self.problems)

    def fail(self, mistake: Mistake, *places: str) -> DataIdFileError:
        """Note a mistake after which nothing more can be read, and give the error to raise."""
        try:
            self.add(mistake, *places)
        except DataIdFileError as error:
            return error
        return DataIdFileError(self.problems)

    def check(self) -> None:
        """Raise `DataIdFileError` if there is any problem."""
        if self.problems:
            raise DataIdFileError(self.problems)
