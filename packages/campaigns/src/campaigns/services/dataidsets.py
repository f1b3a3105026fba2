"""DataId sets of the sites' repositories: what is known of them, and orders to make, list and show them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import CampaignSet, DataIdSetEntry, SetFit, SetRole, SetSort, drift_of, named_sets
from campaigns.domain.errors import IllegalTransition, InvalidInput, NotFound, StaleLease, TooLarge
from campaigns.domain.order import AgentOrder
from campaigns.domain.specifications import NamedList
from campaigns.domain.states import OrderStatus
from campaigns.services.context import Context
from campaigns.services.lookup import checked_reason, found_campaign
from campaigns.services.ordering import order_about_sets, site_with
from campaigns.services.sentsets import check_set_name, counted_data_ids, sent_list
from campaigns.storage.dataidsets import DataIdSetStore, PinStore
from campaigns.storage.orders import OrderStore
from campaigns.wire.agentsets import (
    MAX_SENT_ROWS,
    KnownSet,
    ListSetsPayload,
    SetFitModel,
    SetRows,
    ShowSetPayload,
    Unknown,
    UploadSetPayload,
)
from campaigns.wire.orderkind import SET_ORDERS, OrderKind

__all__ = ("DataIdSetService", "SetPage", "told_fits")

MAX_TOLD = 20
"""How many orders the list tells of."""

MAX_KNOWN = 500
"""Of how many sets an agent is told that they are known: it tells of no more itself."""

TOLD = frozenset(kind.value for kind in SET_ORDERS if kind is not OrderKind.FIND_OUTPUTS)
"""The kinds of orders that the list tells of."""


@dataclass(frozen=True, slots=True)
class SetPage:
    """A piece of a set's data IDs.

    Attributes
    ----------
    rows : `list` [`dict`]
        Each with a value for each dimension, and ``reason`` or `None`.
    next : `int`, optional
        Where the next piece begins, if there is one.
    n_found : `int`
        How many there are that are wanted.
    """

    rows: list[dict[str, Any]]
    next: int | None
    n_found: int


class DataIdSetService:
    """Sets, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = DataIdSetStore(context.session, context.identity)
        self._pins = PinStore(context.session, context.identity)
        self._orders = OrderStore(context.session, context.identity)

    def list(
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
        """List what is known, by default newest first; see `DataIdSetStore.listed`.

        Raises
        ------
        InvalidInput
            If ``after`` has no UUID.
        """
        if after is not None:
            try:
                after = (after[0], str(UUID(after[1])))
            except ValueError:
                raise InvalidInput("The cursor is not one of this list.", where="query.cursor", remedy="Leave it out.") from None
        return self._store.listed(site=site, butler=butler, name=name, words=words, sort=sort, after=after, limit=limit)

    def get(self, site: str, butler: str, reference: str) -> DataIdSetEntry:
        """Give what is known of a set, by ``name@version``, or ``name`` for the newest.

        Raises
        ------
        NotFound
            If nothing is.
        """
        name, at, version = reference.partition("@")
        number = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None
        entry = None if at and number is None else self._store.find(site, butler, name, number)
        if entry is None:
            remedy = "Look again at what the repository has: `POST /api/v1/dataid-sets/look`, or the button on the page."
            raise NotFound(f"No set {reference} is known in {butler} at {site}.", where=reference, remedy=remedy)
        return entry

    def versions(self, entry: DataIdSetEntry) -> Sequence[DataIdSetEntry]:
        """List all known versions of a set's name, oldest first."""
        return self._store.named(entry.site, entry.butler, [entry.name])

    def users(self, entry: DataIdSetEntry) -> Sequence[tuple[str, str, int]]:
        """List the campaigns that pinned a version of a set's name: their id and name, and the version."""
        return self.users_of([entry])[entry.uuid]

    def users_of(self, entries: Sequence[DataIdSetEntry]) -> dict[str, Sequence[tuple[str, str, int]]]:
        """List the same of several sets, by their UUIDs."""
        users = self._pins.users({entry.name for entry in entries})
        return {entry.uuid: users.get((entry.site, entry.butler, entry.name), []) for entry in entries}

    def rows(self, entry: DataIdSetEntry, *, start: int, limit: int, wanted: str = "") -> SetPage | None:
        """Give some of a set's data IDs; `None` if they are not here, see `show`.

        Parameters
        ----------
        entry : `DataIdSetEntry`
            The set.
        start, limit : `int`
            Which of those that are wanted.
        wanted : `str`, optional
            Only data IDs with this value, or with this in their reason, in capitals or not.
        """
        if entry.rows_sha256 is None:
            return None
        whole = SetRows.model_validate_json(self._context.files.path(entry.rows_sha256).read_bytes())
        word = wanted.casefold()
        named = {number for number, reason in enumerate(whole.reasons) if word in reason.casefold()}
        found = [row for row in whole.rows if not word or row[-1] in named or word in (str(each).casefold() for each in row[:-1])]
        rows = [
            {**dict(zip(whole.dimensions, values, strict=True)), "reason": None if number is None else whole.reasons[number]}
            for *values, number in found[start : start + limit]
        ]
        return SetPage(rows, start + limit if start + limit < len(found) else None, len(found))

    def of_campaign(self, ref: str) -> Sequence[CampaignSet]:
        """List the sets of a campaign, in the order of its definition."""
        return self.used_by(found_campaign(self._context, ref))

    def used_by(self, campaign: Campaign) -> Sequence[CampaignSet]:
        """List the sets of a campaign that was read already."""
        named = named_sets(campaign.definition)
        if not named:
            return []
        pins = self._pins.of_campaign(campaign.uuid)
        places: dict[tuple[SetRole, str], list[str | None]] = {}
        for one in named:
            places.setdefault((one.role, one.reference), []).append(one.step)
        names = {reference.partition("@")[0] for _, reference in places}
        entries = self._store.named(campaign.definition.site or "", campaign.definition.butler or "", names)
        drifts = {drift.pin.reference: drift for drift in drift_of(pins.values(), entries)}
        everywhere = tuple(campaign.definition.step_names)
        fits = told_fits(self._orders.newest_of(OrderKind.PREFLIGHT.value, campaign_uuid=campaign.uuid))
        found = []
        for (role, reference), steps in places.items():
            pin = pins.get(reference)
            entry = next(
                (e for e in entries if pin and (e.name, e.version, e.digest) == (pin.name, pin.version, pin.digest)), None
            )
            told = everywhere if None in steps else tuple(step for step in steps if step is not None)
            drift = drifts.get(reference)
            known = tuple(fits.get((role, reference), ()))
            found.append(CampaignSet(reference=reference, role=role, steps=told, pin=pin, entry=entry, drift=drift, fits=known))
        return found

    # ---- orders --------------------------------------------------------------------------------------------------------

    def upload(
        self,
        *,
        site: str,
        butler: str,
        stack: str | None,
        name: str,
        data_ids: Sequence[dict[str, Any]] | dict[str, Any],
        description: str = "",
        unknown: Unknown = Unknown.ERROR,
        reason: str,
    ) -> AgentOrder:
        """Have a site make the next version of a set.

        Parameters
        ----------
        site, butler : `str`
            Where.
        stack : `str`, optional
            The stack it is done in; by default the site's first.
        name : `str`
            The set's name, without a version.
        data_ids : `list` or `dict`
            A DataId file's document.
        description : `str`, optional
            What the set is for.
        unknown : `Unknown`, optional
            What becomes of data IDs that the registry has no records of.
        reason : `str`
            Why it is made.

        Returns
        -------
        order : `AgentOrder`
            The order; its result has the ``set`` when it is done.

        Raises
        ------
        InvalidInput, NotFound
            If the name or the document is none, or the site offers no such thing.
        TooLarge
            If it has more data IDs than go through the service.
        """
        told = checked_reason(reason)
        _, chosen = site_with(self._context, site, butler=butler, stack=stack)
        check_set_name(name)
        counted_data_ids(data_ids)
        payload = UploadSetPayload(
            stack=chosen,
            repository=butler,
            name=name,
            data_ids=data_ids if isinstance(data_ids, dict) else [*data_ids],
            description=description,
            source=f"{self._context.identity.name}: {told}",
            unknown=unknown,
        )
        return order_about_sets(self._context, site, payload, reason=told)

    def upload_list(self, ref: str, listed: NamedList, *, reason: str) -> AgentOrder:
        """Have a campaign's site make a set of a list in git, unless it has one of that name with the same data IDs.

        Parameters
        ----------
        ref : `str`
            The campaign.
        listed : `NamedList`
            The list, with the name of the set.
        reason : `str`
            Why it is made.

        Returns
        -------
        order : `AgentOrder`
            The order; its result has the ``set`` when it is done, and ``made``, whether it was not there before.

        Raises
        ------
        InvalidInput, NotFound
            If the name or the list is none, or the site offers no such thing.
        """
        told = checked_reason(reason)
        campaign = found_campaign(self._context, ref)
        definition = campaign.definition
        site, butler = definition.site or "", definition.butler or ""
        _, chosen = site_with(self._context, site, butler=butler, stack=definition.stack)
        check_set_name(listed.name)
        counted_data_ids(json.loads(listed.text))
        payload = UploadSetPayload(
            stack=chosen,
            repository=butler,
            name=listed.name,
            listed=sent_list(listed),
        )
        return order_about_sets(self._context, site, payload, reason=told, campaign=campaign.uuid)

    def look(self, *, site: str, butler: str, stack: str | None = None) -> AgentOrder:
        """Have a site tell of all sets of a repository; what is known of them is then as it is there."""
        _, chosen = site_with(self._context, site, butler=butler, stack=stack)
        known = [
            KnownSet(name=name, version=version, digest=digest)
            for name, version, digest in self._store.known(site, butler, limit=MAX_KNOWN)
        ]
        return order_about_sets(self._context, site, ListSetsPayload(stack=chosen, repository=butler, known=known))

    def show(self, site: str, butler: str, reference: str) -> AgentOrder:
        """Have a site bring the data IDs of a set, which can then be read here."""
        entry = self.get(site, butler, reference)
        if entry.n_rows > MAX_SENT_ROWS:
            remedy = f"At the site, `butler export-dataid-set REPO {entry} FILE` writes them."
            raise TooLarge(f"{entry} has {entry.n_rows:,} data IDs; at most {MAX_SENT_ROWS:,} are brought.", remedy=remedy)
        _, stack = site_with(self._context, site, butler=butler, stack=None)
        payload = ShowSetPayload(stack=stack, repository=butler, name=entry.name, version=entry.version)
        return order_about_sets(self._context, site, payload)

    def under_way(self) -> Sequence[AgentOrder]:
        """List the orders about sets that are under way, and those that failed until that is dealt with; newest first."""
        return self._orders.unsuccessful(sorted(TOLD), limit=MAX_TOLD)

    def dismiss(self, order_id: str, *, reason: str | None = None) -> AgentOrder:
        """Say of an order that failed that it has been seen: the pages no longer tell of it.

        Raises
        ------
        IllegalTransition
            If it has not failed.
        NotFound
            If there is no such order about sets.
        """
        order = self._orders.find(order_id, lock=True)
        if order is None or order.kind not in TOLD:
            raise NotFound(f"There is no order {order_id} about DataId sets.", where=order_id)
        if order.status is not OrderStatus.FAILED:
            raise IllegalTransition(
                f"The order is {order.status.value}: only one that failed is dismissed.",
                where=order_id,
                remedy="It goes by itself when it is done.",
            )
        if order.dismissed_us is not None:
            return order
        dismissed = replace(order, dismissed_us=self._context.clock.now_us())
        self._orders.save(dismissed)
        about = order.payload.get("name") or order.payload["repository"]
        self._context.record(
            "order.dismissed",
            f"The failure to {order.kind.replace('_', ' ')} {about} was dismissed",
            reason=reason,
            campaign=order.campaign_uuid,
            submission=order.submission_uuid,
            details={"order": order.id, "faults": [fault.as_dict() for fault in order.faults]},
        )
        return dismissed

    def put_rows(self, order_id: str, content: bytes, *, token: int) -> None:
        """Keep the data IDs that an agent brings for its order, until the order is done.

        Raises
        ------
        InvalidInput
            If they are not what they should be.
        StaleLease
            If the order is not the agent's.
        """
        order = self._orders.find(order_id, lock=True)
        if order is None or order.token != token or order.status is not OrderStatus.BEGUN:
            raise StaleLease(f"The order {order_id} is not this agent's.", where=order_id, remedy="Drop it.")
        try:
            SetRows.model_validate_json(content)
        except ValueError:
            raise InvalidInput("These are no data IDs of a set.", where="body") from None
        self._orders.save(replace(order, result={**order.result, "rows_sha256": self._context.files.put(content)}))


def told_fits(preflight: AgentOrder | None) -> dict[tuple[SetRole, str], list[SetFit]]:
    """Read what the site told of what sets would do; by their roles and what the definition calls them.

    Parameters
    ----------
    preflight : `AgentOrder`, optional
        The order by which it looked.

    Notes
    -----
    What cannot be read is nothing: it is told besides, and a newer agent may have other words for it.
    """
    fits: dict[tuple[SetRole, str], list[SetFit]] = {}
    try:
        told = [SetFitModel.model_validate(one) for one in (preflight.result.get("fits", []) if preflight else [])]
    except (TypeError, ValueError):
        return {}
    for one in told:
        tasks = {task: outcome.value for task, outcome in one.tasks.items()}
        fit = SetFit(step=one.step, outcome=one.outcome.value, detail=one.detail, tasks=tasks)
        fits.setdefault((one.role, one.reference), []).append(fit)
    return fits
