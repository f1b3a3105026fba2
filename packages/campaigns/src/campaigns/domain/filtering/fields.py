"""What campaigns can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from campaigns.domain.states import CampaignStatus, Kind

__all__ = ("ALIASES", "CLOSE", "FIELDS", "Field", "FieldKind")


CLOSE: Final = 0.75
"""How like a field's name what was written must be for the field to have been meant, as `difflib` tells it."""


class FieldKind(StrEnum):
    """What sort of values a field has."""

    ID = "id"
    WORD = "word"
    CHOICE = "choice"
    NUMBER = "number"
    TIME = "time"
    FLAG = "flag"
    UUID = "uuid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field.

    Attributes
    ----------
    name : `str`
        What people write.
    kind : `FieldKind`
        What sort of values it has.
    description : `str`
        One line of help.
    choices : `tuple` [`str`, ...]
        All the values there are, for a choice.
    is_many : `bool`
        Whether a campaign can have several values.
    is_person : `bool`
        Whether ``me`` stands for who asks.
    is_sortable : `bool`
        Whether lists can be ordered by it.
    is_fixed : `bool`
        Whether it never changes once a campaign is made.
    """

    name: str
    kind: FieldKind
    description: str
    choices: tuple[str, ...] = ()
    is_many: bool = False
    is_person: bool = False
    is_sortable: bool = True
    is_fixed: bool = False

    @property
    def is_text(self) -> bool:
        """Whether lists are ordered by it as by text (`bool`)."""
        return self.kind in (FieldKind.WORD, FieldKind.CHOICE)


def _choices(values: type[StrEnum]) -> tuple[str, ...]:
    return tuple(value.value for value in values)


_FIELDS = (
    Field(name="id", kind=FieldKind.ID, description="The number: `C-42` or `42`.", is_fixed=True),
    Field(
        name="uuid",
        kind=FieldKind.UUID,
        is_sortable=False,
        is_fixed=True,
        description="The UUID; one that stands alone finds its campaign too.",
    ),
    Field(name="name", kind=FieldKind.WORD, description="The short name."),
    Field(name="title", kind=FieldKind.WORD, description="The title."),
    Field(name="reason", kind=FieldKind.WORD, is_sortable=False, description="Why it is run: `reason ~ weekly`."),
    Field(name="description", kind=FieldKind.WORD, is_sortable=False, description="More about it, as Markdown."),
    Field(name="kind", kind=FieldKind.CHOICE, choices=_choices(Kind), description="What sort of processing it is."),
    Field(name="status", kind=FieldKind.CHOICE, choices=_choices(CampaignStatus), description="Where it stands."),
    Field(name="status_reason", kind=FieldKind.WORD, is_sortable=False, description="Why it stands there."),
    Field(
        name="lead",
        kind=FieldKind.WORD,
        is_person=True,
        description="Who answers for it: whoever made it, unless its definition names another.",
    ),
    Field(name="owner", kind=FieldKind.WORD, is_person=True, is_fixed=True, description="Who made it here."),
    Field(
        name="operator",
        kind=FieldKind.WORD,
        is_person=True,
        is_many=True,
        is_sortable=False,
        description="Operators of its submissions.",
    ),
    Field(name="team", kind=FieldKind.WORD, description="The team it belongs to."),
    Field(
        name="visibility",
        kind=FieldKind.CHOICE,
        choices=("staff", "team"),
        is_sortable=False,
        description="Who may see it: all staff, or its team alone.",
    ),
    Field(name="label", kind=FieldKind.WORD, is_many=True, is_sortable=False, description="Its labels."),
    Field(name="ticket", kind=FieldKind.WORD, description="Its ticket, such as `DM-12345`."),
    Field(name="site", kind=FieldKind.WORD, description="The site where it runs."),
    Field(name="stack", kind=FieldKind.WORD, description="The stack that runs it."),
    Field(name="butler", kind=FieldKind.WORD, description="The Butler repository's alias."),
    Field(name="instrument", kind=FieldKind.WORD, description="The instrument."),
    Field(name="skymap", kind=FieldKind.WORD, description="The skymap."),
    Field(
        name="input",
        kind=FieldKind.WORD,
        is_many=True,
        is_sortable=False,
        description="Its input collections.",
    ),
    Field(name="output", kind=FieldKind.WORD, description="The output collection."),
    Field(
        name="pipeline",
        kind=FieldKind.WORD,
        is_many=True,
        is_sortable=False,
        description="Its pipelines and BPS files, without subsets.",
    ),
    Field(
        name="data_query",
        kind=FieldKind.WORD,
        is_sortable=False,
        description="Its data query and those of its steps, a line each: `data_query ~ tract`.",
    ),
    Field(
        name="spec",
        kind=FieldKind.WORD,
        is_many=True,
        is_sortable=False,
        description="Repositories and references of its specifications.",
    ),
    Field(
        name="commit",
        kind=FieldKind.WORD,
        is_many=True,
        is_sortable=False,
        description="The commits that its specifications were resolved to, in any revision: `commit ~ 1a2b3c4`.",
    ),
    Field(
        name="set",
        kind=FieldKind.WORD,
        is_many=True,
        is_sortable=False,
        description="DataId sets it names, such as `demo/bad` or `demo/bad@2`.",
    ),
    Field(
        name="note",
        kind=FieldKind.WORD,
        is_many=True,
        is_sortable=False,
        description="What its notes say, as they stand: `note ~ clouds`. A search for words does not look into notes.",
    ),
    Field(
        name="mention",
        kind=FieldKind.WORD,
        is_many=True,
        is_person=True,
        is_sortable=False,
        description="Users whom its notes name, as they stand: `mention = me`.",
    ),
    Field(
        name="parent",
        kind=FieldKind.ID,
        is_sortable=False,
        is_fixed=True,
        description="The campaign it derives from: `parent = C-42`.",
    ),
    Field(
        name="root",
        kind=FieldKind.ID,
        is_sortable=False,
        is_fixed=True,
        description="The first campaign of its line: `root = C-42` finds all that derive from it.",
    ),
    Field(name="created", kind=FieldKind.TIME, is_fixed=True, description="When it was made."),
    Field(name="updated", kind=FieldKind.TIME, description="When anything of it last changed."),
    Field(name="started", kind=FieldKind.TIME, description="When it was started."),
    Field(name="ended", kind=FieldKind.TIME, description="When it ended."),
    Field(name="revision", kind=FieldKind.NUMBER, description="The number of its newest revision."),
    Field(name="submissions", kind=FieldKind.NUMBER, description="How many submissions it has, all attempts."),
    Field(name="quanta", kind=FieldKind.NUMBER, description="Quanta that are expected, of the newest attempts: `quanta > 1000`."),
    Field(name="succeeded", kind=FieldKind.NUMBER, description="Those of them that succeeded."),
    Field(name="failed", kind=FieldKind.NUMBER, description="Those of them that failed: `failed > 0`."),
    Field(
        name="waits",
        kind=FieldKind.FLAG,
        is_sortable=False,
        description="Whether it waits for a person's decision: `waits = yes`.",
    ),
    Field(
        name="waits_for",
        kind=FieldKind.WORD,
        is_many=True,
        is_sortable=False,
        description="What it waits for: `start`, `judge` or `recover`, the step, or the submission, such as `S-12`.",
    ),
    Field(name="held", kind=FieldKind.FLAG, is_sortable=False, description="Whether somebody paused it."),
    Field(
        name="adopted",
        kind=FieldKind.FLAG,
        is_sortable=False,
        is_fixed=True,
        description="Whether it tells of what ran, or runs, elsewhere.",
    ),
    Field(
        name="origin",
        kind=FieldKind.WORD,
        is_sortable=False,
        is_fixed=True,
        description="For one that was imported, its name at its origin, such as `usdf:C-42`.",
    ),
    Field(name="signed", kind=FieldKind.FLAG, is_sortable=False, description="Whether its newest revision is signed off."),
    Field(
        name="signed_by",
        kind=FieldKind.WORD,
        is_many=True,
        is_person=True,
        is_sortable=False,
        description="Who signed off its newest revision.",
    ),
)

ALIASES: Final[Mapping[str, str]] = MappingProxyType({"state": "status", "campaign": "name", "changed": "updated"})
"""Other names of fields, as lists have them at the heads of their columns."""

FIELDS: Final[Mapping[str, Field]] = MappingProxyType({field.name: field for field in _FIELDS})
"""All fields by name, in the order in which they are explained."""
