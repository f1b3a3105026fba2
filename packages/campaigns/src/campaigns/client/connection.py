"""Requests and answers: addresses, tokens, problems, and what is sent again when the line breaks."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final, Self
from urllib.parse import quote

import httpx

from campaigns import __version__
from campaigns.client.errors import ServerError, ServerUnreachable, error_of
from campaigns.domain.errors import InvalidInput

__all__ = ("Connection",)

API_PREFIX: Final = "/api/v1"
FILE_TIMEOUT_S: Final = 900.0
"""How long the server may be silent while it writes or checks a large file."""
_PLAIN: Final = "/@:!$&'()*+,;=~"
"""What stands in a path as it is, besides letters and digits."""
RETRY_DELAYS_S: Final = (0.2, 0.5, 1.0, 2.0)


class Connection:
    """A connection to the server, as one caller.

    Parameters
    ----------
    server : `str`
        Its address, such as ``https://campaigns.example.org``.
    token : `str`, optional
        The API token.
    timeout_s : `float`, optional
        How long to wait for an answer, in seconds.
    transport : `httpx.BaseTransport`, optional
        How requests travel; for tests.

    Raises
    ------
    InvalidInput
        If the address or the token cannot be one.
    """

    def __init__(
        self,
        server: str,
        token: str | None = None,
        *,
        timeout_s: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.server = server.rstrip("/")
        headers = {"User-Agent": f"rubin-campaigns/{__version__}", "Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {_checked_token(token)}"
        self._timeout_s = timeout_s
        self._http = httpx.Client(base_url=_address(self.server), headers=headers, timeout=timeout_s, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    # ---- the verbs -------------------------------------------------------------------------------------------------

    def get(self, path: str, **params: Any) -> Any:
        """Read something.

        Parameters
        ----------
        path : `str`
            Below ``/api/v1``, such as ``campaigns/C-4``.
        **params
            Query parameters; those that are `None` are left out.

        Returns
        -------
        answer : `typing.Any`
            The JSON document.

        Raises
        ------
        CampaignError
            As the server raised it; also for the other verbs.
        ServerUnreachable
            If there is no answer; also for the other verbs.
        """
        return self.request("GET", path, params=params, again=True)

    def items(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Read a list, all of its pieces, one item at a time; the arguments are those of `get`."""
        cursor: str | None = None
        while True:
            answer = self.get(path, **{**params, "cursor": cursor} if cursor else params)
            yield from answer["items"]
            cursor = answer["next"]
            if not cursor:
                return

    def create(self, path: str, document: Any = None, *, key: str | None = None) -> Any:
        """Make something, once, however often the line breaks.

        Parameters
        ----------
        path : `str`
            Below ``/api/v1``; a route that takes an Idempotency-Key.
        document : `typing.Any`, optional
            The JSON document.
        key : `str`, optional
            The Idempotency-Key; by default made up for this call.

        Returns
        -------
        answer : `typing.Any`
            The JSON document.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.request("POST", path, document=document, headers=headers, again=True)

    def post(self, path: str, document: Any = None) -> Any:
        """Do something. It is not sent again when the line breaks, since it may have happened."""
        return self.request("POST", path, document=document)

    def put(self, path: str, document: Any = None, *, revision: int | None = None) -> Any:
        """Replace something; see `patch`."""
        return self.request("PUT", path, document=document, headers=_if_match(revision), again=revision is None)

    def patch(self, path: str, document: Any, *, revision: int | None = None) -> Any:
        """Change something.

        Parameters
        ----------
        path : `str`
            Below ``/api/v1``.
        document : `typing.Any`
            The JSON document.
        revision : `int`, optional
            The revision that was read: the change is refused if there is a newer one.

        Returns
        -------
        answer : `typing.Any`
            The JSON document.
        """
        return self.request("PATCH", path, document=document, headers=_if_match(revision))

    def delete(self, path: str) -> Any:
        """Take something away."""
        return self.request("DELETE", path, again=True)

    # ---- files -----------------------------------------------------------------------------------------------------

    def receive(self, path: str, target: IO[bytes], **params: Any) -> None:
        """Read a file, piece by piece.

        Parameters
        ----------
        path : `str`
            Below ``/api/v1``.
        target : file object
            Where it is written to, in binary.
        **params
            Query parameters; those that are `None` are left out.
        """
        told = {name: value for name, value in params.items() if value is not None}
        timeout = httpx.Timeout(FILE_TIMEOUT_S, connect=self._timeout_s)
        try:
            with self._http.stream("GET", _url(path), params=told, timeout=timeout) as response:
                if not response.is_success:
                    response.read()
                    raise error_of(_problem(response))
                for piece in response.iter_bytes():
                    target.write(piece)
        except httpx.RequestError as error:
            raise self._unreachable(error) from error

    def send_file(self, path: str, source: IO[bytes], **params: Any) -> Any:
        """Send a file, piece by piece, and read the answer; the arguments are those of `receive`."""
        told = {name: value for name, value in params.items() if value is not None}
        timeout = httpx.Timeout(FILE_TIMEOUT_S, connect=self._timeout_s)
        headers = {"Content-Type": "application/zip"}
        try:
            response = self._http.post(_url(path), content=source, params=told, headers=headers, timeout=timeout)
        except httpx.RequestError as error:
            raise self._unreachable(error) from error
        return _read(response)

    def send_form(self, path: str, files: Mapping[str, bytes]) -> Any:
        """Send small files by their names, as a form with fields ``files``, and read the answer."""
        request = self._http.build_request(
            "POST",
            _url(path),
            files=[("files", (name, content)) for name, content in files.items()],
            timeout=httpx.Timeout(FILE_TIMEOUT_S, connect=self._timeout_s),
        )
        response = self._send(request, again=False)
        return _read(response)

    # ---- inside ----------------------------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        document: Any = None,
        text: str | None = None,
        headers: Mapping[str, str] | None = None,
        again: bool = False,
        wait_s: float = 0.0,
    ) -> Any:
        """Send a request and read the answer.

        Parameters
        ----------
        method, path : `str`
            What to do, and where below ``/api/v1``.
        params : mapping, optional
            Query parameters; those that are `None` are left out.
        document : `typing.Any`, optional
            The JSON document to send.
        text : `str`, optional
            YAML to send instead, as it is: the server's messages then tell the line.
        headers : mapping, optional
            More headers.
        again : `bool`, optional
            Whether it may be sent again when nobody knows if it arrived.
        wait_s : `float`, optional
            How long the server may wait before it answers, in seconds, beyond what an answer takes anyway.

        Returns
        -------
        answer : `typing.Any`
            The JSON document; `None` if there is none.
        """
        request = self._http.build_request(
            method,
            _url(path),
            params={name: value for name, value in (params or {}).items() if value is not None},
            json=document,
            content=text,
            timeout=httpx.Timeout(self._timeout_s + wait_s),
            headers={**(headers or {}), **({} if text is None else {"Content-Type": "application/yaml"})},
        )
        response = self._send(request, again=again)
        return _read(response)

    def _send(self, request: httpx.Request, *, again: bool) -> httpx.Response:
        delays = iter(RETRY_DELAYS_S)
        while True:
            try:
                return self._http.send(request)
            except httpx.RequestError as error:
                # A connection that was never made carried nothing.
                harmless = again or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                delay_s = next(delays, None)
                if not harmless or delay_s is None:
                    raise self._unreachable(error) from error
                time.sleep(delay_s)

    def _unreachable(self, error: Exception) -> ServerUnreachable:
        return ServerUnreachable(
            f"The server at {self.server} does not answer: {str(error).rstrip('.') or type(error).__name__}.",
            where=self.server,
            remedy="Is it running, and is CAMPAIGN_SERVER its address?",
        )


def _address(server: str) -> httpx.URL:
    try:
        url = httpx.URL(server)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme in ("http", "https") and url.host:
        return url
    raise InvalidInput(
        f"{server} is not the address of a server.",
        where="CAMPAIGN_SERVER",
        remedy="Give such as https://campaigns.example.org, by CAMPAIGN_SERVER or `--server`.",
    )


def _checked_token(token: str) -> str:
    if token.isascii() and token.isprintable():
        return token
    remedy = "Look whether all of it was copied, and nothing else; `campaign login` makes another."
    raise InvalidInput("The token has letters that no token has.", where="CAMPAIGN_TOKEN", remedy=remedy)


def _url(path: str) -> str:
    """Write a path below the interface, in which a name may have any letters."""
    return f"{API_PREFIX}/{quote(path.lstrip('/'), safe=_PLAIN)}"


def _if_match(revision: int | None) -> dict[str, str]:
    return {} if revision is None else {"If-Match": f'"{revision}"'}


def _read(response: httpx.Response) -> Any:
    """Read an answer's JSON; `None` if it is empty."""
    if response.is_success and not response.content:
        return None
    if response.is_success and response.headers.get("content-type", "").partition(";")[0] == "application/json":
        return response.json()
    raise error_of(_problem(response))


def _problem(response: httpx.Response) -> dict[str, Any]:
    """Read a problem document; what is none, such as a proxy's page, becomes one."""
    try:
        problem = response.json()
    except json.JSONDecodeError:
        problem = None
    if isinstance(problem, dict) and "code" in problem:
        return problem
    return {
        "code": ServerError.code,
        "status": response.status_code,
        "title": ServerError.title,
        "detail": f"The server answered {response.status_code} {response.reason_phrase}.",
        "where": str(response.request.url),
        "remedy": "Is CAMPAIGN_SERVER the address of the service?",
    }
