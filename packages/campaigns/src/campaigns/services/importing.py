"""Bringing in a campaign that was exported elsewhere, as a record: nothing of it is started, stopped or judged here.

All of it is checked, and its files lie ready, before the transaction is opened (`campaigns.services.arrivals`), so that others
who write wait for the rows alone. They are written with where they came from; the files are kept at the very end, so that what is
refused leaves none. Where the commit itself fails they stay, with no row that names them (`campaigns.storage.files`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DataError, IntegrityError

from campaigns.domain.campaign import Campaign
from campaigns.domain.definition import Definition
from campaigns.domain.errors import Conflict, InvalidArchive, InvalidInput
from campaigns.domain.identity import SYSTEM
from campaigns.domain.states import FINAL_CAMPAIGNS, CampaignStatus, Kind
from campaigns.services.archive import Manifest
from campaigns.services.arrivals import Arrivals
from campaigns.services.context import Context
from campaigns.services.exporting import renumbered
from campaigns.services.lookup import OF_A_TEAM
from campaigns.services.readback import read_back
from campaigns.storage.aliases import Alias, AliasStore
from campaigns.storage.belongings import BelongingStore, belonging_tables
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.submissions import SubmissionStore

__all__ = ("ImportService",)


class ImportService:
    """Imports campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rows = BelongingStore(context.writing, context.identity)
        self._aliases = AliasStore(context.writing, context.identity)
        self._campaigns = CampaignStore(context.writing, SYSTEM)
        self._seen = CampaignStore(context.writing, context.identity)
        self._aside: dict[str, list[dict[str, Any]]] = {}

    def bring(self, arrivals: Arrivals, *, rename: str | None = None, reason: str | None = None) -> Campaign:
        """Make a campaign of an archive.

        Parameters
        ----------
        arrivals : `Arrivals`
            What the archive has, which has been looked at as a whole.
        rename : `str`, optional
            Its short name here, in place of its own.
        reason : `str`, optional
            Why it is brought here.

        Returns
        -------
        campaign : `Campaign`
            With its own UUID, and a number of this server.

        Raises
        ------
        Conflict
            If it is here already, or its name or one of its output runs is taken.
        InvalidArchive
            If its rows contradict each other.
        InvalidInput
            If the new name is none.
        """
        manifest = arrivals.manifest
        self._check_new(manifest)
        self._check_runs(arrivals)
        name = self._free_name(rename, manifest)
        row, kept = self._row_here(arrivals.campaign, name=name, manifest=manifest)
        try:
            self._write(arrivals, row)
            campaign = self._known(manifest, kept)
        except (IntegrityError, DataError) as error:
            raise InvalidArchive("The database does not take what the file has: it contradicts itself.") from error
        self._context.record(
            "campaign.imported",
            f"{manifest.alias} imported as {campaign.id}",
            reason=reason,
            campaign=campaign.uuid,
            details={"origin": manifest.alias, "exported_us": manifest.made_us, "rows": sum(arrivals.counts.values())},
        )
        # Last, since what is refused is to leave nothing behind; and before the commit, since rows need their files.
        arrivals.keep_files()
        return campaign

    def _check_new(self, manifest: Manifest) -> None:
        # Whoever makes or brings a campaign waits here, so that what is looked up stays true.
        self._campaigns.hold_names()
        here = self._campaigns.find(manifest.uuid)
        if here is not None:
            seen = self._seen.find(manifest.uuid) is not None
            raise Conflict(
                f"{manifest.alias} is here already, as {here.id if seen else OF_A_TEAM}.",
                where="file",
                remedy=f"`campaign show {here.id}` shows it." if seen else "Ask an administrator who may see it.",
            )
        other = self._aliases.holder(manifest.origin, manifest.number)
        if other is not None:
            named = other[1] or OF_A_TEAM
            raise Conflict(
                f"{named[0].upper()}{named[1:]} came from {manifest.origin} as C-{manifest.number} too, and is another campaign.",
                where="file",
                remedy="Give each server a CAMPAIGN_SERVER_NAME of its own, and export it again.",
            )

    def _check_runs(self, arrivals: Arrivals) -> None:
        store = SubmissionStore(self._context.writing, SYSTEM)
        seen = SubmissionStore(self._context.writing, self._context.identity)
        for row in arrivals.rows("submission"):
            other = store.of_run(row["site"], row["repository"], row["output_run"])
            if other is not None:
                holder = f"{other.id} of {other.campaign_id}" if seen.find(other.uuid) else OF_A_TEAM
                raise Conflict(
                    f"The output run {row['output_run']} is that of {holder} already.",
                    where="tables/submission.jsonl",
                    remedy="The same run cannot be in two campaigns.",
                )

    def _free_name(self, rename: str | None, manifest: Manifest) -> str:
        name = manifest.name if rename is None else rename
        try:
            # A definition of its own says what a name may be.
            Definition(name=name, title="-", reason="-", kind=Kind.OTHER)
        except ValidationError:
            remedy = "Use letters, digits and . _ - and nothing that reads like an id."
            raise InvalidInput(f"{name!r} is no short name.", where="rename", remedy=remedy) from None
        holder = self._seen.holder_of(name)
        if holder is not None:
            raise Conflict(
                f"The name {name} is taken by {holder[1] or OF_A_TEAM}.",
                where="name",
                remedy="Give it another name here: `campaign import FILE --rename NAME`.",
            )
        return name

    def _row_here(self, told: dict[str, Any], *, name: str, manifest: Manifest) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give the campaign's row as it is here, and what of it was otherwise at its origin."""
        status = told["status"]
        here: dict[str, Any] = {
            "number": self._context.writing.next_number("campaign"),
            "name": name,
            "status": status if status in FINAL_CAMPAIGNS else CampaignStatus.IMPORTED.value,
            "held": False,
            "start_order_id": None,
            "waits": [],
            "waiting": False,
            "claims_output": False,
        }
        here |= {
            key.parent.name: None
            for key in belonging_tables()["campaign"].table.foreign_keys
            if (value := told[key.parent.name]) is not None and not self._rows.has(key.column, value)
        }
        kept = {column: told[column] for column, value in here.items() if told[column] != value}
        return {**told, **here, "origin": manifest.alias, "search_text": ""}, kept

    def _write(self, arrivals: Arrivals, campaign: dict[str, Any]) -> None:
        self._rows.write("campaign", [campaign])
        numbers = self._new_numbers(arrivals)
        # Events are numbered last: until the transaction ends, nobody else can record one.
        names = sorted((name for name in arrivals.counts if name != "campaign"), key=lambda name: name == "event")
        for name in names:
            match name:
                case "submission":
                    self._rows.write(name, self._submissions(arrivals, numbers))
                case "event":
                    self._rows.write(name, self._events(arrivals))
                case _:
                    self._rows.write(name, self._there(arrivals, name))

    def _new_numbers(self, arrivals: Arrivals) -> dict[int, int]:
        listed = sorted(row["number"] for row in arrivals.rows("submission"))
        if not listed:
            return {}
        first = self._context.writing.next_number("submission", count=len(listed))
        return {there: here for here, there in enumerate(listed, start=first)}

    def _submissions(self, arrivals: Arrivals, numbers: dict[int, int]) -> Iterator[dict[str, Any]]:
        for row in arrivals.rows("submission"):
            recovers = renumbered(row["recovers"], numbers)
            yield {**row, "number": numbers[row["number"]], "recovers": recovers, "origin_number": row["number"]}

    def _events(self, arrivals: Arrivals) -> Iterator[dict[str, Any]]:
        if not arrivals.counts["event"]:
            return
        number = self._context.writing.next_number("event", count=arrivals.counts["event"])
        for position, row in enumerate(arrivals.rows("event")):
            yield {**row, "number": number + position, "origin_number": row["number"]}

    def _there(self, arrivals: Arrivals, name: str) -> Iterator[dict[str, Any]]:
        for row in arrivals.rows(name):
            if arrivals.is_whole(name, row, self._rows.has):
                yield row
            else:
                self._aside.setdefault(name, []).append(row)

    def _known(self, manifest: Manifest, kept: dict[str, Any]) -> Campaign:
        """Write where the campaign came from, and see that all that was written can be read."""
        now = self._context.clock.now_us()
        alias = Alias(
            campaign_uuid=manifest.uuid,
            origin=manifest.origin,
            number=manifest.number,
            exported_us=manifest.made_us,
            imported_us=now,
            imported_by=self._context.identity.name,
            kept=kept,
            aside=self._aside,
        )
        self._aliases.add(alias)
        return read_back(self._context.writing, manifest.uuid)
