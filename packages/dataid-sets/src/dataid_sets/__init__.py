"""Named, versioned sets of Butler data IDs, for inclusion and exclusion."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._comparison import Comparison
    from ._conditions import Fitness, Role, Rule
    from ._errors import (
        DatabaseFailedError,
        DataIdFileError,
        DataIdSetConflictError,
        DataIdSetDimensionsError,
        DataIdSetError,
        DataIdSetPermissionError,
        DataIdSetSchemaError,
        DataIdSetValueError,
        NoSuchDataIdSetError,
        Problem,
        UnknownDataIdsError,
        UnsupportedButlerError,
    )
    from ._installation import Finding
    from ._record import Access, DataIdSet
    from ._sets import DataIdSets, Unknown
    from ._table import DataIdTable
    from ._tagging import Tagged, Tagging
    from ._uses import Use
    from .convert import Conversion
    from .files import json_schema, parse_document, read_data_ids, write_data_ids
    from .why import Explanation

__all__ = (
    "Access",
    "Comparison",
    "Conversion",
    "DataIdFileError",
    "DataIdSet",
    "DataIdSetConflictError",
    "DataIdSetDimensionsError",
    "DataIdSetError",
    "DataIdSetPermissionError",
    "DataIdSetSchemaError",
    "DataIdSetValueError",
    "DataIdSets",
    "DataIdTable",
    "DatabaseFailedError",
    "Explanation",
    "Finding",
    "Fitness",
    "NoSuchDataIdSetError",
    "Problem",
    "Role",
    "Rule",
    "Tagged",
    "Tagging",
    "Unknown",
    "UnknownDataIdsError",
    "UnsupportedButlerError",
    "Use",
    "json_schema",
    "parse_document",
    "read_data_ids",
    "write_data_ids",
)

_HOMES = {
    "._comparison": ("Comparison",),
    "._conditions": ("Fitness", "Role", "Rule"),
    "._installation": ("Finding",),
    "._record": ("Access", "DataIdSet"),
    "._sets": ("DataIdSets", "Unknown"),
    "._table": ("DataIdTable",),
    "._tagging": ("Tagged", "Tagging"),
    "._uses": ("Use",),
    ".convert": ("Conversion",),
    ".files": ("json_schema", "parse_document", "read_data_ids", "write_data_ids"),
    ".why": ("Explanation",),
}
"""Where each name is. Every `butler` command imports this package for its commands, and must not pay for the rest."""

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF.get(name, "._errors"), __name__), name)
