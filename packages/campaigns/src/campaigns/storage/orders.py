"""Orders to agents in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from campaigns.domain.errors import Fault
from campaigns.domain.exclusions import AwaitedExclusion
from campaigns.domain.order import AgentOrder
from campaigns.domain.states import UNDER_WAY, OrderStatus
from campaigns.schema.agent_order import AgentOrderRow
from campaigns.storage.base import SiteBoundStore
from campaigns.storage.dialects import list_length
from campaigns.storage.visibility import may_see_rows_of

__all__ = ("OrderStore",)

_PLAIN = (
    "id", "site", "kind", "payload", "actor", "reason", "agent_id", "token", "lease_until_us", "next_seq", "result", "created_us",
    "begun_us", "ended_us", "dismissed_us",
)  # fmt: skip
"""Columns that are named and typed as the fields of `AgentOrder`."""

IN_TURN = "chain"
"""Orders of this kind each say what the whole output collection is to be, so that a campaign's must not overtake each other."""

EXCLUDING = "upload_set"
"""Orders of this kind may make a set that a campaign is to leave out of later steps."""

_UNDER_WAY = sorted(status.value for status in UNDER_WAY)

IN_TURN_PATIENCE_US = 600_000_000
"""How long the next such order waits for one that was begun: its agent may never come back."""


class OrderStore(SiteBoundStore):
    """Orders that an identity may see: an agent those of its site, people all."""

    def find(self, order_id: str, *, lock: bool = False) -> AgentOrder | None:
        """Give an order, or `None`; with ``lock``, hold it until the transaction ends."""
        statement = self._visible().where(AgentOrderRow.id == order_id)
        if lock:
            statement = statement.with_for_update()
        row = self._session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
        return None if row is None else _order(row)

    def add(self, order: AgentOrder) -> None:
        """Write a new order."""
        self._session.add(AgentOrderRow(**_columns(order)))
        self._session.flush()

    def save(self, order: AgentOrder) -> None:
        """Write what may have changed of an order."""
        row = self._session.get_one(AgentOrderRow, order.id)
        for name, value in _columns(order).items():
            if getattr(row, name) != value:
                setattr(row, name, value)

    def leasable(self, site: str, *, agent_id: str, holding: Sequence[str], now_us: int, limit: int) -> list[AgentOrder]:
        """Take orders that nobody has, oldest first, holding them until the transaction ends.

        Parameters
        ----------
        site : `str`
            The site.
        agent_id : `str`
            Who asks.
        holding : sequence of `str`
            Orders that are leased to it and that it has; the others that are leased to it are void.
        now_us : `int`
            The time; leases that ran out before it are void.
        limit : `int`
            How many at most.
        """
        lost = and_(AgentOrderRow.agent_id == agent_id, AgentOrderRow.id.not_in(holding))
        void = and_(AgentOrderRow.status == OrderStatus.LEASED.value, or_(AgentOrderRow.lease_until_us < now_us, lost))
        statement = (
            self._visible()
            .where(AgentOrderRow.site == site, or_(AgentOrderRow.status == OrderStatus.OPEN.value, void), _its_turn(now_us))
            .order_by(AgentOrderRow.created_us, AgentOrderRow.id)
            .limit(limit)
            .with_for_update(of=AgentOrderRow, skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return [_order(row) for row in self._session.scalars(statement)]

    def any_leasable(self, site: str, *, now_us: int) -> bool:
        """Tell whether `leasable` would find something, without holding anything."""
        lapsed = and_(AgentOrderRow.status == OrderStatus.LEASED.value, AgentOrderRow.lease_until_us < now_us)
        statement = (
            select(AgentOrderRow.id)
            .where(AgentOrderRow.site == site, or_(AgentOrderRow.status == OrderStatus.OPEN.value, lapsed), _its_turn(now_us))
            .limit(1)
        )
        return self._session.scalar(statement) is not None

    def newest_in_turn_us(self, campaign_uuid: str) -> int:
        """Give when the newest order of a campaign that takes its turn was made, UTC microseconds; 0 if there is none."""
        made = (AgentOrderRow.campaign_id == campaign_uuid, AgentOrderRow.kind == IN_TURN)
        return self._session.scalar(select(func.max(AgentOrderRow.created_us)).where(*made)) or 0

    def awaited_steps(self, campaign_uuid: str) -> frozenset[str]:
        """Give the steps of a campaign for which a set is being made that they are to leave out."""
        return frozenset(step for one in self.excluding(campaign_uuid) for step in one.steps)

    def excluding(self, campaign_uuid: str) -> list[AwaitedExclusion]:
        """List the exclusions of a campaign whose sets are still to be made, oldest first.

        Notes
        -----
        Their data IDs are counted in the database and stay there: this is asked with each change of a campaign.
        """
        payload = AgentOrderRow.payload
        columns = (
            AgentOrderRow.id, AgentOrderRow.site, AgentOrderRow.status, AgentOrderRow.actor, AgentOrderRow.reason,
            AgentOrderRow.agent_id, AgentOrderRow.created_us, payload["name"], payload["exclude_from"],
            list_length(payload["data_ids"]),
        )  # fmt: skip
        statement = self._seen(select(*columns), AgentOrderRow.site).where(
            AgentOrderRow.campaign_id == campaign_uuid,
            AgentOrderRow.kind == EXCLUDING,
            AgentOrderRow.status.in_(_UNDER_WAY),
        )
        rows = self._session.execute(statement.order_by(AgentOrderRow.created_us, AgentOrderRow.id))
        return [
            AwaitedExclusion(
                order_id=order_id,
                site=site,
                taken_up=status == OrderStatus.BEGUN.value,
                actor=actor,
                reason=reason or "",
                agent_id=agent_id,
                asked_us=created_us,
                name=name,
                steps=tuple(steps),
                n_data_ids=number,
            )
            for order_id, site, status, actor, reason, agent_id, created_us, name, steps, number in rows
            if steps
        ]

    def unsuccessful(self, kinds: Collection[str], *, limit: int) -> list[AgentOrder]:
        """List orders of some kinds that are under way, or have failed and nobody has dealt with that; newest first.

        Parameters
        ----------
        kinds : collection of `str`
            The kinds.
        limit : `int`
            How many at most; what is under way goes before what has failed.

        Notes
        -----
        A failure is dealt with once it is dismissed, or an order made later has done the same: of the same kind, at the same
        site, in the same repository and about the same name.
        """
        later = aliased(AgentOrderRow)
        payload, its = AgentOrderRow.payload, later.payload
        done_since = exists().where(
            later.site == AgentOrderRow.site,
            later.kind == AgentOrderRow.kind,
            later.status == OrderStatus.DONE.value,
            later.created_us >= AgentOrderRow.created_us,
            its["repository"].as_string() == payload["repository"].as_string(),
            func.coalesce(its["name"].as_string(), "") == func.coalesce(payload["name"].as_string(), ""),
        )
        failed = and_(AgentOrderRow.status == OrderStatus.FAILED.value, AgentOrderRow.dismissed_us.is_(None), ~done_since)
        under_way = AgentOrderRow.status.in_(_UNDER_WAY)
        statement = (
            self._visible()
            .where(AgentOrderRow.kind.in_(list(kinds)), or_(under_way, failed))
            .order_by(case((under_way, 0), else_=1), AgentOrderRow.created_us.desc(), AgentOrderRow.id)
            .limit(limit)
        )
        return [_order(row) for row in self._session.scalars(statement)]

    def newest_of(self, kind: str, *, campaign_uuid: str | None = None, site: str | None = None) -> AgentOrder | None:
        """Give the newest order of a kind, of a campaign or a site."""
        statement = self._visible().where(AgentOrderRow.kind == kind)
        if campaign_uuid is not None:
            statement = statement.where(AgentOrderRow.campaign_id == campaign_uuid)
        if site is not None:
            statement = statement.where(AgentOrderRow.site == site)
        row = self._session.scalars(statement.order_by(AgentOrderRow.created_us.desc(), AgentOrderRow.id).limit(1)).one_or_none()
        return None if row is None else _order(row)

    def newest_with(self, kind: str, payload: dict[str, list[str]], *, campaign_uuid: str, among: int = 20) -> AgentOrder | None:
        """Give the newest order of a kind and a campaign whose payload has these lists; `None` if none of the newest few has."""
        statement = (
            self._visible()
            .where(AgentOrderRow.kind == kind, AgentOrderRow.campaign_id == campaign_uuid)
            .order_by(AgentOrderRow.created_us.desc(), AgentOrderRow.id)
            .limit(among)
        )
        for row in self._session.scalars(statement):
            if all(row.payload.get(name) == value for name, value in payload.items()):
                return _order(row)
        return None

    def begun_by(self, agent_id: str) -> list[AgentOrder]:
        """List the orders that an agent has begun and not ended, oldest first."""
        statement = (
            self._visible()
            .where(AgentOrderRow.agent_id == agent_id, AgentOrderRow.status == OrderStatus.BEGUN.value)
            .order_by(AgentOrderRow.created_us)
        )
        return [_order(row) for row in self._session.scalars(statement)]

    def recent(self, *, limit: int, after: tuple[int, str] | None = None) -> list[AgentOrder]:
        """List orders, newest first, after one whose time and id are given."""
        statement = self._visible().order_by(AgentOrderRow.created_us.desc(), AgentOrderRow.id.desc()).limit(limit)
        if after is not None:
            time_us, order_id = after
            same_time = and_(AgentOrderRow.created_us == time_us, AgentOrderRow.id < order_id)
            statement = statement.where(or_(AgentOrderRow.created_us < time_us, same_time))
        return [_order(row) for row in self._session.scalars(statement)]

    def _visible(self) -> Select[AgentOrderRow]:
        statement: Select[AgentOrderRow] = self._seen(select(AgentOrderRow), AgentOrderRow.site)
        if self._identity.site is not None:
            return statement
        campaigns = AgentOrderRow.campaign_id
        return statement.where(or_(campaigns.is_(None), may_see_rows_of(self._identity, campaigns)))


def _its_turn(now_us: int) -> ColumnElement[bool]:
    """Tell whether no older order must be carried out before one."""
    older = aliased(AgentOrderRow)
    under_way = and_(older.status == OrderStatus.BEGUN.value, older.begun_us > now_us - IN_TURN_PATIENCE_US)
    before = exists().where(
        older.campaign_id == AgentOrderRow.campaign_id,
        older.kind == IN_TURN,
        or_(older.status.in_([OrderStatus.OPEN.value, OrderStatus.LEASED.value]), under_way),
        older.created_us < AgentOrderRow.created_us,
    )
    return or_(AgentOrderRow.kind != IN_TURN, ~before)


def _columns(order: AgentOrder) -> dict[str, object]:
    return {
        **{name: getattr(order, name) for name in _PLAIN},
        "status": order.status.value,
        "campaign_id": order.campaign_uuid,
        "submission_id": order.submission_uuid,
        "faults": [fault.as_dict() for fault in order.faults],
    }


def _order(row: AgentOrderRow) -> AgentOrder:
    return AgentOrder(
        status=OrderStatus(row.status),
        campaign_uuid=row.campaign_id,
        submission_uuid=row.submission_id,
        faults=tuple(Fault.from_dict(fault) for fault in row.faults),
        **{name: getattr(row, name) for name in _PLAIN},
    )
