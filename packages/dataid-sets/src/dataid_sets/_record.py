"""What is known of a set beside its rows."""

from __future__ import annotations

__all__ = ("Access", "DataIdSet", "Reference", "check_name", "choice", "parse_reference")

import datetime
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from lsst.daf.butler import DimensionGroup

from ._errors import DataIdSetValueError, Problem, shortened

E = TypeVar("E", bound=StrEnum)

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_.+-]+)*")
_LONGEST_NAME = 200
_REMEDY = (
    f"A name has letters, digits and _ . + - and at most {_LONGEST_NAME} characters; a / stands between two parts of it; "
    "a version follows after @, as in demo/bad@1."
)


class Access(StrEnum):
    """Who may read a set besides its owner."""

    EVERYONE = "everyone"
    GROUP = "group"
    PRIVATE = "private"


class Reference(NamedTuple):
    """A set as people name it: ``demo/bad@1``, or ``demo/bad`` for its newest version."""

    name: str
    version: int | None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}@{self.version}"


def choice(kind: type[E], given: E | str, *, where: str) -> E:
    """Give the member of an enumeration that is meant.

    Raises
    ------
    DataIdSetValueError
        If there is none.
    """
    try:
        return kind(given)
    except ValueError:
        named = ", ".join(each.value for each in kind)
        raise DataIdSetValueError(
            f"{shortened(given)!r} is no {where}.", where=where, remedy=f"Choose one of: {named}."
        ) from None


def check_name(name: str) -> str:
    """Check the name of a set.

    Raises
    ------
    DataIdSetValueError
        If it is too long, has characters that a name may not have, or a part of it is empty.
    """
    # The length comes first, since the pattern would be tried on any text.
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        told = f"{shortened(name)!r} is no name for a set."
        raise DataIdSetValueError(Problem(code="invalid_name", where="name", message=told, remedy=_REMEDY))
    return name


def parse_reference(text: str | Reference | DataIdSet) -> Reference:
    """Take a reference apart.

    Raises
    ------
    DataIdSetValueError
        If it is neither a name nor a name with a version.
    """
    if isinstance(text, Reference):
        return text
    if isinstance(text, DataIdSet):
        return Reference(text.name, text.version)
    name, at, version = text.partition("@")
    if at and not re.fullmatch(r"[1-9][0-9]{0,8}", version):
        told = f"{shortened(text)!r} names no version."
        raise DataIdSetValueError(Problem(code="invalid_name", where="name", message=told, remedy=_REMEDY))
    return Reference(check_name(name), int(version) if at else None)


@dataclass(frozen=True, kw_only=True)
class DataIdSet:
    """A named, versioned, immutable set of data IDs in a registry.

    Attributes
    ----------
    id : `int`
        The registry's number for it.
    name, version : `str`, `int`
        What people call it: ``name@version``. Versions count from 1 and are never used again.
    dimensions : `lsst.daf.butler.DimensionGroup`
        The dimensions of its data IDs.
    n_rows : `int`
        How many data IDs it has.
    digest, reasons_digest : `str`
        SHA-256 of dimensions and data IDs, and of these with the reasons; see `Digester`.
    owner : `str`
        Who made it, by the database's name for them, or the system's where that has none.
    access, group : `Access`, `str` or `None`
        Who else may read it.
    description, source : `str`
        What it is for, and what it was made from.
    created, expires : `datetime.datetime`, `datetime.datetime` or `None`
        Aware, UTC. A set without an expiry stays until it is removed.
    n_pending : `int`
        How many of its data IDs had no record in the registry when it was made.
    parents : `tuple` [`str`, ...]
        The sets it was made from, as ``name@version``.
    recipe : `dict`
        How it was made from them.
    removed : `datetime.datetime` or `None`
        When its rows were removed; only what something used is kept without them.
    """

    id: int
    name: str
    version: int
    dimensions: DimensionGroup
    n_rows: int
    digest: str
    reasons_digest: str
    owner: str
    access: Access = Access.EVERYONE
    group: str | None = None
    description: str = ""
    source: str = ""
    created: datetime.datetime
    expires: datetime.datetime | None = None
    n_pending: int = 0
    parents: tuple[str, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    removed: datetime.datetime | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as JSON has it (`dict`)."""
        return {
            "name": self.name,
            "version": self.version,
            "dimensions": list(self.dimensions.required),
            "rows": self.n_rows,
            "pending": self.n_pending,
            "digest": self.digest,
            "reasons_digest": self.reasons_digest,
            "description": self.description,
            "source": self.source,
            "owner": self.owner,
            "access": self.access.value,
            "group": self.group,
            "created": _iso(self.created),
            "expires": _iso(self.expires),
            "removed": _iso(self.removed),
            "parents": list(self.parents),
            "recipe": dict(self.recipe),
        }

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{key}</th><td style='text-align:left'>{html.escape(str(value))}</td></tr>"
            for key, value in self.to_dict().items()
            if value not in (None, "", [], {}, 0)
        )
        return f"<table>{rows}</table>"


def _iso(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
