"""What all models of the REST interface share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ("Wire",)


class Wire(BaseModel):
    """A model of the interface: what is unknown is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)
