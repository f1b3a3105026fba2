"""What can go wrong with DataId sets, in words for the person who did it.

One class for each sort of mistake. Each carries problems: where it is, what is wrong, and what to do, all of them at once.
"""

from __future__ import annotations

__all__ = (
    "DataIdFileError",
    "DataIdSetConflictError",
    "DataIdSetDimensionsError",
    "DataIdSetError",
    "DataIdSetPermissionError",
    "DataIdSetSchemaError",
    "DataIdSetValueError",
    "DatabaseFailedError",
    "NoSuchDataIdSetError",
    "Problem",
    "UnknownDataIdsError",
    "UnsupportedButlerError",
    "shortened",
)

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._table import DataIdTable

SHOWN = 20
"""How many problems an error's text names; all of them are in its ``problems``."""

_LONGEST = 60
"""How many characters of what was given an error repeats."""


def shortened(given: object) -> str:
    """Give what was given, for a message: as it is, or its beginning where it is long."""
    text = str(given)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    code : `str`
        What sort of thing, in words that do not change: ``unknown_dimension``.
    message : `str`
        What is wrong.
    where : `str`
        The place, such as ``line 12, visit``; empty where there is none.
    remedy : `str`
        What to do about it; empty where the message says all.
    """

    code: str
    message: str
    where: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}" + (f" {self.remedy}" if self.remedy else "")

    def to_dict(self) -> dict[str, str]:
        """Give the problem as JSON has it (`dict` [`str`, `str`])."""
        return asdict(self)


class DataIdSetError(Exception):
    """Something a user can mend.

    Parameters
    ----------
    problems : `str`, `Problem`, or iterable of `Problem`
        What is wrong.

    Attributes
    ----------
    problems : `tuple` [`Problem`, ...]
        Everything that is wrong, in the order it was found.
    """

    code = "dataid_set_error"

    def __init__(self, problems: str | Problem | Iterable[Problem], *, where: str = "", remedy: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(code=self.code, message=problems, where=where, remedy=remedy)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(self._text())

    def _text(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"... and {len(self.problems) - SHOWN:,} more")
        return "\n".join(lines)


class DataIdFileError(DataIdSetError):
    """A DataId file cannot be read, or has mistakes.

    Parameters
    ----------
    problems, where, remedy
        As for `DataIdSetError`.
    good : `DataIdTable`, optional
        The data IDs of the rows that are well, where the whole file was read.
    """

    code = "invalid_file"

    def __init__(
        self, problems: str | Problem | Iterable[Problem], *, where: str = "", remedy: str = "", good: DataIdTable | None = None
    ) -> None:
        super().__init__(problems, where=where, remedy=remedy)
        self.good = good


class DataIdSetValueError(DataIdSetError):
    """A name, a data ID or an option is not valid."""

    code = "invalid_value"


class UnknownDataIdsError(DataIdSetValueError):
    """The registry has no records of some data IDs.

    Parameters
    ----------
    problems : iterable of `Problem`
        What is wrong.
    keys : mapping of `Problem` to `tuple`
        The values that are unknown, each with the name of its dimension, as far as they are named.
    """

    code = "unknown_data_id"

    def __init__(self, problems: Iterable[Problem], keys: Mapping[Problem, tuple[tuple[str, int | str], ...]]) -> None:
        super().__init__(problems)
        self.keys = keys


class DataIdSetDimensionsError(DataIdSetError):
    """A set's dimensions do not fit where it is used."""

    code = "dimensions_do_not_fit"


class NoSuchDataIdSetError(DataIdSetError):
    """There is no such set, or the caller may not read it."""

    code = "no_such_set"


class DataIdSetConflictError(DataIdSetError):
    """What was asked for contradicts what is there."""

    code = "conflict"


class DataIdSetPermissionError(DataIdSetError):
    """The caller may not do this, or has used up their quota."""

    code = "not_allowed"


class DataIdSetSchemaError(DataIdSetError):
    """The registry's tables for sets are missing, newer or older than this code."""

    code = "schema"


class DatabaseFailedError(DataIdSetError):
    """The database could not do what was asked: it is full, or the connection was lost."""

    code = "database_failed"


class UnsupportedButlerError(DataIdSetError):
    """The sort of Butler that cannot hold sets."""

    code = "unsupported_butler"
