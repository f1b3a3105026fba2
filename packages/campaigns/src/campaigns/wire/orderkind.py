"""What an agent can be asked to do."""

from __future__ import annotations

from enum import StrEnum

__all__ = ("SET_ORDERS", "OrderKind")


class OrderKind(StrEnum):
    """What an agent can be asked to do."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    CHAIN = "chain"
    PREFLIGHT = "preflight"
    UPLOAD_SET = "upload_set"
    LIST_SETS = "list_sets"
    SHOW_SET = "show_set"
    FIND_OUTPUTS = "find_outputs"
    INSPECT_RUN = "inspect_run"
    COMPARE_OUTPUTS = "compare_outputs"


SET_ORDERS = frozenset({OrderKind.UPLOAD_SET, OrderKind.LIST_SETS, OrderKind.SHOW_SET, OrderKind.FIND_OUTPUTS})
"""The orders about DataId sets."""
