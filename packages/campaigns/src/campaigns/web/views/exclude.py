"""Leaving data out after failures: what could be, and what has it already."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.domain.errors import InvalidInput
from campaigns.domain.exclusions import Excludable, Proposal
from campaigns.domain.order import AgentOrder
from campaigns.domain.submission import Submission
from campaigns.services.factory import Factory
from campaigns.web.views.already import Already, already_in

__all__ = ("ExcludePage", "exclude_page", "picked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A data ID that may be picked; ``value`` is what the form sends of it.

    What takes more with it than what failed is not chosen unasked.
    """

    proposal: Proposal
    value: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludePage:
    """The page's content.

    Attributes
    ----------
    looked : `AgentOrder`, optional
        The order by which the site looks what the outputs have already.
    already : `Already`, optional
        What it found.
    """

    submission: Submission
    excludable: Excludable
    offered: list[Offered]
    looked: AgentOrder | None
    already: Already | None
    here: str


def exclude_page(factory: Factory, ref: str, *, by: str, look: str | None, here: str) -> ExcludePage:
    """Gather the page.

    Parameters
    ----------
    factory : `Factory`
        The services.
    ref : `str`
        The submission.
    by : `str`
        The dimensions that failures are put together by, with commas; empty for the finest.
    look : `str`, optional
        The order by which the site looks at what the outputs have; the data IDs it is about are chosen.
    here : `str`
        The page's own address, for asking again.
    """
    submission = factory.submissions().get(ref)
    excludable = factory.exclusions().excludable(submission.id, by=[name for name in by.split(",") if name])
    order = factory.orders().get(look) if look else None
    asked: Sequence[Any] = () if order is None else order.payload.get("data_ids", ())
    return ExcludePage(
        submission=submission,
        excludable=excludable,
        offered=[
            Offered(
                proposal=one,
                value=_packed(one),
                chosen=one.data_id in asked if order is not None else not excludable.is_coarse,
            )
            for one in excludable.proposals
        ],
        looked=order,
        already=already_in(order),
        here=here,
    )


def picked(values: Sequence[str]) -> list[dict[str, Any]]:
    """Read the data IDs that a form sends, each with its reason.

    Raises
    ------
    InvalidInput
        If one is not what the page had given.
    """
    found = []
    for value in values:
        try:
            data_id = json.loads(value)
        except (ValueError, RecursionError):
            data_id = None
        if not isinstance(data_id, dict):
            raise InvalidInput("A data ID is not what the page had given.", where="pick", remedy="Load the page again.")
        found.append(data_id)
    return found


def _packed(proposal: Proposal) -> str:
    return json.dumps({**proposal.data_id, "reason": proposal.reason}, ensure_ascii=False)
