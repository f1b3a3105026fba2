"""DataId sets, and what campaigns have pinned of them, in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Select, and_, case, delete, or_, select, tuple_

from campaigns.domain.campaign import campaign_id
from campaigns.domain.dataidsets import DataIdSetEntry, Pin, ReasonCount, SetSort
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.dataid_set import DataIdSetRow
from campaigns.schema.set_pin import SetPinRow
from campaigns.storage.base import SiteBoundStore
from campaigns.storage.dialects import insertion, list_length
from campaigns.storage.visibility import may_see_campaign, may_see_rows_of

__all__ = ("DataIdSetStore", "PinStore")

_PLAIN = (
    "site", "butler", "name", "version", "digest", "n_rows", "n_pending", "owner", "description", "source", "created_us",
    "seen_us",
)  # fmt: skip
"""Columns that are named and typed as the fields of `DataIdSetEntry`."""

_KEY = ("site", "butler", "name", "version")
"""What tells one set of one repository from another."""


class DataIdSetStore(SiteBoundStore):
    """Sets that an identity may see: an agent those of its site, people all."""

    def listed(
        self,
        *,
        site: str | None = None,
        butler: str | None = None,
        name: str | None = None,
        words: Sequence[str] = (),
        sort: SetSort = SetSort.NEWEST,
        after: tuple[int | str, str] | None = None,
        limit: int,
    ) -> list[DataIdSetEntry]:
        """List sets, by default newest first.

        Parameters
        ----------
        site, butler : `str`, optional
            Only those of a site, and of a repository.
        name : `str`, optional
            Only those whose names contain it, in capitals or not.
        words : sequence of `str`, optional
            Only those that have each of these in name, owner, description or source, in capitals or not.
        sort : `SetSort`, optional
            What they are listed by; those of which that is the same, by UUID.
        after : `tuple`, optional
            Only those after the one that has this key of ``sort``, and this UUID.
        limit : `int`
            How many at most.
        """
        by, uuid = getattr(DataIdSetRow, sort.field), DataIdSetRow.id
        order = (by.desc(), uuid.desc()) if sort.falling else (by, uuid)
        statement = self._visible().order_by(*order).limit(limit)
        if site is not None:
            statement = statement.where(DataIdSetRow.site == site)
        if butler is not None:
            statement = statement.where(DataIdSetRow.butler == butler)
        if name is not None:
            statement = statement.where(DataIdSetRow.name.icontains(name, autoescape=True))
        for word in words:
            told = (DataIdSetRow.name, DataIdSetRow.owner, DataIdSetRow.description, DataIdSetRow.source)
            statement = statement.where(or_(*(column.icontains(word, autoescape=True) for column in told)))
        if after is not None:
            key, last = after
            beyond = (by < key, uuid < last) if sort.falling else (by > key, uuid > last)
            statement = statement.where(or_(beyond[0], and_(by == key, beyond[1])))
        return [_entry(row) for row in self._session.scalars(statement)]

    def find(self, site: str, butler: str, name: str, version: int | None) -> DataIdSetEntry | None:
        """Give a version of a set, or without one the newest; `None` if none is known."""
        statement = self._of(site, butler).where(DataIdSetRow.name == name).order_by(DataIdSetRow.version.desc()).limit(1)
        if version is not None:
            statement = statement.where(DataIdSetRow.version == version)
        row = self._session.scalars(statement).one_or_none()
        return None if row is None else _entry(row)

    def any_of(self, site: str, butler: str) -> bool:
        """Tell whether any set of a repository is known."""
        return self._session.scalars(self._of(site, butler).limit(1)).one_or_none() is not None

    def named(self, site: str, butler: str, names: Collection[str]) -> list[DataIdSetEntry]:
        """List all versions of some names, by name and version."""
        statement = self._of(site, butler).where(DataIdSetRow.name.in_(list(names)))
        return [_entry(row) for row in self._session.scalars(statement.order_by(DataIdSetRow.name, DataIdSetRow.version))]

    def put(self, entry: DataIdSetEntry) -> None:
        """Write what was told of a set, over what was known of it; data IDs that are here already stay, unless it is another.

        Notes
        -----
        One statement: of two that tell of the same set at once, one writes after the other.
        """
        told: dict[str, Any] = {name: getattr(entry, name) for name in _PLAIN}
        told["dimensions"] = list(entry.dimensions)
        told["reasons"] = [{"reason": one.reason, "rows": one.rows} for one in entry.reasons]
        told |= {"id": entry.uuid, "n_reasons": entry.n_reasons, "rows_sha256": entry.rows_sha256}
        statement = insertion(self._session, DataIdSetRow).values(told)
        new, row = statement.excluded, DataIdSetRow
        another = row.digest != new.digest
        # A list tells fewer of the reasons, and none of a large set.
        better = or_(another, list_length(new.reasons) > list_length(row.reasons))
        changed: dict[str, Any] = {name: new[name] for name in (*_PLAIN, "dimensions") if name not in _KEY}
        changed["reasons"] = case((better, new.reasons), else_=row.reasons)
        changed["n_reasons"] = case((better, new.n_reasons), else_=row.n_reasons)
        changed["rows_sha256"] = case((or_(another, new.rows_sha256.is_not(None)), new.rows_sha256), else_=row.rows_sha256)
        self._session.execute(
            statement.on_conflict_do_update(index_elements=list(_KEY), set_=changed),
            execution_options={"synchronize_session": False},
        )

    def known(self, site: str, butler: str, *, limit: int) -> list[tuple[str, int, str]]:
        """List name, version and digest of the sets of a repository whose reasons are known, newest first."""
        columns = select(DataIdSetRow.name, DataIdSetRow.version, DataIdSetRow.digest)
        statement = self._seen(columns, DataIdSetRow.site).where(
            DataIdSetRow.site == site, DataIdSetRow.butler == butler, DataIdSetRow.n_reasons.is_not(None)
        )
        rows = self._session.execute(statement.order_by(DataIdSetRow.created_us.desc(), DataIdSetRow.id.desc()).limit(limit))
        return [(name, version, digest) for name, version, digest in rows]

    def keep_only(self, site: str, butler: str, kept: Iterable[tuple[str, int]], *, asked_us: int) -> None:
        """Forget the sets of a repository that are not among these names and versions.

        Parameters
        ----------
        site, butler : `str`
            The repository.
        kept : iterable of `tuple` [`str`, `int`]
            What is there.
        asked_us : `int`
            When it was asked what is there, UTC microseconds: what was told of after that may be newer than the answer.
        """
        statement = delete(DataIdSetRow).where(
            DataIdSetRow.site == site, DataIdSetRow.butler == butler, DataIdSetRow.seen_us <= asked_us
        )
        self._session.execute(statement.where(tuple_(DataIdSetRow.name, DataIdSetRow.version).not_in(list(kept))))

    def forget(self, site: str, butler: str, name: str, version: int) -> None:
        """Forget one set."""
        statement = delete(DataIdSetRow).where(DataIdSetRow.site == site, DataIdSetRow.butler == butler)
        self._session.execute(statement.where(DataIdSetRow.name == name, DataIdSetRow.version == version))

    def _of(self, site: str, butler: str) -> Select[DataIdSetRow]:
        return self._visible().where(DataIdSetRow.site == site, DataIdSetRow.butler == butler)

    def _visible(self) -> Select[DataIdSetRow]:
        statement: Select[DataIdSetRow] = self._seen(select(DataIdSetRow), DataIdSetRow.site)
        # What is written past the session's own rows is read anew.
        return statement.execution_options(populate_existing=True)


class PinStore(SiteBoundStore):
    """What campaigns that an identity may see have pinned."""

    def of_campaign(self, campaign_uuid: str) -> dict[str, Pin]:
        """Give the pins of a campaign by what its definition calls the sets."""
        statement = self._visible().where(SetPinRow.campaign_id == campaign_uuid).order_by(SetPinRow.reference)
        return {row.reference: _pin(row) for row in self._session.scalars(statement)}

    def add(self, campaign_uuid: str, pins: Sequence[Pin]) -> None:
        """Write new pins; a reference that is pinned already is an error."""
        for pin in pins:
            self._session.add(
                SetPinRow(
                    campaign_id=campaign_uuid,
                    reference=pin.reference,
                    name=pin.name,
                    version=pin.version,
                    digest=pin.digest,
                    n_rows=pin.rows,
                    dimensions=list(pin.dimensions),
                    revision=pin.revision,
                    pinned_us=pin.pinned_us,
                )
            )
        self._session.flush()

    def users(self, names: Collection[str]) -> dict[tuple[str | None, str | None, str], list[tuple[str, str, int]]]:
        """List who has pinned versions of sets, in one query.

        Parameters
        ----------
        names : collection of `str`
            What the sets are called, without versions.

        Returns
        -------
        users : `dict`
            By site, repository and name of the set: local id and name of the campaign, and the version; newest campaigns first.
        """
        where = (CampaignRow.site, CampaignRow.butler, SetPinRow.name)
        statement = (
            select(*where, CampaignRow.number, CampaignRow.name, SetPinRow.version)
            .join(CampaignRow, CampaignRow.id == SetPinRow.campaign_id)
            .where(SetPinRow.name.in_(list(names)), may_see_campaign(self._identity))
            .order_by(CampaignRow.number.desc(), SetPinRow.version)
            .distinct()
        )
        found: dict[tuple[str | None, str | None, str], list[tuple[str, str, int]]] = {}
        for site, butler, name, number, title, version in self._session.execute(statement):
            found.setdefault((site, butler, name), []).append((campaign_id(number), title, version))
        return found

    def _visible(self) -> Select[SetPinRow]:
        return select(SetPinRow).where(may_see_rows_of(self._identity, SetPinRow.campaign_id))


def _entry(row: DataIdSetRow) -> DataIdSetEntry:
    return DataIdSetEntry(
        uuid=row.id,
        dimensions=tuple(row.dimensions),
        reasons=tuple(ReasonCount(one["reason"], one["rows"]) for one in row.reasons),
        n_reasons=row.n_reasons,
        rows_sha256=row.rows_sha256,
        **{name: getattr(row, name) for name in _PLAIN},
    )


def _pin(row: SetPinRow) -> Pin:
    return Pin(
        reference=row.reference,
        name=row.name,
        version=row.version,
        digest=row.digest,
        rows=row.n_rows,
        dimensions=tuple(row.dimensions),
        revision=row.revision,
        pinned_us=row.pinned_us,
    )
