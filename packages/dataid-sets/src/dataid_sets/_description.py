"""What comes with a set's rows: for whom it is, how long it stays, what is said of it."""

from __future__ import annotations

__all__ = ("Described", "check_group", "described")

import datetime
import warnings
from typing import TypedDict

import astropy.time
import erfa
import sqlalchemy as sa

from ._errors import DataIdSetValueError, shortened
from ._internals import Inside
from ._record import Access, choice

_LAST_EXPIRY = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)


class Described(TypedDict):
    """Columns of a header that its maker chooses."""

    description: str | None
    source: str | None
    access: str
    group_name: str | None
    expires: astropy.time.Time | None


def described(
    inside: Inside,
    *,
    description: str = "",
    source: str = "",
    access: Access | str = Access.EVERYONE,
    group: str | None = None,
    expires: datetime.datetime | None = None,
) -> Described:
    """Check what comes with the rows; see `DataIdSets.create`.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside.
    description, source : `str`, optional
        What the set is for, and what it was made from.
    access, group : `Access` or `str`, `str`, optional
        Who else may read it.
    expires : `datetime.datetime`, optional
        When a sweep may remove it; aware.

    Returns
    -------
    known : `Described`
        The same as columns of the header.

    Raises
    ------
    DataIdSetValueError
        If one of these is not valid.
    """
    access = choice(Access, access, where="access")
    check_group(inside, access, group)
    if expires is not None and expires.tzinfo is None:
        raise DataIdSetValueError("The expiry has no time zone.", where="expires", remedy="Give an aware datetime.")
    if expires is not None and expires > _LAST_EXPIRY:
        raise DataIdSetValueError("The expiry is after 2100-01-01.", where="expires", remedy="Without one, a set stays.")
    if description.encode(errors="replace").decode() != description or "\0" in description:
        raise DataIdSetValueError("This is no Unicode text.", where="description", remedy="Give it in UTF-8.")
    return {
        "description": description or None,
        "source": source or None,
        "access": access.value,
        "group_name": group,
        "expires": None if expires is None else _moment(expires),
    }


def check_group(inside: Inside, access: Access, group: str | None) -> None:
    """Check with whom a set is to be shared.

    Raises
    ------
    DataIdSetValueError
        If a group is missing, is given where none belongs, or is no role of the database. Whoever makes a role of that name later
        could read the set.
    """
    if (access is Access.GROUP) != (group is not None):
        raise DataIdSetValueError(
            "A set shared with a group names it, and no other does.",
            where="group",
            remedy="Name a group and choose the access `group`, or do neither.",
        )
    if group is None or not inside.is_postgresql:
        return
    with inside.reading() as connection:
        if connection.execute(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": group}).first() is None:
            told = f"The database has no role {shortened(group)}."
            raise DataIdSetValueError(
                told, where="group", remedy="Name a role of the database, such as one that `\\du` of psql lists."
            )


def _moment(expires: datetime.datetime) -> astropy.time.Time:
    with warnings.catch_warnings():
        # Leap seconds of the years to come are not known, which matters little here.
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        return astropy.time.Time(expires).tai
