"""Putting BPS settings over one another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ("merge",)


def merge(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Put mappings over one another; those within them are merged too, anything else is replaced.

    Parameters
    ----------
    *parts : mapping
        Later ones win.

    Returns
    -------
    merged : `dict`
        A new mapping; the parts stay as they were.
    """
    merged: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            old = merged.get(key)
            merged[key] = merge(old if isinstance(old, Mapping) else {}, value) if isinstance(value, Mapping) else value
    return merged
