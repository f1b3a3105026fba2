"""Who may call a route. Every route names one of these policies as its first dependency; a test proves that none is missing.

    @router.get("/campaigns", dependencies=[viewer])

A policy finds out who the caller is, refuses those it must, and leaves the caller for the other dependencies. It also refuses
parameters that the route does not know, after it has refused strangers.
"""

from __future__ import annotations

import base64
import binascii
import difflib
from typing import Final

from anyio.to_thread import run_sync
from fastapi import Depends
from fastapi.params import Depends as DependsMarker
from starlette.requests import Request

from campaigns.api.route_table import RouteTable
from campaigns.auth.browser import check_same_site, cookie_of
from campaigns.auth.doorkeeper import Doorkeeper
from campaigns.domain.errors import Fault, Forbidden, InvalidInput, NotAuthenticated, NotFound
from campaigns.domain.identity import Role, may
from campaigns.domain.users import Caller, CredentialKind

__all__ = ("Policy", "admin", "agent", "any_identity", "manager", "open_access", "operator", "viewer")


class Policy:
    """Lets callers pass that have a role.

    Parameters
    ----------
    name : `str`
        The policy's name.
    role : `Role`, optional
        The least role that is enough; without one any identity is.
    open_to_all : `bool`, optional
        Whether callers need no identity at all.
    """

    def __init__(self, name: str, *, role: Role | None = None, open_to_all: bool = False) -> None:
        self.name = name
        self.role = role
        self.open_to_all = open_to_all

    def __repr__(self) -> str:
        return f"Policy({self.name})"

    async def __call__(self, request: Request) -> None:
        """Let a request pass, or not.

        Raises
        ------
        Forbidden
            If the caller's role is not enough, or another site made the browser ask.
        InvalidInput
            If the request has parameters that the route does not know.
        NotAuthenticated
            If nobody is signed in, or the credential is not good any more.
        """
        caller = None if self.open_to_all else await self._identify(request)
        check_same_site(request, by_cookie=caller is not None and caller.kind is CredentialKind.COOKIE)
        if caller is not None:
            # The page that says no shows who was refused.
            request.state.identity = caller.identity
            self._check_role(caller)
        _check_letters(request)
        if request.url.path.startswith("/api/"):
            _check_parameters(request)

    async def _identify(self, request: Request) -> Caller:
        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        token = _bearer(request)
        # Browsers send cookies of their own accord; agents are never browsers.
        cookie = None if self.role is Role.AGENT else cookie_of(request)
        caller = None
        if token is not None:
            caller = await run_sync(doorkeeper.by_token, token)
        elif cookie is not None:
            caller = await run_sync(doorkeeper.by_cookie, cookie)
        if caller is None:
            raise NotAuthenticated(
                "The token is not good, or not any more." if token else "Nobody is signed in.",
                where="Authorization" if token else None,
                remedy="Ask for a new token." if token else "Sign in, or send an API token as Authorization: Bearer.",
            )
        await self._touch(request, caller)
        return caller

    async def _touch(self, request: Request, caller: Caller) -> None:
        state = request.app.state
        # One at a time, and nobody waits for a turn: many threads waiting to write would leave none to those who do write.
        if state.touching or not state.doorkeeper.is_due(caller):
            return
        state.touching = True
        try:
            await run_sync(state.doorkeeper.touch, caller)
        finally:
            state.touching = False

    def _check_role(self, caller: Caller) -> None:
        identity = caller.identity
        if self.role is None or may(identity, self.role):
            return
        raise Forbidden(
            f"This needs the role {self.role.value}; {identity.name} has {identity.role.value} here.",
            where=identity.name,
            remedy="Ask an administrator, or somebody who has the role.",
        )


def _bearer(request: Request) -> str | None:
    """Give the token of the Authorization header; an empty one if it has none."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, told = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return told.strip()
        case "basic":
            # What readers of feeds can send: any name, and the token as the password.
            return _password(told.strip())
        case _:
            return ""


def _password(packed: str) -> str:
    try:
        return base64.b64decode(packed, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _check_letters(request: Request) -> None:
    # PostgreSQL has no text with this letter, and fails where it is asked for.
    if "\0" in request.scope["path"]:
        raise NotFound("There is nothing of that name.", where="path", remedy="Leave out the NUL character.")
    for name, value in request.query_params.multi_items():
        if "\0" in name + value:
            raise InvalidInput("Text cannot have NUL characters.", where="query", remedy="Leave them out.")


def _check_parameters(request: Request) -> None:
    table: RouteTable = request.app.state.route_table
    known = table.find(request.scope["endpoint"]).query_parameters
    faults = []
    for name in dict.fromkeys(request.query_params):
        if name in known:
            continue
        close = difflib.get_close_matches(name, sorted(known), n=1)
        if close:
            remedy = f"Did you mean {close[0]}?"
        else:
            remedy = f"Possible here: {', '.join(sorted(known))}." if known else "Leave it out: there are none here."
        faults.append(
            Fault(code="unknown_parameter", message=f"There is no parameter {name}.", where=f"query.{name}", remedy=remedy)
        )
    if faults:
        raise InvalidInput(faults[0].message, where=faults[0].where, remedy=faults[0].remedy, faults=faults)


open_access: Final[DependsMarker] = Depends(Policy("open_access", open_to_all=True))
"""Anybody, without signing in."""

any_identity: Final[DependsMarker] = Depends(Policy("any_identity"))
"""Everyone who is known, people and agents."""

viewer: Final[DependsMarker] = Depends(Policy("viewer", role=Role.VIEWER))
"""People who may look, and all above them."""

operator: Final[DependsMarker] = Depends(Policy("operator", role=Role.OPERATOR))
"""People who may run things, and all above them."""

manager: Final[DependsMarker] = Depends(Policy("manager", role=Role.MANAGER))
"""People who may define and decide, and all above them."""

admin: Final[DependsMarker] = Depends(Policy("admin", role=Role.ADMIN))
"""Administrators."""

agent: Final[DependsMarker] = Depends(Policy("agent", role=Role.AGENT))
"""Agents, by their token; no people, and no cookies."""
