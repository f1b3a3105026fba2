"""Quanta and what became of them: the truth that moves a campaign on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ("COUNTS", "QuantaCounts", "QuantumFailure", "TaskCounts", "TaskSpent", "cut_to")

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""Of many tasks and submissions together; larger ones no browser reads."""

TaskCount = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""Of one task: what its column holds."""

Duration = Annotated[int, Field(ge=0, le=10**15)]
"""In microseconds, of a few hundred quanta: thirty years are longer than any took."""


def cut_to(length: int) -> AfterValidator:
    """Make a validator that keeps the beginning of a text.

    Parameters
    ----------
    length : `int`
        How many characters are kept at most: what the text's column holds.

    Notes
    -----
    Refusing would be worse: a report with one long name in it would never arrive, and nobody would hear how the submission ended.
    """
    return AfterValidator(lambda text: text[:length])


class QuantaCounts(BaseModel):
    """How many quanta stand where.

    Attributes
    ----------
    expected : `int`
        In the graph.
    succeeded : `int`
        Succeeded, those with caveats among them.
    caveats : `int`
        Of the succeeded ones, those with a caveat, such as *no work found*.
    failed : `int`
        Ran and failed.
    blocked : `int`
        Never ran, since one before them failed.
    unknown : `int`
        Neither seen to succeed nor to fail: not yet run, running, or died without a trace.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    expected: Count = 0
    succeeded: Count = 0
    caveats: Count = 0
    failed: Count = 0
    blocked: Count = 0
    unknown: Count = 0

    @classmethod
    def total(cls, parts: Iterable[QuantaCounts]) -> QuantaCounts:
        """Add counts up.

        Parameters
        ----------
        parts : iterable of `QuantaCounts`
            Such as those of each task.

        Returns
        -------
        total : `QuantaCounts`
            The sums.
        """
        listed = list(parts)
        return cls(**{name: sum(getattr(part, name) for part in listed) for name in COUNTS})

    @property
    def finished(self) -> int:
        """Quanta that will not change any more (`int`)."""
        return self.succeeded + self.failed + self.blocked


COUNTS: Final = tuple(QuantaCounts.model_fields)
"""The names of the counts, in the order in which they are told."""


class TaskCounts(QuantaCounts):
    """The counts of one task of a submission, in the pipeline's order."""

    expected: TaskCount = 0
    succeeded: TaskCount = 0
    caveats: TaskCount = 0
    failed: TaskCount = 0
    blocked: TaskCount = 0
    unknown: TaskCount = 0
    label: Annotated[str, cut_to(200)]


class TaskSpent(BaseModel):
    """What quanta of one task of a submission took that succeeded, as far as their own records were read.

    Attributes
    ----------
    label : `str`
        The task's label.
    n_read : `int`
        Of how many quanta the records were read.
    cpu_us, run_us : `int`
        Processor time, and time, of these together, in microseconds.
    max_memory_bytes : `int`, optional
        The most memory that a process had which ran one of them; `None` if no record has it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Annotated[str, cut_to(200)]
    n_read: Annotated[int, Field(ge=1, le=2**31 - 1)]
    cpu_us: Duration
    run_us: Duration
    max_memory_bytes: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None

    @property
    def cpu_each_us(self) -> int:
        """Processor time of one quantum, in the mean (`int`)."""
        return self.cpu_us // self.n_read

    @property
    def run_each_us(self) -> int:
        """Time of one quantum, in the mean (`int`)."""
        return self.run_us // self.n_read


class QuantumFailure(BaseModel):
    """One quantum that failed or was blocked, or of which nothing is known.

    Attributes
    ----------
    task : `str`
        The task's label.
    status : `str`
        ``failed``, ``blocked`` or ``unknown``.
    data_id : `dict` [`str`, `typing.Any`]
        Required dimensions and values.
    message : `str`
        The error's text, or empty.
    exception : `str`
        The exception's type, or empty.
    quantum_id : `str`
        The UUID in the quantum graph.
    log : `str`
        The name under which the agent uploaded the quantum's log, or empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: Annotated[str, cut_to(200)]
    status: Annotated[str, cut_to(16)]
    data_id: dict[str, Any]
    message: str = ""
    exception: Annotated[str, cut_to(200)] = ""
    quantum_id: Annotated[str, cut_to(64)] = ""
    log: Annotated[str, cut_to(200)] = ""
