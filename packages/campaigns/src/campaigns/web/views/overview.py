"""What stands around the list of campaigns: what mostly is looked for, and what was meant where nothing is found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from campaigns.domain.errors import NotFound
from campaigns.domain.filtering import FIELDS, FieldKind
from campaigns.services.factory import Factory
from campaigns.web.views.dataidsets import address_of

__all__ = ("Counted", "NamedSet", "counted_lists", "meant", "place_of", "sets_called")

AT_MOST: Final = 200
"""How far is counted."""

_UNDER_WAY: Final = "status in (draft, defined, running, paused)"
LISTS: Final = (
    ("waits for a decision", "waits = yes and status in (running, paused)"),
    ("running", "status = running"),
    ("mine", f"(lead = me or operator = me) and {_UNDER_WAY}"),
    ("failed this week", "status = failed and ended > -7d"),
)
"""What mostly is looked for, and by which filter."""

_ID: Final = re.compile(r"([cs])-(\d{1,10})", re.IGNORECASE)
_MAX_SETS: Final = 5


@dataclass(frozen=True, slots=True)
class Counted:
    """A list that is mostly looked for: its name, its filter, and how many campaigns it has, at most `AT_MOST`."""

    name: str
    filter: str
    number: int

    @property
    def and_more(self) -> bool:
        """Whether there may be more (`bool`)."""
        return self.number >= AT_MOST


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A DataId set that is called as somebody looked for."""

    name: str
    place: str
    address: str


def counted_lists(factory: Factory) -> list[Counted]:
    """Count what mostly is looked for."""
    numbers = factory.campaign_list().counts([wanted for _, wanted in LISTS], at_most=AT_MOST)
    return [Counted(name, wanted, number) for (name, wanted), number in zip(LISTS, numbers, strict=True)]


def place_of(factory: Factory, text: str) -> str | None:
    """Give the address of the campaign or submission whose id is all that was written; `None` if there is none."""
    match = _ID.fullmatch(text.strip())
    if match is None:
        return None
    is_campaign, ref = match[1].lower() == "c", f"{match[1].upper()}-{int(match[2])}"
    try:
        found = factory.campaigns().get(ref).id if is_campaign else factory.submissions().get(ref).id
    except NotFound:
        return None
    return f"/{'campaigns' if is_campaign else 'submissions'}/{quote(found)}"


def meant(text: str) -> list[str]:
    """Give filters that may be meant by words that are no part of any text: a state, a kind, or a yes-or-no question."""
    word = re.sub(r"[\s-]+", "_", text.strip().strip('"').lower())
    if len(word) < 3:
        return []
    found = []
    for field in FIELDS.values():
        if field.kind is FieldKind.CHOICE:
            found += [f"{field.name} = {choice}" for choice in field.choices if choice.startswith(word)]
        elif field.kind is FieldKind.FLAG and field.name.startswith(word.removesuffix("s") if len(word) > 3 else word):
            found.append(f"{field.name} = yes")
    return found


def sets_called(factory: Factory, text: str) -> Sequence[NamedSet]:
    """Give the newest versions of DataId sets of a name; with a version behind it, that version."""
    name, _, version = text.strip().strip('"').partition("@")
    if not name or len(name) > 200:
        return []
    found = factory.dataid_sets().list(name=name, limit=50)
    exact = [one for one in found if one.name == name and version in ("", str(one.version))]
    newest = {(one.site, one.butler): one for one in sorted(exact, key=lambda one: one.version)}
    return [NamedSet(f"{one.name}@{one.version}", f"{one.butler} at {one.site}", address_of(one)) for one in newest.values()][
        :_MAX_SETS
    ]
