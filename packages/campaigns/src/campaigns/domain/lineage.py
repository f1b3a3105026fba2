"""Where campaigns come from, and what a campaign has in common with the one it derives from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from campaigns.domain.definition import Definition, Processing
from campaigns.domain.differences import Path, definition_differences
from campaigns.domain.states import CampaignStatus, Kind

__all__ = (
    "FieldGroup",
    "Lineage",
    "LineageNode",
    "Parent",
    "Relation",
    "group_of",
    "likeness_of",
    "pipelines_of",
    "relation_of",
)


@dataclass(frozen=True, slots=True)
class Parent:
    """What a campaign derives from.

    Attributes
    ----------
    uuid : `str`
        The campaign.
    revision : `int`
        The revision of its definition.
    root : `str`
        The UUID of the first campaign of the line; the parent itself, where that derives from nothing.
    """

    uuid: str
    revision: int
    root: str


class FieldGroup(StrEnum):
    """What a part of a definition is about."""

    SPECIFICATION = "specification"
    SOFTWARE = "software"
    CONFIGURATION = "configuration"
    DATA = "data"
    STEPS = "steps"
    PLACE = "place"
    ABOUT = "about"


class Relation(StrEnum):
    """What two definitions have in common."""

    SAME = "same"
    OTHER_DATA = "other_data"
    OTHER_PROCESSING = "other_processing"
    BOTH_DIFFER = "both_differ"

    @property
    def words(self) -> str:
        """It as one says it (`str`)."""
        return {
            Relation.SAME: "same data, same processing",
            Relation.OTHER_DATA: "same processing, other data",
            Relation.OTHER_PROCESSING: "same data, other processing",
            Relation.BOTH_DIFFER: "other data, other processing",
        }[self]


_GROUPS: Final = {
    **dict.fromkeys(("data_spec", "processing_spec"), FieldGroup.SPECIFICATION),
    **dict.fromkeys(("stack", "pipeline", "local_packages"), FieldGroup.SOFTWARE),
    **dict.fromkeys(Processing.model_fields, FieldGroup.CONFIGURATION),
    **dict.fromkeys(("butler", "instrument", "inputs", "data_query", "sets", "skymap"), FieldGroup.DATA),
    "steps": FieldGroup.STEPS,
    **dict.fromkeys(("site", "output"), FieldGroup.PLACE),
}
_DATA: Final = frozenset({"butler", "instrument", "inputs", "data_query", "sets", "skymap", "data_spec"})
_PROCESSING: Final = frozenset(
    {"stack", "pipeline", "processing_spec", "local_packages", "environment", *Processing.model_fields}
)
_STEP_DATA: Final = frozenset({"data_query", "sets"})
_SPLIT_DATA: Final = frozenset({"dimension", "values", "queries"})
_STEP_PROCESSING: Final = frozenset({"pipeline", "needs", *_PROCESSING})


def group_of(path: Path) -> FieldGroup:
    """Give what a place of a definition is about; what is unknown tells about the campaign itself."""
    keys = [part for part in path if isinstance(part, str)]
    first, second = keys[0], keys[1] if len(keys) > 1 else ""
    if first == "steps" and second in Processing.model_fields:
        return FieldGroup.CONFIGURATION
    if first == "steps" and _is_data(keys):
        return FieldGroup.DATA
    return _GROUPS.get(first, FieldGroup.ABOUT)


def relation_of(before: Definition, after: Definition) -> Relation:
    """Tell what two definitions have in common."""
    found = [_keys(one.path) for one in definition_differences(before, after)]
    data, processing = any(map(_is_data, found)), any(map(_is_processing, found))
    if data:
        return Relation.BOTH_DIFFER if processing else Relation.OTHER_DATA
    return Relation.OTHER_PROCESSING if processing else Relation.SAME


def pipelines_of(definition: Definition) -> list[str]:
    """List the pipelines of a definition, without subsets: the campaign's own, or those of its steps, by name."""
    if definition.pipeline:
        return [definition.pipeline]
    return sorted({definition.pipeline_of(step).partition("#")[0] for step in definition.steps} - {""})


def likeness_of(definition: Definition) -> str:
    """Give a word that is the same for campaigns of the same kind, instrument and pipeline, and that a column can hold."""
    told = [definition.kind.value, definition.instrument, pipelines_of(definition)]
    return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()[:32]


def _keys(path: Path) -> list[str]:
    return [part for part in path if isinstance(part, str)]


def _is_data(keys: list[str]) -> bool:
    if keys[0] != "steps":
        return keys[0] in _DATA
    if len(keys) > 1 and keys[1] == "split":
        return len(keys) == 2 or keys[2] in _SPLIT_DATA
    return len(keys) > 1 and keys[1] in _STEP_DATA


def _is_processing(keys: list[str]) -> bool:
    if keys[0] != "steps":
        return keys[0] in _PROCESSING
    # A step that came or went, or steps in another order.
    return len(keys) == 1 or keys[1] in _STEP_PROCESSING


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A campaign in a line.

    Attributes
    ----------
    id, uuid, name, title : `str`
        The campaign.
    status : `CampaignStatus`
        Where it stands.
    created_us : `int`
        When it was made, UTC microseconds.
    parent : `str`, optional
        The local id of what it derives from, where that is among the others; `None` for the first.
    parent_revision : `int`, optional
        The revision that it derives from.
    relation : `Relation`, optional
        What it has in common with that revision.
    n_differences : `int`
        In how many places they differ.
    """

    id: str
    uuid: str
    name: str
    title: str
    kind: Kind
    status: CampaignStatus
    created_us: int
    owner: str
    parent: str | None = None
    parent_revision: int | None = None
    relation: Relation | None = None
    n_differences: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where a campaign comes from, and what derives from it.

    Attributes
    ----------
    of : `str`
        The local id of the campaign.
    nodes : `tuple` [`LineageNode`, ...]
        It, those it derives from, and those that derive from it, oldest first; parents before their children.
    is_whole : `bool`
        Whether these are all.
    """

    of: str
    nodes: tuple[LineageNode, ...]
    is_whole: bool

    def node(self, ref: str) -> LineageNode | None:
        """Give a campaign by its local id."""
        return next((node for node in self.nodes if node.id == ref), None)

    def children(self, ref: str) -> Iterable[LineageNode]:
        """List those that derive from a campaign."""
        return [node for node in self.nodes if node.parent == ref]
