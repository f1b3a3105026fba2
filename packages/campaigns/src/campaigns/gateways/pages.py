"""Looking whether a page is there, without being made to look where nobody should.

Only hosts of a list are asked. Each address is looked up once, and the connection goes to what was found; addresses that are
not public are asked only where the list names the host in full. Redirects are followed to hosts of the list alone.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from campaigns.gateways.public import is_public

__all__ = ("Answer", "PageGateway")

MAX_REDIRECTS = 3
AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a page is there, and what was said, or why it was not asked."""

    reached: bool
    text: str


class PageGateway:
    """Looks at pages.

    Parameters
    ----------
    hosts : iterable of `str`
        Names of hosts, or ``*.example.org`` for all below one.
    timeout_s : `float`
        How long to wait for each connection and each answer, in seconds.
    resolve : callable, optional
        Gives the addresses of a host; for tests.
    transport : `httpx.BaseTransport`, optional
        How requests travel; for tests.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        timeout_s: float,
        resolve: Callable[[str], list[str]] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        named = [host.strip().lower().rstrip(".") for host in hosts if host.strip()]
        self._exact = {host for host in named if not host.startswith("*.")}
        self._below = tuple(host[1:] for host in named if host.startswith("*."))
        self._timeout_s = timeout_s
        self._resolve = resolve or _addresses
        self._transport = transport

    def may_look_at(self, url: str) -> bool:
        """Tell whether an address is of a host of the list."""
        try:
            host = (urlsplit(url).hostname or "").lower().rstrip(".")
        except ValueError:
            return False
        return host in self._exact or host.endswith(self._below)

    def look(self, urls: Iterable[str]) -> Mapping[str, Answer]:
        """Look at some addresses, several at a time."""
        wanted = list(dict.fromkeys(urls))
        if not wanted:
            return {}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(wanted, pool.map(self._look, wanted), strict=True))

    def _look(self, url: str) -> Answer:
        try:
            with httpx.Client(
                timeout=self._timeout_s, transport=self._transport, trust_env=False, follow_redirects=False
            ) as client:
                return self._follow(client, url)
        except httpx.TimeoutException:
            return Answer(reached=False, text=f"no answer within {self._timeout_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
            return Answer(reached=False, text=_said(error))

    def _follow(self, client: httpx.Client, url: str) -> Answer:
        # Each wait is limited, and so is their sum.
        deadline = time.monotonic() + 2 * self._timeout_s
        for _ in range(MAX_REDIRECTS + 1):
            if time.monotonic() > deadline:
                return Answer(reached=False, text=f"no answer within {2 * self._timeout_s:g} s")
            status, target = self._ask(client, url)
            if target is None:
                return Answer(reached=status < 400, text=f"{status} {httpx.codes.get_reason_phrase(status)}".strip())
            url = urljoin(url, target)
            if urlsplit(url).scheme not in ("http", "https") or not self.may_look_at(url):
                leads_to = urlsplit(url).hostname or "elsewhere"
                return Answer(reached=True, text=f"{status}: leads to {leads_to}, which is not looked at")
        return Answer(reached=False, text="it leads on and on")

    def _ask(self, client: httpx.Client, url: str) -> tuple[int, str | None]:
        """Ask for the head of a page, and for the page where the host gives no heads; nothing of its content is read."""
        target = self._target(url)
        with client.stream("HEAD", target.url, headers=target.headers, extensions=target.extensions) as answer:
            found = answer
        if found.status_code in (400, 403, 404, 405, 501):
            with client.stream("GET", target.url, headers=target.headers, extensions=target.extensions) as answer:
                found = answer
        return found.status_code, found.headers.get("location") if found.is_redirect else None

    def _target(self, url: str) -> _Target:
        parts = httpx.URL(url)
        host = parts.host
        if not self.may_look_at(url):
            raise PermissionError(f"{host} is not on the list of hosts")
        addresses = self._resolve(host)
        if not addresses:
            raise OSError("the host is not known")
        if host.lower().rstrip(".") not in self._exact and not all(map(is_public, addresses)):
            raise PermissionError(f"{host} has an address that is not public")
        return _Target(
            url=str(parts.copy_with(host=addresses[0])),
            headers={"Host": parts.netloc.decode("ascii"), "User-Agent": "rubin-campaigns (looks at links)"},
            extensions={"sni_hostname": host},
        )


@dataclass(frozen=True, slots=True)
class _Target:
    """The address to connect to, by number, with the names that the host and its certificate go by."""

    url: str
    headers: dict[str, str]
    extensions: dict[str, str]


def _addresses(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _said(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "the host is not known"
    text = (str(error) or type(error).__name__).splitlines()[0]
    return text[:200]
