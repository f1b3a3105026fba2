"""What failed, by what it says: how much, in which patterns, and what was blocked by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from campaigns.domain.failures import FailurePattern, PlacedFailure, group_failures
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.states import ACTIVE
from campaigns.domain.submission import Submission

__all__ = ("Failures", "failures_of")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """What failed in some submissions.

    Attributes
    ----------
    patterns : sequence of `FailurePattern`
        What failed, and that of which nothing is known.
    blocked : sequence of `FailurePattern`
        What never ran because of it: it says nothing by itself.
    told : `QuantaCounts`
        Of the submissions that have ended.
    so_far : `QuantaCounts`
        Of those that have not: what their quanta say comes at their end.
    coming : `list` [`Submission`]
        These, as far as something failed in them.
    """

    patterns: Sequence[FailurePattern]
    blocked: Sequence[FailurePattern]
    told: QuantaCounts
    so_far: QuantaCounts
    coming: list[Submission]

    @property
    def number(self) -> int:
        """How many quanta failed, or are not known (`int`); blocked ones do not count."""
        return self.told.failed + self.told.unknown + self.so_far.failed

    @property
    def n_blocked(self) -> int:
        """How many quanta are listed as blocked (`int`)."""
        return sum(len(pattern.failures) for pattern in self.blocked)

    @property
    def in_words(self) -> str:
        """How much failed in what has ended (`str`)."""
        told, number = self.told, len(self.patterns)
        patterns = f" in {number} pattern{'' if number == 1 else 's'}" if number else ""
        parts = [f"{told.failed:,} failed"] if told.failed else []
        if told.unknown:
            parts.append(f"{told.unknown:,} without a trace")
        cause = "" if not parts else " by it" if told.failed + told.unknown == 1 else " by them"
        blocked = [f"{told.blocked:,} blocked{cause}"] if told.blocked else []
        return ", ".join([*([" and ".join(parts) + patterns] if parts else []), *blocked])

    @property
    def so_far_in_words(self) -> str:
        """How much failed in what still runs (`str`)."""
        told = self.so_far
        blocked = f", {told.blocked:,} blocked" if told.blocked else ""
        return f"{told.failed:,} {'quantum' if told.failed == 1 else 'quanta'} failed so far{blocked}"


def failures_of(submissions: Sequence[Submission], failures: Iterable[PlacedFailure]) -> Failures:
    """Bring together what failed in some submissions.

    Parameters
    ----------
    submissions : sequence of `Submission`
        The submissions.
    failures : iterable of `PlacedFailure`
        What their quanta say.
    """
    patterns = group_failures(failures)
    active = [one for one in submissions if one.status in ACTIVE]
    return Failures(
        patterns=[one for one in patterns if one.status != "blocked"],
        blocked=[one for one in patterns if one.status == "blocked"],
        told=QuantaCounts.total(_known(one) for one in submissions if one.status not in ACTIVE),
        so_far=QuantaCounts.total(one.quanta for one in active),
        coming=[one for one in active if one.quanta.failed],
    )


def _known(submission: Submission) -> QuantaCounts:
    """Give what is told of an ended submission: what nobody has counted to the end has left no trace because it never ran."""
    counts = submission.quanta
    return counts if submission.quanta_final else counts.model_copy(update={"unknown": 0})
