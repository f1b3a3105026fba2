"""Which repositories the service reads: by protocol, by host and its addresses, and by folder on the service's own machine."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from campaigns.domain.specifications import RepositoryNotAllowed, RepositoryUnreachable
from campaigns.gateways.public import is_public

__all__ = ("GitAddresses", "Reached")

_SHORT_SSH = re.compile(r"(?P<user>[A-Za-z0-9_.-]+)@(?P<host>[A-Za-z0-9.-]+):(?P<path>[^\s:]+)")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")

Lookup = Callable[[str, int], Sequence[str]]


def _look_up(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Reached:
    """How a repository is reached: what is looked up once holds for git as well.

    Attributes
    ----------
    url : `str`
        What git is given.
    protocol : `str`
        The only one that git may use.
    options : `tuple` [`str`, ...]
        Options of git that keep it to the address that was looked at.
    ssh_options : `tuple` [`str`, ...]
        The same for ssh.
    """

    url: str
    protocol: str
    options: tuple[str, ...] = ()
    ssh_options: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether it is a folder on this machine (`bool`)."""
        return self.protocol == "file"


class GitAddresses:
    """Decides which repositories may be read.

    Parameters
    ----------
    hosts : sequence of `str`
        Hosts that may be read wherever they are. Where there are none, any host may be that has public addresses alone.
    local_roots : sequence of `pathlib.Path`
        Folders on this machine whose repositories may be read.
    proxied : `bool`, optional
        Whether git goes to https by a proxy, which looks hosts up by itself: then only hosts that are named may be read so.
    look_up : callable, optional
        Gives the addresses of a host; for tests.
    """

    def __init__(
        self,
        hosts: Sequence[str] = (),
        local_roots: Sequence[Path] = (),
        *,
        proxied: bool = False,
        look_up: Lookup = _look_up,
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._roots = tuple(local_roots)
        self._proxied = proxied
        self._look_up = look_up

    def reach(self, repository: str, *, resolving: bool = True) -> Reached:
        """Tell how a repository is reached.

        Parameters
        ----------
        repository : `str`
            Its URL or path.
        resolving : `bool`, optional
            Whether its host's addresses are looked up, which only fetching needs.

        Raises
        ------
        RepositoryNotAllowed
            If it may not be read.
        RepositoryUnreachable
            If its host has no address.
        """
        if repository.startswith("/"):
            return self._local(repository)
        short = _SHORT_SSH.fullmatch(repository)
        url = f"ssh://{short['user']}@{short['host']}/{short['path'].lstrip('/')}" if short else repository
        try:
            parts = urlsplit(url)
            port = parts.port or {"https": 443, "ssh": 22}.get(parts.scheme, 0)
        except ValueError:
            raise _refused(repository, "it is no address", "Give https://…, ssh://… or git@host:path.") from None
        host = (parts.hostname or "").lower()
        if parts.scheme not in ("https", "ssh") or not _HOST.fullmatch(host if ":" not in host else f"[{host}]"):
            remedy = "Give https://…, ssh://…, git@host:path, or a path that CAMPAIGN_GIT_LOCAL_ROOTS allows."
            raise _refused(repository, "only https and ssh are", remedy)
        if parts.password or (parts.scheme == "https" and parts.username) or (parts.username or "").startswith("-"):
            raise _refused(repository, "its address has a name or a password in it", "Give the address without.")
        if self._hosts and host not in self._hosts:
            remedy = f"Allowed are: {', '.join(sorted(self._hosts))}. CAMPAIGN_GIT_HOSTS says so."
            raise _refused(repository, f"{host} is not among the hosts that are", remedy)
        if not resolving:
            return Reached(url, parts.scheme)
        if self._proxied and parts.scheme == "https" and host not in self._hosts:
            remedy = "Ask for the host to be named in CAMPAIGN_GIT_HOSTS."
            raise _refused(repository, f"behind a proxy, {host} must be named", remedy)
        address = self._address(repository, host, port)
        if parts.scheme == "ssh":
            return Reached(url, "ssh", ssh_options=(f"-o HostName={address}", f"-o HostKeyAlias={host}"))
        pinned = f"[{address}]" if ":" in address else address
        return Reached(url, "https", options=("-c", f"http.curloptResolve={host}:{port}:{pinned}"))

    def _local(self, repository: str) -> Reached:
        try:
            path = Path(repository).resolve(strict=True)
        except OSError:
            path = Path(repository).resolve()
        if not any(path.is_relative_to(root.resolve()) for root in self._roots):
            remedy = "Give its URL, or ask for its folder to be named in CAMPAIGN_GIT_LOCAL_ROOTS."
            raise _refused(repository, "its folder is none of those that are", remedy)
        if not path.is_dir():
            told = f"There is no repository {repository} on the server."
            raise RepositoryUnreachable(told, where=repository, remedy="Correct the path; it is one on the server's machine.")
        return Reached(str(path), "file")

    def _address(self, repository: str, host: str, port: int) -> str:
        """Give the address to go to. All that the host has are looked at, since it may have both public and private ones."""
        try:
            addresses = self._look_up(host.strip("[]"), port)
        except OSError:
            addresses = []
        if not addresses:
            remedy = "Look at how it is written, and whether the server's machine finds that host."
            raise RepositoryUnreachable(f"The host {host} of {repository} cannot be found.", where=repository, remedy=remedy)
        if host not in self._hosts and not all(map(is_public, addresses)):
            remedy = "If it is to be read, ask for the host to be named in CAMPAIGN_GIT_HOSTS."
            raise _refused(repository, f"{host} is inside a private network", remedy)
        return addresses[0]


def _refused(repository: str, why: str, remedy: str) -> RepositoryNotAllowed:
    return RepositoryNotAllowed(f"The service may not read {repository}: {why}.", where=repository, remedy=remedy)
