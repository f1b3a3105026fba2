"""What an application's routes are: path, parameters and policy, by handler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import Route

__all__ = ("RouteInfo", "RouteTable")


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """One route.

    Attributes
    ----------
    path : `str`
        With its prefix, such as ``/api/v1/campaigns/{campaign_id}``.
    methods : `frozenset` [`str`]
        Such as ``GET``.
    query_parameters : `frozenset` [`str`]
        The names that may stand after the question mark.
    dependencies : `tuple`
        The callables that the route, its routers and the application name as dependencies, in the order of their calls.
    everything_called : `frozenset`
        Those, those that the handler asks for, and all that they ask for in turn.
    """

    path: str
    methods: frozenset[str]
    query_parameters: frozenset[str]
    dependencies: tuple[Callable[..., Any], ...]
    everything_called: frozenset[Callable[..., Any]]


class RouteTable:
    """The routes of an application, looked up by handler; made when first asked for, since routers are added until then.

    Parameters
    ----------
    app : `fastapi.FastAPI`
        The application.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._by_handler: dict[Any, RouteInfo] | None = None

    def find(self, handler: object) -> RouteInfo:
        """Give the route that a handler serves."""
        if self._by_handler is None:
            self._by_handler = {context.endpoint: info for context, info in self._all()}
        return self._by_handler[handler]

    def routes(self) -> list[RouteInfo]:
        """List all routes, in the order in which they were added."""
        return [info for _, info in self._all()]

    def _all(self) -> Iterator[tuple[RouteContext, RouteInfo]]:
        for context in iter_route_contexts(self._app.routes):
            if isinstance(context.original_route, Route) and context.endpoint is not None:
                yield context, _info(context)


def _info(context: RouteContext) -> RouteInfo:
    dependant = getattr(context, "dependant", None)
    params = [] if dependant is None else get_flat_params(dependant)
    return RouteInfo(
        path=context.path or "",
        methods=frozenset(context.methods or ()),
        query_parameters=frozenset(param.alias for param in params if isinstance(param.field_info, Query)),
        dependencies=tuple(depends.dependency for depends in getattr(context, "dependencies", None) or ()),
        everything_called=frozenset(() if dependant is None else _called(dependant)),
    )


def _called(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for inner in dependant.dependencies:
        if inner.call is not None:
            yield inner.call
        yield from _called(inner)
