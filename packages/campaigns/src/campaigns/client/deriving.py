"""The part of the client that makes campaigns from others and compares them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from campaigns.client.connection import Connection

__all__ = ("Deriving",)


class Deriving(Connection):
    """Reruns, lines and comparisons, as one caller sees them."""

    def rerun(
        self,
        ref: str,
        *,
        reason: str,
        revision: int | None = None,
        patch: Mapping[str, Any] | None = None,
        places: Mapping[str, Any] | None = None,
        as_pinned: bool = False,
        draft: bool = False,
        dry_run: bool = False,
        key: str | None = None,
    ) -> dict[str, Any]:
        """Make a new campaign from another, with changes.

        Parameters
        ----------
        ref : `str`
            The campaign to run again.
        reason : `str`
            Why.
        revision : `int`, optional
            The revision to derive from; by default the newest.
        patch : mapping, optional
            A partial document that is laid over the definition: null takes a field away, a list is replaced as a whole.
        places : mapping, optional
            Single places, such as ``steps[step2].gate.accept``, and what is put there after that.
        as_pinned : `bool`, optional
            Whether to take DataId sets as they were pinned.
        draft : `bool`, optional
            Whether to leave it a draft though it is complete.
        dry_run : `bool`, optional
            Whether to tell only what would be made.
        key : `str`, optional
            The Idempotency-Key; by default made up for this call.

        Returns
        -------
        rerun : `dict`
            ``parent``, ``parent_revision``, ``relation``, ``differences``, ``definition``, and the ``campaign`` that was made.
        """
        body = {
            "reason": reason,
            "revision": revision,
            "patch": dict(patch or {}),
            "set": dict(places or {}),
            "as_pinned": as_pinned,
            "draft": draft,
        }
        answer: dict[str, Any] = self.request(
            "POST",
            f"campaigns/{ref}/rerun",
            params={"dry_run": True} if dry_run else None,
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
            document=body,
            again=True,
        )
        return answer

    def lineage(self, ref: str) -> dict[str, Any]:
        """Show what a campaign derives from, and what derives from it."""
        answer: dict[str, Any] = self.get(f"campaigns/{ref}/lineage")
        return answer

    def diff(self, ref: str, other: str, *more: str, everything: bool = False) -> dict[str, Any]:
        """Compare campaigns, or revisions as ``C-2@3``: only what differs, unless everything is asked for."""
        params: dict[str, Any] = {"and": list(more)} if more else {}
        answer: dict[str, Any] = self.get(f"campaigns/{ref}/diff/{other}", **params, **({"all": True} if everything else {}))
        return answer

    def diff_log(self, ref: str, other: str, *, role: str) -> dict[str, Any]:
        """List the commits between the ``data`` or ``processing`` specifications of two campaigns, or revisions."""
        answer: dict[str, Any] = self.get(f"campaigns/{ref}/diff/{other}/log", role=role)
        return answer
