"""Why a data ID is not in an output."""

from __future__ import annotations

__all__ = ("Evidence", "Explanation", "SetExplaining", "Verdict")

from ._explanation import Evidence, Explanation, Verdict
from ._facade import SetExplaining
