"""From failed quanta to data IDs that might be left out: what they have in common, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from campaigns.domain.failures import message_pattern
from campaigns.domain.quanta import QuantumFailure

__all__ = ("CHOICES", "AwaitedExclusion", "Excludable", "Proposal", "choices_of", "finest_of", "propose")

CHOICES: Final = (
    ("visit",),
    ("visit", "detector"),
    ("exposure",),
    ("exposure", "detector"),
    ("tract",),
    ("tract", "patch"),
    ("tract", "patch", "band"),
)
"""What failures can be put together by, each coarser one before those that it holds."""

_GOVERNORS: Final = {
    "visit": "instrument",
    "exposure": "instrument",
    "detector": "instrument",
    "tract": "skymap",
    "patch": "skymap",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A data ID that might be left out.

    Attributes
    ----------
    data_id : `dict`
        With its instrument or sky map.
    n_failed, n_blocked : `int`
        How many of the quanta with it failed or are unknown, and how many never ran because of one before them.
    tasks : `tuple` [`str`, ...]
        The tasks that failed.
    message : `str`
        What the first of them said.
    """

    data_id: dict[str, Any]
    n_failed: int
    n_blocked: int
    tasks: tuple[str, ...]
    message: str

    @property
    def reason(self) -> str:
        """A reason to begin with, in the words of the failure (`str`)."""
        told = self.message.strip().splitlines()
        said = told[-1][:200] if told else "failed"
        return f"{', '.join(self.tasks)}: {said}" if self.tasks else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Excludable:
    """What could be left out after a submission's failures.

    Attributes
    ----------
    by : `tuple` [`str`, ...]
        The dimensions that failures are put together by.
    choices : `list` [`tuple` [`str`, ...]]
        What else they could be put together by.
    finest : `tuple` [`str`, ...]
        The one of these that takes least with it that did not fail.
    proposals : `list` [`Proposal`]
        Those with most failures first.
    steps : `list` [`str`]
        The steps that have not begun: by default they leave it out.
    begun : `list` [`str`]
        The others: new attempts would.
    name : `str`
        A name for the set.
    runs : `list` [`str`]
        The runs whose outputs are or may be accepted, in which the data may be already.
    """

    by: tuple[str, ...]
    choices: list[tuple[str, ...]]
    finest: tuple[str, ...]
    proposals: list[Proposal]
    steps: list[str]
    begun: list[str]
    name: str
    runs: list[str]

    @property
    def is_coarse(self) -> bool:
        """Whether a proposal takes more with it than what failed (`bool`)."""
        return self.by != self.finest


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedExclusion:
    """Data to be left out of steps, whose set is still to be made: the steps wait for it.

    Attributes
    ----------
    order_id : `str`
        The order to the site.
    name : `str`
        The set's name.
    n_data_ids : `int`
        How many data IDs, or lists of them, it is made of.
    steps : `tuple` [`str`, ...]
        The steps that are to leave it out.
    actor, reason : `str`
        Who wants it, and why.
    asked_us : `int`
        Since when, UTC microseconds.
    taken_up : `bool`
        Whether an agent has begun to make it.
    agent_id : `str`, optional
        The agent that has the order.
    served : `bool`
        Whether an agent of the site was heard lately: the one that has begun it, or any where none has.
    heard_us : `int`, optional
        When it was heard last, UTC microseconds; `None` if never.
    """

    order_id: str
    site: str
    name: str
    n_data_ids: int
    steps: tuple[str, ...]
    actor: str
    reason: str
    asked_us: int
    taken_up: bool
    agent_id: str | None = None
    served: bool = True
    heard_us: int | None = None

    @property
    def waits_for(self) -> str:
        """What is waited for, as one sentence (`str`)."""
        if self.taken_up:
            doing = "is making it" if self.served else "began it and is silent"
            return f"The agent at {self.site} {doing}."
        if self.served:
            return f"The agent at {self.site} has not taken it up yet."
        return f"No agent serves {self.site} now."

    @property
    def remedy(self) -> str:
        """What can be done, as one sentence (`str`)."""
        steps = ", ".join(self.steps)
        withdraw = f"withdraw the exclusion: {steps} then start{'s' if len(self.steps) == 1 else ''} with the data in."
        start = f"Start the site's agent: `campaign agent --site {self.site}`. Or"
        return f"Wait, or {withdraw}" if self.served else f"{start} {withdraw}"


def choices_of(failures: Iterable[QuantumFailure]) -> list[tuple[str, ...]]:
    """List what failures can be put together by: the `CHOICES` that all dimensions of some failure's data ID are in."""
    known = [set(failure.data_id) for failure in failures if failure.status != "blocked"]
    return [choice for choice in CHOICES if any(set(_with_governors(choice)) <= names for names in known)]


def finest_of(failures: Sequence[QuantumFailure]) -> tuple[str, ...]:
    """Give the `CHOICES` that most failed quanta have, and of these the finest; nothing, if no failure has any.

    Parameters
    ----------
    failures : sequence of `QuantumFailure`
        The quanta that did not succeed; those that were only blocked do not count.

    Notes
    -----
    Whoever leaves a whole tract out for one bad patch loses data that nothing is wrong with; nobody should have to look for that.
    """
    known = [set(failure.data_id) for failure in failures if failure.status != "blocked"]

    def fineness(choice: tuple[str, ...]) -> tuple[int, int]:
        return sum(set(_with_governors(choice)) <= names for names in known), len(choice)

    return max(choices_of(failures), key=fineness, default=())


def propose(failures: Sequence[QuantumFailure], by: Sequence[str]) -> list[Proposal]:
    """Put failures together by dimensions of their data IDs.

    Parameters
    ----------
    failures : sequence of `QuantumFailure`
        The quanta that did not succeed.
    by : sequence of `str`
        The dimensions, such as ``visit``; failures that lack one of them are passed over.

    Returns
    -------
    proposals : `list` [`Proposal`]
        Those with most failures first. Data IDs of which quanta were only blocked are not among them.
    """
    found: dict[tuple[Any, ...], list[QuantumFailure]] = {}
    names = _with_governors(by)
    for failure in failures:
        if all(name in failure.data_id for name in names):
            found.setdefault(tuple(failure.data_id[name] for name in names), []).append(failure)
    proposals = []
    for values, group in found.items():
        failed = [failure for failure in group if failure.status != "blocked"]
        if failed:
            proposals.append(
                Proposal(
                    data_id=dict(zip(names, values, strict=True)),
                    n_failed=len(failed),
                    n_blocked=len(group) - len(failed),
                    tasks=tuple(dict.fromkeys(failure.task for failure in failed)),
                    message=failed[0].message,
                )
            )
    return sorted(proposals, key=lambda one: (-one.n_failed, message_pattern(one.message), str(one.data_id)))


def _with_governors(by: Sequence[str]) -> tuple[str, ...]:
    """Put the instrument or the sky map before dimensions that belong to one."""
    return tuple(dict.fromkeys([*(_GOVERNORS[name] for name in by if name in _GOVERNORS), *by]))
