"""What outputs have of some data IDs already, or of what was made from these, as a site found it."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.domain.order import AgentOrder

__all__ = ("Already", "already_in")


@dataclass(frozen=True, slots=True)
class Already:
    """What a look at outputs found.

    Attributes
    ----------
    found : `list` [`tuple` [`str`, `int`, `str`]]
        Each collection with its number of datasets and their types.
    combined : `str`
        A sentence on what was combined from several data IDs.
    whole : `bool`
        Whether that is known of all submissions, so that where nothing was found there is nothing.
    """

    found: list[tuple[str, int, str]]
    combined: str
    whole: bool


def already_in(order: AgentOrder | None) -> Already | None:
    """Sum up what a look at the outputs found; `None` where nobody has asked."""
    if order is None:
        return None
    outputs = order.result.get("outputs", [])
    found = []
    for collection in dict.fromkeys(one["collection"] for one in outputs):
        here = [one for one in outputs if one["collection"] == collection]
        types = ", ".join(f"{one['dataset_type']} {one['datasets']:,}" for one in here)
        found.append((collection, sum(one["datasets"] for one in here), types))
    read, unread = order.result.get("n_graphs", 0), len(order.result.get("unread", ()))
    return Already(found, _combined(read, unread), whole=bool(read) and not unread)


def _combined(read: int, unread: int) -> str:
    told = []
    if read:
        told.append(f"What was made from them in turn, such as a coadd, is counted by the graph{_s(read)} of {_n(read)}.")
    if unread or not read:
        whose = f"Of {unread:,} other submission{_s(unread)} no" if read else f"Of {_n(unread)} no" if unread else "No"
        told.append(f"{whose} graph was read: what was combined there from several data IDs, such as a coadd, is not counted.")
    return " ".join(told)


def _n(number: int) -> str:
    return f"{number:,} submission{_s(number)}"


def _s(number: int) -> str:
    return "" if number == 1 else "s"
