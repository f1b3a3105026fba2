"""A set whose fit is settled before the query is known."""

from __future__ import annotations

__all__ = ("SettledCondition", "settled")

from collections.abc import Set
from dataclasses import dataclass, fields

from ._conditions import Fit, SetCondition


@dataclass(frozen=True, kw_only=True)
class SettledCondition(SetCondition):
    """A condition that keeps to a judgement, whatever a query joins besides.

    An expression may bring in dimensions that the tasks of a graph lack. A set of exposures must not then be held against each
    row's exposure in place of the visit.

    Attributes
    ----------
    judged : `Fit`
        The judgement.
    """

    judged: Fit

    def fit(self, names: Set[str]) -> Fit:  # noqa: ARG002 - it is known already
        """Give the judgement."""
        return self.judged


def settled(condition: SetCondition, fit: Fit) -> SettledCondition:
    """Settle how a set meets a query."""
    known = {each.name: getattr(condition, each.name) for each in fields(SetCondition)}
    return SettledCondition(**known, judged=fit)
