"""What of the history is asked for."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("HistoryFilter",)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which events.

    Attributes
    ----------
    kinds : `tuple` [`str`, ...]
        Kinds, such as ``submission.failed``, or what they begin with before the dot, such as ``submission``; none for all.
    actor : `str`, optional
        Only what this principal did.
    since_us, until_us : `int`, optional
        Only what happened then, UTC microseconds; the end is not part of it.
    """

    kinds: tuple[str, ...] = ()
    actor: str | None = None
    since_us: int | None = None
    until_us: int | None = None
