"""Looking at all rows of an exported campaign before any of them is written, and laying its files ready; no transaction is open.

Are they ones that this server knows, can its database keep them, and do they belong to this campaign and to no other?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column

from campaigns.domain.errors import InvalidArchive, NewerArchive
from campaigns.services.archive import ArchiveReader, Manifest
from campaigns.storage.belongings import CAMPAIGN, BelongingTable, belonging_tables, file_columns, unfit
from campaigns.storage.files import FileFolder, StagedFiles

__all__ = ("Arrivals", "arrived")

Known = Callable[[Column[Any], Any], bool]

MAY_BE_EMPTY = frozenset({("event", "number")})
"""Columns that are filled here where the origin has nothing for them."""


class Arrivals:
    """The rows of an archive.

    Parameters
    ----------
    archive : `ArchiveReader`
        The archive, which has been looked at as a whole.
    files : `StagedFiles`
        Where its files lie until they are kept.
    """

    def __init__(self, archive: ArchiveReader, files: StagedFiles) -> None:
        self._archive = archive
        self._files = files
        self._tables = belonging_tables()
        self._ids: dict[Column[Any], set[Any]] = {}
        self.counts: dict[str, int] = {}
        self.campaign: dict[str, Any] = {}

    @property
    def manifest(self) -> Manifest:
        """What the archive says of itself (`Manifest`)."""
        return self._archive.manifest

    def look(self) -> None:
        """Look at all rows.

        Raises
        ------
        InvalidArchive
            If one of them cannot be.
        NewerArchive
            If there is a table or a column that is not known here.
        """
        for name in self._archive.tables:
            if name not in self._tables:
                raise NewerArchive(f"The table {name} is not known here.", where=f"tables/{name}.jsonl")
        there = {*self._archive.files, *self._archive.manifest.missing}
        for name, belonging in self._tables.items():
            self.counts[name] = 0
            wanted = self._referred(belonging)
            for row in self.rows(name):
                self.counts[name] += 1
                where = f"tables/{name}.jsonl line {self.counts[name]}"
                _check_columns(belonging, row, where)
                for column in wanted:
                    self._ids.setdefault(column, set()).add(row[column.name])
                if lost := [row[key] for key in file_columns(belonging) if row[key] and row[key] not in there]:
                    raise InvalidArchive(f"The file {lost[0]} is not in the archive.", where=where)
        self._check_campaign()
        for name, belonging in self._tables.items():
            for number, row in enumerate(self.rows(name), start=1):
                self._check_owner(belonging, row, f"tables/{name}.jsonl line {number}")

    def stage_files(self) -> None:
        """Lay all files ready."""
        for digest in self._archive.files:
            with self._archive.file(digest) as content:
                self._files.add(content)

    def keep_files(self) -> None:
        """Put the files among those of this server."""
        self._files.keep()

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Give the rows of a table; what may be empty is so where an older program did not write it."""
        empty = {column.name: None for column in self._tables[name].columns if column.nullable}
        return ({**empty, **row} for row in self._archive.rows(name))

    def is_whole(self, name: str, row: Mapping[str, Any], known: Known) -> bool:
        """Tell whether all that a row refers to is there.

        Parameters
        ----------
        name : `str`
            The table.
        row : mapping
            The row.
        known : callable
            Tells whether a row that another refers to is here already.

        Notes
        -----
        What a row refers to is in the archive; or here, as a user is; or nowhere, such as a mention of somebody who has no
        account here.
        """
        for column, target in _references(self._tables[name]):
            value = row[column.name]
            if value is not None and value not in self._ids.get(target, ()) and not known(target, value):
                return False
        return True

    def _referred(self, belonging: BelongingTable) -> list[Column[Any]]:
        targets = {target for other in self._tables.values() for _, target in _references(other)}
        return [column for column in belonging.columns if column in targets]

    def _check_campaign(self) -> None:
        manifest, where = self._archive.manifest, f"tables/{CAMPAIGN}.jsonl"
        rows = list(self.rows(CAMPAIGN))
        if len(rows) != 1:
            raise InvalidArchive(f"The file has {len(rows)} campaigns; it must have one.", where=where)
        told = tuple(rows[0][name] for name in ("id", "number", "name"))
        if told != (manifest.uuid, manifest.number, manifest.name):
            raise InvalidArchive("The campaign is another than the manifest says.", where=where)
        self.campaign = rows[0]

    def _check_owner(self, belonging: BelongingTable, row: Mapping[str, Any], where: str) -> None:
        """Refuse what would be written into another campaign."""
        owned = [row[column.name] in self._ids.get(target, ()) for column, target in belonging.owners if row[column.name]]
        if belonging.owners and not any(owned):
            raise InvalidArchive("The row belongs to another campaign.", where=where)
        for column, target in _references(belonging):
            value = row[column.name]
            own = target.table.name in self._tables and target.table.name != CAMPAIGN
            if own and value is not None and value not in self._ids.get(target, ()):
                raise InvalidArchive(f"The row refers to the {target.table.name} {value}, which is not in the file.", where=where)


@contextmanager
def arrived(archive: ArchiveReader, folder: FileFolder) -> Iterator[Arrivals]:
    """Look at all rows of an archive and lay its files ready; those that are not kept in the block are gone after it.

    Raises
    ------
    InvalidArchive, NewerArchive
        If one of the rows cannot be, or is not known here.
    """
    with folder.staged() as files:
        arrivals = Arrivals(archive, files)
        arrivals.look()
        arrivals.stage_files()
        yield arrivals


def _references(belonging: BelongingTable) -> list[tuple[Column[Any], Column[Any]]]:
    return [(key.parent, key.column) for key in belonging.table.foreign_keys if key.parent in belonging.columns]


def _check_columns(belonging: BelongingTable, row: Mapping[str, Any], where: str) -> None:
    names = {column.name for column in belonging.columns}
    if unknown := sorted(set(row) - names):
        raise NewerArchive(f"The column {unknown[0]} is not known here.", where=where)
    if lost := sorted(names - set(row)):
        raise InvalidArchive(f"The row has no {lost[0]}.", where=where)
    for column in belonging.columns:
        reason = unfit(column, row[column.name])
        if reason and not (row[column.name] is None and (belonging.name, column.name) in MAY_BE_EMPTY):
            raise InvalidArchive(f"{column.name}: {reason}.", where=where)
