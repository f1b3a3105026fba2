"""The JSON Schema of DataId files."""

from __future__ import annotations

__all__ = ("json_schema",)

from typing import Any

from ._values import RANGE

_SCALAR = {"oneOf": [{"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}, {"type": "string", "minLength": 1}]}
_REASON = {"type": ["string", "null"], "description": "Why the data ID is listed."}
_RANGE = {
    "type": "string",
    "pattern": f"^[ \\t]*{RANGE}[ \\t]*$",
    "description": "Whole numbers from begin to end, which is part of it, and by a stride: 0..8 or 10..20:2.",
}


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a DataId file in JSON.

    Returns
    -------
    schema : `dict`
        The schema. Which dimensions there are and which values they take is the registry's matter, so it allows any name.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "DataId file",
        "description": "A list of Butler data IDs, or an object with such a list and what all of them share.",
        "oneOf": [_named("data_ids"), _named("document")],
        "$defs": {
            "reason": dict(_REASON),
            "scalar": dict(_SCALAR),
            "range": dict(_RANGE),
            "value": _value(),
            "data_id": {
                "type": "object",
                "properties": {name: _named("reason") for name in ("reason", "comment", "comments")},
                "additionalProperties": _named("value"),
            },
            "data_ids": {"type": "array", "items": _named("data_id")},
            "document": _document(),
        },
    }


def _named(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _value() -> dict[str, Any]:
    one = [_named("scalar"), _named("range")]
    return {
        "description": "A number or text; for numbers also a range; or a list. The data ID then stands for the product.",
        "anyOf": [*one, {"type": "array", "minItems": 1, "items": {"anyOf": list(one)}}],
    }


def _document() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "dimensions": {
                "type": "array",
                "items": {"type": "string"},
                "description": "The dimensions of the data IDs.",
            },
            "constants": {
                "type": "object",
                "description": "Values that all data IDs have.",
                "properties": {"reason": _named("reason")},
                "additionalProperties": _named("scalar"),
            },
            "data_ids": _named("data_ids"),
        },
        "required": ["data_ids"],
        "additionalProperties": False,
    }
