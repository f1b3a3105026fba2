"""Campaign files as request bodies: JSON, or YAML, whose line numbers then stand in the messages."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import Depends, Request

from campaigns.domain.definition import Definition
from campaigns.domain.definition.schema import definition_schema
from campaigns.domain.document import read_definition, read_yaml
from campaigns.domain.errors import InvalidInput

__all__ = ("DOCUMENT_BODY", "SentDefinition")

_YAML_TYPES: Final = ("application/yaml", "application/x-yaml", "text/yaml")

DOCUMENT_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A campaign file; `campaign schema` prints the whole schema.",
        "content": {
            "application/json": {"schema": {"type": "object", "required": definition_schema()["required"]}},
            "application/yaml": {"schema": {"type": "string"}},
        },
    }
}
"""What a route with `SentDefinition` gives as ``openapi_extra``."""


async def _sent_definition(request: Request) -> Definition:
    body = await request.body()
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("The campaign file is not UTF-8 text.", where=f"body, byte {error.start}") from None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() in _YAML_TYPES:
        return read_yaml(text)
    try:
        return read_definition(json.loads(text))
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"The body is not valid JSON: {error.msg}.",
            where=f"body, line {error.lineno}, column {error.colno}",
            remedy="Send JSON, or YAML as application/yaml.",
        ) from None
    except RecursionError:
        raise InvalidInput("The document is nested too deeply.", where="body") from None
    except ValueError:
        raise InvalidInput("A number in the document has too many digits.", where="body") from None


SentDefinition = Annotated[Definition, Depends(_sent_definition)]
"""The definition in the request's body, checked."""
