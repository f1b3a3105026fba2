"""Writing a campaign into a file, with everything that belongs to it, as its own server knows it.

A campaign that was imported is written as it came, and with what was added here: numbers are always those of its origin.
What is the same is the same file to the byte, whenever and wherever it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from campaigns.domain.campaign import Campaign
from campaigns.domain.identity import SYSTEM
from campaigns.services.archive import ArchiveWriter, Manifest, canonical
from campaigns.services.context import Context
from campaigns.services.lookup import found_campaign
from campaigns.storage.aliases import Alias, AliasStore
from campaigns.storage.belongings import BelongingStore, BelongingTable, belonging_tables, file_columns
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.dialects import read_at_one_moment

__all__ = ("HERE_ONLY", "ExportService", "renumbered")

HERE_ONLY = frozenset({"campaign.imported"})
"""Kinds of events that tell of this server alone, and stay."""

_ID = re.compile(r"S-(\d+)")


class ExportService:
    """Exports campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction, in which all is read as it is at one moment, and who asks.
    server_name : `str`
        By what name this server's campaigns are known elsewhere.
    """

    def __init__(self, context: Context, *, server_name: str) -> None:
        self._context = context
        self._server_name = server_name
        self._rows = BelongingStore(context.session, context.identity)
        self._aliases = AliasStore(context.session, context.identity)

    def export(self, ref: str, target: IO[bytes]) -> Manifest:
        """Write a campaign into a file.

        Parameters
        ----------
        ref : `str`
            The campaign.
        target : file object
            Where to, in binary.

        Returns
        -------
        manifest : `Manifest`
            What was written; files whose content is lost are in ``missing``.

        Raises
        ------
        NotFound
            If the caller can see no such campaign.
        """
        read_at_one_moment(self._context.session)
        campaign = found_campaign(self._context, ref)
        alias = self._aliases.find(campaign.uuid)
        writer = ArchiveWriter(target)
        noted = _Noted(newest_us=campaign.created_us)
        for belonging in belonging_tables().values():
            writer.add_table(belonging.name, noted.all(belonging, self._told(belonging, campaign, alias)))
        for digest in sorted(noted.digests):
            writer.add_file(digest, self._context.files.path(digest))
        return writer.close(
            # The time of writing would make each file another.
            made_us=noted.newest_us,
            uuid=campaign.uuid,
            origin=self._server_name if alias is None else alias.origin,
            number=campaign.number if alias is None else alias.number,
            name=campaign.name if alias is None else alias.kept.get("name", campaign.name),
        )

    def _told(self, belonging: BelongingTable, campaign: Campaign, alias: Alias | None) -> Iterable[dict[str, Any]]:
        rows = self._rows.rows(belonging.name, campaign.uuid)
        if belonging.name == "campaign":
            rows = map(self._line_seen, rows)
        if alias is None:
            return rows
        match belonging.name:
            case "campaign":
                return ({**row, **alias.kept} for row in rows)
            case "submission":
                return self._submissions(rows, campaign)
            case "event":
                return self._events(rows, campaign)
        return _with_aside(belonging, rows, alias.aside.get(belonging.name, []))

    def _line_seen(self, row: dict[str, Any]) -> dict[str, Any]:
        """Leave out what a campaign derives from, where that is here and the caller may not see it."""
        if self._is_hidden(row["parent_id"]):
            return {**row, "parent_id": None, "parent_revision": None, "root_id": None}
        return {**row, "root_id": None} if self._is_hidden(row["root_id"]) else row

    def _is_hidden(self, uuid: str | None) -> bool:
        if uuid is None or CampaignStore(self._context.session, self._context.identity).find(uuid) is not None:
            return False
        return CampaignStore(self._context.session, SYSTEM).find(uuid) is not None

    def _submissions(self, rows: Iterable[dict[str, Any]], campaign: Campaign) -> Iterator[dict[str, Any]]:
        numbers = self._aliases.submission_numbers(campaign.uuid)
        for row in rows:
            yield {**row, "number": numbers[row["number"]], "recovers": renumbered(row["recovers"], numbers)}

    def _events(self, rows: Iterable[dict[str, Any]], campaign: Campaign) -> Iterator[dict[str, Any]]:
        numbers = self._aliases.event_numbers(campaign.uuid)
        for row in rows:
            if row["kind"] not in HERE_ONLY:
                # What happened here, after it came, has no number there.
                yield {**row, "number": numbers.get(row["number"])}


def renumbered(submission: str | None, numbers: dict[int, int]) -> str | None:
    """Give a submission's id, such as ``S-12``, by its number elsewhere; one that is not known stays as it is."""
    found = _ID.fullmatch(submission or "")
    return submission if found is None else f"S-{numbers.get(int(found[1]), int(found[1]))}"


@dataclass(slots=True, kw_only=True)
class _Noted:
    """What is noted while rows go by: the files that they name, and when the newest of the events was."""

    newest_us: int
    digests: set[str] = field(default_factory=set)

    def all(self, belonging: BelongingTable, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        names = file_columns(belonging)
        for row in rows:
            self.digests.update(row[name] for name in names if row[name])
            if belonging.name == "event":
                self.newest_us = max(self.newest_us, row["at_us"])
            yield row


def _with_aside(
    belonging: BelongingTable, rows: Iterable[dict[str, Any]], aside: list[dict[str, Any]]
) -> Iterable[dict[str, Any]]:
    """Put rows that were kept aside where they belong; one that has come here since is told once."""
    if not aside:
        return rows
    keys = [column.name for column in belonging.table.primary_key.columns]
    merged = {canonical([row[key] for key in keys]): row for row in (*aside, *rows)}
    return sorted(merged.values(), key=lambda row: tuple(row[key] for key in keys))
