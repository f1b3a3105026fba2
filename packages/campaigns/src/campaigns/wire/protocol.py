"""What all models of the agents' protocol share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

__all__ = ("Uuid", "Wire")

Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""A UUID as text, in the form that both databases give."""


class Wire(BaseModel):
    """A model of the protocol: what is unknown is an error, what was sent does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, data: Any) -> Any:
        return _printable(data)


def _printable(data: Any) -> Any:
    """Replace what logs of crashed programs have in text and no database or answer can: NUL, and halves of surrogate pairs."""
    match data:
        case str():
            text = data.replace("\x00", "\N{REPLACEMENT CHARACTER}")
            return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_printable(key): _printable(value) for key, value in data.items()}
        case list():
            return [_printable(value) for value in data]
        case _:
            return data
