"""DataId sets as a campaign knows them: what it names, what was pinned for it, what a site has told of them.

A name without a version means the newest there is when the campaign starts; from then on it means what was pinned, whatever is
made later. So a newer version is told of, and never used by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from campaigns.domain.definition import Definition, Step

__all__ = (
    "CampaignSet",
    "DataIdSetEntry",
    "Drift",
    "NamedSet",
    "Outcome",
    "Pin",
    "ReasonCount",
    "SetFit",
    "SetRole",
    "SetSort",
    "SetUse",
    "drift_of",
    "named_sets",
    "sets_of_step",
)


class SetRole(StrEnum):
    """What a set does."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


class Outcome(StrEnum):
    """What a set did to a quantum graph."""

    APPLIED = "applied"
    TRANSLATED = "translated"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A set where a definition names it.

    Attributes
    ----------
    where : `str`
        The place in the campaign file, such as ``steps[1].sets.exclude[0]``.
    reference : `str`
        As it is written there: ``name`` or ``name@version``.
    role : `SetRole`
        What it does.
    step : `str`, optional
        The step it is for; `None` for all.
    """

    where: str
    reference: str
    role: SetRole
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What a campaign takes a name for, from its start on.

    Attributes
    ----------
    reference : `str`
        As the definition has it.
    name, version, digest : `str`, `int`, `str`
        The set that it meant when it was pinned.
    rows : `int`
        How many data IDs it has.
    dimensions : `tuple` [`str`, ...]
        Their dimensions.
    revision : `int`
        The revision of the definition that first needed it.
    pinned_us : `int`
        When, UTC microseconds.
    """

    reference: str
    name: str
    version: int
    digest: str
    rows: int
    dimensions: tuple[str, ...]
    revision: int
    pinned_us: int

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUse:
    """A pinned set of one submission, and what it did to its graph.

    Attributes
    ----------
    role : `str`
        A value of `SetRole`.
    reference : `str`
        As the definition has it.
    outcome : `str`, optional
        A value of `Outcome`, once the graph's header was read.
    detail : `str`
        How it was translated, or why it does not apply.
    """

    role: str
    reference: str
    name: str
    version: int
    digest: str
    rows: int
    dimensions: tuple[str, ...]
    outcome: str | None = None
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {**asdict(self), "dimensions": list(self.dimensions)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SetUse:
        """Read it from JSON."""
        return cls(**{**data, "dimensions": tuple(data["dimensions"])})

    @classmethod
    def of(cls, pin: Pin, role: SetRole) -> SetUse:
        """Make the use of a pinned set."""
        return cls(
            role=role.value,
            reference=pin.reference,
            name=pin.name,
            version=pin.version,
            digest=pin.digest,
            rows=pin.rows,
            dimensions=pin.dimensions,
        )


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """A reason, and how many data IDs of a set have it; an empty one stands for none."""

    reason: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataIdSetEntry:
    """A set of a site's repository, as its agent last told of it.

    Attributes
    ----------
    uuid : `str`
        Of the entry.
    site, butler : `str`
        Where it is.
    n_rows, n_pending : `int`
        How many data IDs it has, and how many of them had no record in the registry when it was made.
    created_us, seen_us : `int`
        When it was made, and when the agent told of it, UTC microseconds.
    reasons : `tuple` [`ReasonCount`, ...]
        The most frequent reasons; empty where they were not counted.
    n_reasons : `int`, optional
        How many different reasons there are; `None` where they were not counted.
    rows_sha256 : `str`, optional
        The file with its data IDs, where the agent has sent them.
    """

    uuid: str
    site: str
    butler: str
    name: str
    version: int
    digest: str
    dimensions: tuple[str, ...]
    n_rows: int
    n_pending: int
    owner: str
    description: str
    source: str
    created_us: int
    seen_us: int
    reasons: tuple[ReasonCount, ...] = ()
    n_reasons: int | None = None
    rows_sha256: str | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


class SetSort(StrEnum):
    """What sets are listed by; with ``-`` downwards."""

    NEWEST = "-created"
    OLDEST = "created"
    NAME = "name"
    NAME_DOWN = "-name"
    SMALLEST = "rows"
    LARGEST = "-rows"

    @property
    def falling(self) -> bool:
        """Whether the largest goes first (`bool`)."""
        return self.value.startswith("-")

    @property
    def field(self) -> str:
        """The field of `DataIdSetEntry` (`str`)."""
        return {"created": "created_us", "name": "name", "rows": "n_rows"}[self.value.lstrip("-")]

    @property
    def key_type(self) -> type:
        """Of which type the keys are (`type`)."""
        return str if self in (SetSort.NAME, SetSort.NAME_DOWN) else int

    def key(self, entry: DataIdSetEntry) -> str | int:
        """Give the key by which a set is listed."""
        found: str | int = getattr(entry, self.field)
        return found


@dataclass(frozen=True, slots=True)
class Drift:
    """A pinned name of which there is a newer version now, or whose set is no longer what was pinned."""

    pin: Pin
    newest: DataIdSetEntry

    @property
    def text(self) -> str:
        """What has drifted, as one sentence (`str`)."""
        if self.newest.version == self.pin.version:
            return f"{self.newest} is not what was pinned: its digest is another."
        return f"A newer version {self.newest} exists."


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFit:
    """What a set would do to a step, as the site told when it looked last.

    Attributes
    ----------
    step : `str`
        The step.
    outcome, detail : `str`
        A value of `Outcome` for the step as a whole, and how it is translated or what it leaves alone.
    tasks : `dict` [`str`, `str`]
        The outcome for each task.
    """

    step: str
    outcome: str
    detail: str
    tasks: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSet:
    """A set as one campaign uses it.

    Attributes
    ----------
    reference : `str`
        As its definition has it.
    role : `SetRole`
        What it does.
    steps : `tuple` [`str`, ...]
        The steps it is for.
    pin : `Pin`, optional
        What it means; `None` before the campaign has started.
    entry : `DataIdSetEntry`, optional
        What is known of it.
    drift : `Drift`, optional
        What has changed since it was pinned.
    fits : `tuple` [`SetFit`, ...]
        What it would do to each step; empty where the site has not looked.
    """

    reference: str
    role: SetRole
    steps: tuple[str, ...]
    pin: Pin | None
    entry: DataIdSetEntry | None
    drift: Drift | None
    fits: tuple[SetFit, ...] = ()


def named_sets(definition: Definition) -> list[NamedSet]:
    """List the sets that a definition names, those for all steps first, in its order."""
    places = [
        ("sets", None, definition.sets),
        *((f"steps[{n}].sets", step.name, step.sets) for n, step in enumerate(definition.steps)),
    ]
    return [
        NamedSet(f"{where}.{role.value}[{index}]", reference, role, step)
        for where, step, sets in places
        for role, references in ((SetRole.INCLUDE, sets.include), (SetRole.EXCLUDE, sets.exclude))
        for index, reference in enumerate(references)
    ]


def sets_of_step(definition: Definition, step: Step) -> list[tuple[SetRole, str]]:
    """List what is included in and excluded from a step: the campaign's sets, then its own, each once."""
    found = [(one.role, one.reference) for one in named_sets(definition) if one.step in (None, step.name)]
    return list(dict.fromkeys(found))


def drift_of(pins: Iterable[Pin], entries: Sequence[DataIdSetEntry]) -> list[Drift]:
    """Tell which pins have drifted.

    Parameters
    ----------
    pins : iterable of `Pin`
        What a campaign pinned.
    entries : sequence of `DataIdSetEntry`
        All versions that are known of those names in its repository.
    """
    found = []
    pinned = list(pins)
    used = {(pin.name, pin.version) for pin in pinned}
    for pin in pinned:
        versions = [entry for entry in entries if entry.name == pin.name]
        same = next((entry for entry in versions if entry.version == pin.version), None)
        if same is not None and same.digest != pin.digest:
            found.append(Drift(pin, same))
            continue
        newest = max(versions, key=lambda entry: entry.version, default=None)
        if newest is not None and newest.version > pin.version and (newest.name, newest.version) not in used:
            found.append(Drift(pin, newest))
    return found
