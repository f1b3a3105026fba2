"""DataId sets, and what campaigns have pinned of them, in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Select, and_, delete, false, or_, select, tuple_
from sqlalchemy.orm import Session

from campaigns.domain.campaign import campaign_id
from campaigns.domain.dataidsets import DataIdSetEntry, Pin, ReasonCount
from campaigns.domain.identity import Identity
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.dataid_set import DataIdSetRow
from campaigns.schema.set_pin import SetPinRow

__all__ = ("DataIdSetStore", "PinStore")

_PLAIN = (
    "site", "butler", "name", "version", "digest", "n_rows", "n_pending", "owner", "description", "source", "created_us",
    "seen_us",
)  # fmt: skip
"""Columns that are named and typed as the fields of `DataIdSetEntry`."""


class DataIdSetStore:
    """Sets that an identity may see: an agent those of its site, people all.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for what changes anything.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

    def newest(
        self,
        *,
        site: str | None = None,
        butler: str | None = None,
        name: str | None = None,
        after: tuple[int, str] | None = None,
        limit: int,
    ) -> list[DataIdSetEntry]:
        """List sets, newest first.

        Parameters
        ----------
        site, butler : `str`, optional
            Only those of a site, and of a repository.
        name : `str`, optional
            Only those whose names contain it, in capitals or not.
        after : `tuple` [`int`, `str`], optional
            Only those after the one that was made then and has this UUID.
        limit : `int`
            How many at most.
        """
        statement = self._visible().order_by(DataIdSetRow.created_us.desc(), DataIdSetRow.id.desc()).limit(limit)
        if site is not None:
            statement = statement.where(DataIdSetRow.site == site)
        if butler is not None:
            statement = statement.where(DataIdSetRow.butler == butler)
        if name is not None:
            statement = statement.where(DataIdSetRow.name.icontains(name, autoescape=True))
        if after is not None:
            time_us, uuid = after
            same_time = and_(DataIdSetRow.created_us == time_us, DataIdSetRow.id < uuid)
            statement = statement.where(or_(DataIdSetRow.created_us < time_us, same_time))
        return [_entry(row) for row in self._session.scalars(statement)]

    def find(self, site: str, butler: str, name: str, version: int | None) -> DataIdSetEntry | None:
        """Give a version of a set, or without one the newest; `None` if none is known."""
        statement = self._of(site, butler).where(DataIdSetRow.name == name).order_by(DataIdSetRow.version.desc()).limit(1)
        if version is not None:
            statement = statement.where(DataIdSetRow.version == version)
        row = self._session.scalars(statement).one_or_none()
        return None if row is None else _entry(row)

    def named(self, site: str, butler: str, names: Collection[str]) -> list[DataIdSetEntry]:
        """List all versions of some names, by name and version."""
        statement = self._of(site, butler).where(DataIdSetRow.name.in_(list(names)))
        return [_entry(row) for row in self._session.scalars(statement.order_by(DataIdSetRow.name, DataIdSetRow.version))]

    def put(self, entry: DataIdSetEntry) -> None:
        """Write what was told of a set, over what was known of it; data IDs that are here already stay, unless it is another."""
        row = self._session.scalars(
            self._of(entry.site, entry.butler).where(DataIdSetRow.name == entry.name, DataIdSetRow.version == entry.version)
        ).one_or_none()
        told: dict[str, Any] = {name: getattr(entry, name) for name in _PLAIN}
        told["dimensions"] = list(entry.dimensions)
        reasons = [{"reason": one.reason, "rows": one.rows} for one in entry.reasons]
        if row is None:
            counted = {"reasons": reasons, "n_reasons": entry.n_reasons}
            self._session.add(DataIdSetRow(id=entry.uuid, rows_sha256=entry.rows_sha256, **told, **counted))
        else:
            if entry.rows_sha256 is not None or row.digest != entry.digest:
                row.rows_sha256 = entry.rows_sha256
            # A list tells fewer of the reasons, and none of a large set.
            if row.digest != entry.digest or len(reasons) > len(row.reasons):
                told |= {"reasons": reasons, "n_reasons": entry.n_reasons}
            for name, value in told.items():
                if getattr(row, name) != value:
                    setattr(row, name, value)
        self._session.flush()

    def keep_only(self, site: str, butler: str, kept: Iterable[tuple[str, int]]) -> None:
        """Forget the sets of a repository that are not among these names and versions."""
        statement = delete(DataIdSetRow).where(DataIdSetRow.site == site, DataIdSetRow.butler == butler)
        self._session.execute(statement.where(tuple_(DataIdSetRow.name, DataIdSetRow.version).not_in(list(kept))))

    def forget(self, site: str, butler: str, name: str, version: int) -> None:
        """Forget one set."""
        statement = delete(DataIdSetRow).where(DataIdSetRow.site == site, DataIdSetRow.butler == butler)
        self._session.execute(statement.where(DataIdSetRow.name == name, DataIdSetRow.version == version))

    def _of(self, site: str, butler: str) -> Select[DataIdSetRow]:
        return self._visible().where(DataIdSetRow.site == site, DataIdSetRow.butler == butler)

    def _visible(self) -> Select[DataIdSetRow]:
        statement = select(DataIdSetRow)
        return statement.where(DataIdSetRow.site == self._identity.site) if self._identity.site is not None else statement


class PinStore:
    """What campaigns that an identity may see have pinned.

    Parameters
    ----------
    session : `sqlalchemy.orm.Session`
        A read session, or a write session for what changes anything.
    identity : `Identity`
        Who asks; every read is filtered by it.
    """

    def __init__(self, session: Session, identity: Identity) -> None:
        self._session = session
        self._identity = identity

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

    def users(self, site: str, butler: str, name: str) -> list[tuple[str, str, int]]:
        """List who has pinned a version of a set: local id and name of the campaign, and the version; newest campaigns first."""
        statement = (
            select(CampaignRow.number, CampaignRow.name, SetPinRow.version)
            .join(CampaignRow, CampaignRow.id == SetPinRow.campaign_id)
            .where(SetPinRow.name == name, CampaignRow.site == site, CampaignRow.butler == butler)
            .order_by(CampaignRow.number.desc(), SetPinRow.version)
            .distinct()
        )
        if self._identity.site is not None:
            return []
        return [(campaign_id(number), title, version) for number, title, version in self._session.execute(statement)]

    def _visible(self) -> Select[SetPinRow]:
        statement = select(SetPinRow)
        return statement.where(false()) if self._identity.site is not None else statement


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
