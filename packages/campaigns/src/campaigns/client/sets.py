"""What a client does with DataId sets and exclusions, and the waiting for a site's answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from campaigns.client.connection import Connection
from campaigns.client.errors import OrderFailed, OrderPending

__all__ = ("SetsClient",)


class SetsClient(Connection):
    """The part of a client that is about DataId sets; see `CampaignClient`."""

    def upload_set(
        self,
        name: str,
        data_ids: list[dict[str, Any]] | Mapping[str, Any],
        *,
        site: str,
        butler: str,
        reason: str,
        key: str | None = None,
        **others: Any,
    ) -> dict[str, Any]:
        """Have a site make the next version of a set.

        Parameters
        ----------
        name : `str`
            The set's name, without a version.
        data_ids : `list` or mapping
            The document of a DataId file.
        site, butler : `str`
            The site, and its repository by its alias.
        reason : `str`
            Why it is made.
        key : `str`, optional
            The Idempotency-Key; by default made up for this call.
        **others : `typing.Any`
            ``stack``, ``description`` and ``unknown``.

        Returns
        -------
        order : `dict`
            The order to the site; see `wait_for_order`. Its result has the ``set``.
        """
        body = {"name": name, "data_ids": data_ids, "site": site, "butler": butler, "reason": reason, **others}
        answer: dict[str, Any] = self.create("dataid-sets", body, key=key)
        return answer

    def look_at_specifications(self, ref: str) -> dict[str, Any]:
        """Look at a campaign's specifications, also before it starts: their commits, and the lists of data IDs in them."""
        answer: dict[str, Any] = self.get(f"campaigns/{ref}/specifications/look")
        return answer

    def make_set(self, ref: str, path: str, *, reason: str, name: str = "", key: str | None = None) -> dict[str, Any]:
        """Have the site of a campaign make a set of a list in its data specification.

        Parameters
        ----------
        ref : `str`
            The campaign.
        path : `str`
            The file, from the repository's root.
        reason : `str`
            Why it is made.
        name : `str`, optional
            The set's name, without a version; by default like the file.
        key : `str`, optional
            The Idempotency-Key; by default made up for this call.

        Returns
        -------
        order : `dict`
            The order to the site; see `wait_for_order`. Its result has the ``set``, and ``made``: whether it is a new one.
        """
        body = {"path": path, "name": name, "reason": reason}
        answer: dict[str, Any] = self.create(f"campaigns/{ref}/specifications/sets", body, key=key)
        return answer

    def excludable(self, ref: str, *, by: tuple[str, ...] = ()) -> dict[str, Any]:
        """List data IDs that could be left out after a submission's failures, put together by some dimensions."""
        answer: dict[str, Any] = self.get(f"submissions/{ref}/exclude", **({"by": list(by)} if by else {}))
        return answer

    def find_outputs(self, ref: str, data_ids: list[dict[str, Any]]) -> dict[str, Any]:
        """Have the site count what the outputs of a submission's campaign have of some data IDs already; gives the order."""
        answer: dict[str, Any] = self.create(f"submissions/{ref}/exclude/look", {"data_ids": data_ids})
        return answer

    def exclude(
        self, ref: str, data_ids: list[dict[str, Any]], *, name: str, reason: str, steps: list[str] | None = None
    ) -> dict[str, Any]:
        """Leave data out of the later steps of a submission's campaign.

        Parameters
        ----------
        ref : `str`
            The submission whose failures are the cause.
        data_ids : `list` [`dict`]
            The data IDs; each may have a ``reason`` of its own.
        name : `str`
            The name of the set that is made of them.
        reason : `str`
            Why.
        steps : `list` [`str`], optional
            The steps that leave it out; by default all that have not begun.

        Returns
        -------
        order : `dict`
            The order to the site; the steps do not start before its end.
        """
        body = {"name": name, "data_ids": data_ids, "reason": reason, "steps": steps}
        answer: dict[str, Any] = self.create(f"submissions/{ref}/exclude", body)
        return answer

    def exclusions(self, ref: str) -> list[dict[str, Any]]:
        """List the exclusions of a campaign whose sets are still to be made, oldest first."""
        return list(self.items(f"campaigns/{ref}/exclusions"))

    def withdraw_exclusion(self, ref: str, order_id: str, *, reason: str) -> dict[str, Any]:
        """Take an exclusion of a campaign back whose set is still to be made; gives the order, withdrawn."""
        answer: dict[str, Any] = self.create(f"campaigns/{ref}/exclusions/{order_id}/withdraw", {"reason": reason})
        return answer

    def drop_set(self, ref: str, reference: str, *, reason: str, steps: list[str] | None = None) -> dict[str, Any]:
        """Have steps of a campaign that has begun no longer leave a set out.

        Parameters
        ----------
        ref : `str`
            The campaign.
        reference : `str`
            The set, as its definition has it.
        reason : `str`
            Why.
        steps : `list` [`str`], optional
            The steps; by default all that leave it out and were not submitted with it.

        Returns
        -------
        campaign : `dict`
            The campaign, with its new revision.
        """
        answer: dict[str, Any] = self.create(
            f"campaigns/{ref}/dataid-sets/drop", {"set": reference, "steps": steps, "reason": reason}
        )
        return answer

    def wait_for_order(self, order_id: str, *, timeout_s: float = 60.0) -> dict[str, Any]:
        """Wait for the end of an order to a site.

        Raises
        ------
        OrderFailed
            If the site could not carry it out; all reasons are in ``faults``.
        OrderPending
            If it has not ended in that time; it goes on. It is also a `TimeoutError`.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            order: dict[str, Any] = self.get(f"orders/{order_id}")
            if order["status"] in ("failed", "withdrawn"):
                raise OrderFailed(order)
            if order["status"] == "done":
                return order
            if time.monotonic() > deadline:
                raise OrderPending(order, waited_s=timeout_s)
            time.sleep(0.1)
