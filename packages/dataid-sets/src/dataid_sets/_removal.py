"""Removing sets, and changing who may read them.

Rows go at once and for good. A header stays if something tells of the set's use, or another set was made from it, so that what
was done with it can still be explained; its number is never given again.
"""

from __future__ import annotations

__all__ = ("SetRemoval",)

import dataclasses
import datetime
import json

import astropy.time
import sqlalchemy as sa

from . import _schema as schema
from ._description import check_group
from ._errors import DataIdSetPermissionError, DataIdSetValueError, Problem, shortened
from ._part import SetsPart
from ._quotas import refusals_told
from ._record import Access, DataIdSet, Reference, check_name, choice, parse_reference
from ._rights import is_administrator


class SetRemoval(SetsPart):
    """What owners may do to their sets once these are made; `DataIdSets` has it all."""

    def remove(self, reference: str | Reference | DataIdSet) -> DataIdSet:
        """Remove a version of a set that the caller owns, at once and for good.

        Its rows and reasons go. Its header goes too, unless something tells of the set's use or another set was made from it. Its
        number is never given again.

        Parameters
        ----------
        reference : `str`, `Reference` or `DataIdSet`
            The set, with its version.

        Returns
        -------
        removed : `DataIdSet`
            What was removed, and when.

        Raises
        ------
        DataIdSetPermissionError
            If the Butler may not write, or the set is another's.
        DataIdSetValueError
            If no version is named.
        NoSuchDataIdSetError
            If there is none that the caller may read.
        """
        self._require_writeable()
        wanted = parse_reference(reference)
        if wanted.version is None:
            # Whoever repeats `remove demo/bad` would lose one version after the other.
            versions = ", ".join(str(each) for each in self._headers.list(self._header.c.name == wanted.name))
            if versions:
                told = "Sets are removed by their versions."
                raise DataIdSetValueError(
                    Problem(code="no_version", where=str(wanted), message=told, remedy=f"There are: {versions}.")
                )
        return self._remove(self._mine(wanted))

    def share(self, reference: str | Reference | DataIdSet, access: Access | str, group: str | None = None) -> DataIdSet:
        """Change who may read a set that the caller owns.

        Parameters
        ----------
        reference : `str`, `Reference` or `DataIdSet`
            The set.
        access, group : `Access` or `str`, `str`, optional
            Who may read it besides its owner; `group` is needed where access is ``group``. On PostgreSQL a group is a role.

        Returns
        -------
        shared : `DataIdSet`
            The set as it is now.

        Raises
        ------
        DataIdSetPermissionError
            If the Butler may not write, or the set is another's.
        NoSuchDataIdSetError
            If there is none that the caller may read.
        DataIdSetValueError
            If the group is missing, is given where none belongs, or does not exist.
        """
        self._require_writeable()
        found, access = self._mine(parse_reference(reference)), choice(Access, access, where="access")
        check_group(self._inside, access, group)
        values = {"access": access.value, "group_name": group}
        with refusals_told(), self._inside.transaction() as connection:
            connection.execute(sa.update(self._header).where(self._header.c.id == found.id).values(values))
        return self._headers.find(found)

    def give_name(self, name: str, group: str) -> None:
        """Let a group own a name that is the caller's: whoever belongs to it may load the next version.

        What was loaded stays its owner's, who alone may remove it and change who may read it. It cannot be taken back.

        Parameters
        ----------
        name : `str`
            The name, without a version.
        group : `str`
            A group that the caller belongs to; on PostgreSQL a role.

        Raises
        ------
        DataIdSetPermissionError
            If the Butler may not write, or the name is not the caller's.
        DataIdSetValueError
            If the caller does not belong to the group.
        """
        self._require_writeable()
        check_name(name)
        if group not in self._headers.person.groups:
            told = f"You do not belong to the group {shortened(group)}."
            raise DataIdSetValueError(told, where="group", remedy="Name one of your own groups.")
        if not self._headers.give_name(name, group):
            told = f"The name {name} is not yours."
            raise DataIdSetPermissionError(
                Problem(code="not_allowed", where="name", message=told, remedy="Its owner can give it to a group.")
            )

    def sweep(self, now: datetime.datetime | None = None) -> list[DataIdSet]:
        """Remove the sets that have expired: the caller's own, or everyone's for an administrator.

        Parameters
        ----------
        now : `datetime.datetime`, optional
            Sets that expire then or before; aware.

        Returns
        -------
        removed : `list` [`DataIdSet`]
            What was removed, by name and version.

        Raises
        ------
        DataIdSetPermissionError
            If the Butler may not write.
        DataIdSetValueError
            If the time has no time zone.
        """
        self._require_writeable()
        if now is not None and now.tzinfo is None:
            raise DataIdSetValueError("The time has no time zone.", where="now", remedy="Give an aware datetime.")
        moment = astropy.time.Time.now() if now is None else astropy.time.Time(now)
        terms = [self._header.c.expires <= moment]
        everyone = is_administrator(self._inside)
        if not everyone:
            terms.append(self._header.c.owner == self._headers.person.name)
        # Each in a transaction of its own: what is done is done.
        return [self._remove(found) for found in self._headers.list(*terms, everyone=everyone)]

    @property
    def _header(self) -> sa.Table:
        return self._installation.table(schema.HEADER)

    def _mine(self, reference: Reference) -> DataIdSet:
        found = self._headers.find(reference)
        if found.owner != self._headers.person.name:
            told = f"The set {found} belongs to {found.owner}."
            raise DataIdSetPermissionError(
                Problem(code="not_allowed", where=str(found), message=told, remedy=f"Ask {found.owner} to do it.")
            )
        return found

    def _remove(self, found: DataIdSet) -> DataIdSet:
        moment = astropy.time.Time.now()
        header, reasons, use = self._header, self._installation.table(schema.REASON_TABLE), self._installation.table(schema.USE)
        rows = self._installation.rows(found.dimensions)
        with refusals_told(), self._inside.transaction() as connection:
            # The mark comes first. PostgreSQL lets nobody drop rows of a set that is not marked, and it locks the header, so that
            # nobody can tell of a use meanwhile.
            mark = sa.update(header).where(header.c.id == found.id, header.c.removed.is_(None)).values(removed=moment)
            if connection.execute(mark).rowcount:
                connection.execute(sa.delete(rows).where(rows.c.set_id == found.id))
                connection.execute(sa.delete(reasons).where(reasons.c.set_id == found.id))
                child = header.alias()
                unused = ~sa.exists().where(use.c.set_id == header.c.id)
                # Parents are listed as JSON; PostgreSQL also looks at children that the caller may not read.
                childless = ~sa.exists().where(child.c.parents.contains(json.dumps(str(found)), autoescape=True))
                connection.execute(sa.delete(header).where(header.c.id == found.id, unused, childless))
        return dataclasses.replace(found, removed=moment.utc.to_datetime(datetime.UTC))
