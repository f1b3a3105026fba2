"""The JSON Schema of campaign files."""

from __future__ import annotations

from typing import Any, Final

from campaigns.domain.definition.examples import example_of
from campaigns.domain.definition.model import Definition

__all__ = ("definition_schema",)

SCHEMA_ID: Final = "campaign.schema.json"
"""By what the JSON Schema is known to those that refer to it; relative, as each has it where they keep it."""


def definition_schema() -> dict[str, Any]:
    """Give the JSON Schema of ``campaign.yaml``, with an example of each property."""
    schema = Definition.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        for name, told in part.get("properties", {}).items():
            told["examples"] = [example_of(part["title"], name)]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}
