"""The JSON Schema of DataId files."""

from __future__ import annotations

__all__ = ("json_schema",)

from typing import Any

from ._values import RANGE


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a DataId file in JSON.

    Returns
    -------
    schema : `dict`
        The schema. Which dimensions there are and which values they take is the registry's matter, so it allows any name.
    """
    scalar = {"oneOf": [{"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}, {"type": "string", "minLength": 1}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "DataId file",
        "description": "A list of Butler data IDs, or an object with such a list and what all of them share.",
        "oneOf": [{"$ref": "#/$defs/data_ids"}, {"$ref": "#/$defs/document"}],
        "$defs": {
            "reason": {"type": ["string", "null"], "description": "Why the data ID is listed."},
            "scalar": scalar,
            "range": {
                "type": "string",
                "pattern": f"^[ \\t]*{RANGE}[ \\t]*$",
                "description": "Whole numbers from begin to end, which is part of it, and by a stride: 0..8 or 10..20:2.",
            },
            "value": {
                "description": "A number or text; for numbers also a range; or a list. The data ID then stands for the product.",
                "anyOf": [
                    {"$ref": "#/$defs/scalar"},
                    {"$ref": "#/$defs/range"},
                    {
                        "type": "array",
                        "minItems": 1,
                        "items": {"anyOf": [{"$ref": "#/$defs/scalar"}, {"$ref": "#/$defs/range"}]},
                    },
                ],
            },
            "data_id": {
                "type": "object",
                "properties": {name: {"$ref": "#/$defs/reason"} for name in ("reason", "comment", "comments")},
                "additionalProperties": {"$ref": "#/$defs/value"},
            },
            "data_ids": {"type": "array", "items": {"$ref": "#/$defs/data_id"}},
            "document": {
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
                        "properties": {"reason": {"$ref": "#/$defs/reason"}},
                        "additionalProperties": {"$ref": "#/$defs/scalar"},
                    },
                    "data_ids": {"$ref": "#/$defs/data_ids"},
                },
                "required": ["data_ids"],
                "additionalProperties": False,
            },
        },
    }
