"""What is wrong with a request's parameters and body, in the words of what they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.requests import Request

from campaigns.domain.errors import Fault
from campaigns.domain.keeping import place_text

__all__ = ("mistake",)


def mistake(request: Request, found: Mapping[str, Any]) -> Fault:
    """Tell of one thing that is wrong with a request.

    Parameters
    ----------
    request : `starlette.requests.Request`
        What was asked.
    found : mapping
        The mistake, as Pydantic tells it.

    Returns
    -------
    fault : `Fault`
        With its place and a remedy.
    """
    place = found["loc"]
    remedy = _remedy(found, _field(request, place), _names(request, place))
    return Fault(code=found["type"], message=_sentence(found["msg"]), where=place_text(place), remedy=remedy)


def _remedy(found: Mapping[str, Any], field: FieldInfo | None, names: Sequence[str]) -> str:
    meant = f": {field.description}" if field is not None and field.description else "."
    match found["type"]:
        case "missing":
            return f"Give it{meant}"
        case "extra_forbidden":
            return f"Leave it out. There are: {', '.join(names)}." if names else "Leave it out."
        case "enum" | "literal_error":
            return f"Give {found['ctx']['expected']}."
        case _:
            return f"Give another value{meant}"


def _field(request: Request, place: Sequence[int | str]) -> FieldInfo | None:
    """Find what a place in a request is declared as."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not place:
        return None
    if place[0] != "body":
        fields = [*route.dependant.query_params, *route.dependant.path_params, *route.dependant.header_params]
        return next((field.field_info for field in fields if field.alias == place[-1]), None)
    field = None if route.body_field is None else route.body_field.field_info
    for part in place[1:]:
        model = None if field is None else _model(field.annotation)
        if model is not None and isinstance(part, str):
            field = model.model_fields.get(part)
    return field


def _names(request: Request, place: Sequence[int | str]) -> list[str]:
    """List what there is beside a place in a body."""
    around = _field(request, place[:-1]) if place[0] == "body" else None
    model = None if around is None else _model(around.annotation)
    return [] if model is None else list(model.model_fields)


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for model in map(_model, get_args(annotation)) if model is not None), None)


def _sentence(text: str) -> str:
    # Pydantic says "Value error, …" before what our own validators say.
    text = text.removeprefix("Value error, ")
    return text if text.endswith((".", "?", "!")) else f"{text}."
