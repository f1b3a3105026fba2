"""What a site is sent to make a set of: a name, data IDs, a list in git."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from campaigns.domain.errors import InvalidInput, TooLarge
from campaigns.domain.keeping import unkeepable
from campaigns.domain.specifications import NamedList
from campaigns.wire.agentsets import MAX_SENT_ROWS, ListedSet

__all__ = ("check_set_name", "counted_data_ids", "sent_list")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,199}")


def check_set_name(name: str) -> None:
    """Check the name of a new set.

    Raises
    ------
    InvalidInput
        If it has characters that a name may not have.
    """
    if not _NAME.fullmatch(name):
        remedy = (
            "A name has letters, digits and _ . + / - and at most 200 characters, as demo/bad; its version is given by the site."
        )
        raise InvalidInput(f"{name!r} is no name for a set.", where="name", remedy=remedy)


def counted_data_ids(document: Sequence[Any] | dict[str, Any]) -> int:
    """Count the data IDs of a DataId file's document.

    Raises
    ------
    InvalidInput
        If it has none.
    TooLarge
        If it has more than go through the service.
    """
    listed = document.get("data_ids") if isinstance(document, dict) else document
    if not isinstance(listed, list | tuple) or not listed:
        remedy = "Give a list of data IDs, or an object with `data_ids`."
        raise InvalidInput("There are no data IDs.", where="data_ids", remedy=remedy)
    if len(listed) > MAX_SENT_ROWS:
        raise TooLarge(
            f"There are {len(listed):,} data IDs; at most {MAX_SENT_ROWS:,} go through the service.",
            where="data_ids",
            remedy="Make the set at the site: `butler upload-dataid-set REPO NAME FILE`.",
        )
    if faults := unkeepable({"data_ids": listed}):
        raise InvalidInput(faults[0].message, where=faults[0].where, remedy=faults[0].remedy, faults=faults[:20])
    return len(listed)


def sent_list(listed: NamedList) -> ListedSet:
    """Give a list as it goes to a site."""
    return ListedSet(
        name=listed.name,
        path=listed.path,
        source=listed.source,
        description=f"{listed.path} at {listed.reference} of {listed.repository}",
        text=listed.text,
    )
