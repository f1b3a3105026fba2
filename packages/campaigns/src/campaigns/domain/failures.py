"""Bringing failures together by what went wrong: one pattern for messages that differ only in numbers, names and places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from campaigns.domain.quanta import QuantumFailure

__all__ = ("FailurePattern", "PlacedFailure", "group_failures", "message_pattern", "rank_of")

_RULES: Final = tuple(
    (re.compile(expression), put)
    for expression, put in (
        (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<uuid>"),
        (r"(?<![\w.])(?:[a-z][a-z0-9+.-]*://|/)[^\s'\",;)\]}]+", "<path>"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?\b", "<time>"),
        (r"\b0x[0-9a-fA-F]+\b", "<hex>"),
        (r"\{[^{}]*:[^{}]*\}", "{…}"),
        (r"(?<![A-Za-z_])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\b", "<n>"),
    )
)
_MAX_CHARS: Final = 300


@dataclass(frozen=True, slots=True)
class PlacedFailure:
    """A failed quantum and the submission in which it failed."""

    submission: str
    failure: QuantumFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePattern:
    """Failures of the same sort.

    Attributes
    ----------
    task : `str`
        The task's label.
    status : `str`
        ``failed``, ``blocked`` or ``unknown``.
    exception : `str`
        The exception's type, or empty.
    pattern : `str`
        The message with numbers, names and places taken out.
    failures : `tuple` [`PlacedFailure`, ...]
        The quanta, in the order they were given.
    """

    task: str
    status: str
    exception: str
    pattern: str
    failures: tuple[PlacedFailure, ...]

    @property
    def error(self) -> str:
        """The exception's type without the modules it lies in (`str`)."""
        return self.exception.rpartition(".")[2]

    @property
    def example(self) -> str:
        """The first of the messages, as it was written (`str`)."""
        return self.failures[0].failure.message


def message_pattern(message: str) -> str:
    """Take out of a message what differs from quantum to quantum.

    Parameters
    ----------
    message : `str`
        An error's text; the last line that is not empty counts.

    Returns
    -------
    pattern : `str`
        The message with ``<n>``, ``<path>``, ``<uuid>``, ``<time>``, ``<hex>`` and ``{…}`` in their places.
    """
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    text = lines[-1][: 4 * _MAX_CHARS] if lines else ""
    for rule, put in _RULES:
        text = rule.sub(put, text)
    return text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…"


def rank_of(status: str) -> int:
    """Tell where failures of a sort stand: failed ones first, then unknown, then those that are only blocked by others."""
    return {"failed": 0, "unknown": 1, "blocked": 2}.get(status, 3)


def group_failures(failures: Iterable[PlacedFailure]) -> Sequence[FailurePattern]:
    """Bring failures together by task, state, exception and pattern.

    Parameters
    ----------
    failures : iterable of `PlacedFailure`
        From one submission or from many.

    Returns
    -------
    patterns : `list` [`FailurePattern`]
        Failed ones first, then unknown, then blocked; among these the most frequent first.
    """
    found: dict[tuple[str, str, str, str], list[PlacedFailure]] = {}
    for placed in failures:
        one = placed.failure
        found.setdefault((one.task, one.status, one.exception, message_pattern(one.message)), []).append(placed)
    patterns = [
        FailurePattern(task=task, status=status, exception=exception, pattern=pattern, failures=tuple(placed))
        for (task, status, exception, pattern), placed in found.items()
    ]
    return sorted(patterns, key=lambda one: (rank_of(one.status), -len(one.failures), one.task, one.pattern))
