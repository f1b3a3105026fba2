"""Repositories, read through ``git`` itself: what a reference stands for, files at a commit, what came since.

What is fetched is kept in bare mirrors below a folder of the service's own. Git gets no configuration, hooks or credentials of
the machine, asks nobody, and reaches only where `GitAddresses` lets it. Nothing here knows of a database, and nothing may be
called within a transaction that writes: git waits for networks.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from campaigns.domain.specifications import (
    BranchMove,
    Commit,
    GitFailed,
    NotInRepository,
    ReferenceNotFound,
    RepositoryTooLarge,
    RepositoryUnreachable,
)
from campaigns.gateways.gitaddresses import GitAddresses, Reached
from campaigns.gateways.gitprocess import GitProcess, GitRun

__all__ = ("GitGateway",)

MEGABYTE: Final = 1_000_000
MAX_LOG: Final = 50
"""How many commits a log lists at most."""

N_AT_ONCE: Final = 2000
"""How many paths one call of git is asked for at most; many more would not fit."""

_HASH = re.compile(r"[0-9a-f]{40}")
_REFUSED = (
    "could not read",
    "not found",
    "does not exist",
    "authentication failed",
    "permission denied",
    "does not appear to be",
)


class GitGateway:
    """Reads repositories.

    Parameters
    ----------
    folder : `pathlib.Path`
        Where mirrors are kept; made when it is needed.
    addresses : `GitAddresses`
        Which repositories may be read.
    timeout_s : `float`
        How long git may take at a time, in seconds.
    max_mb : `float`
        How large a repository's objects, or an archive, may be, in megabytes.
    max_file_mb : `float`
        How large a file may be that is read, in megabytes.
    ssh_key, known_hosts : `pathlib.Path`, optional
        The key for ssh, and the file with the keys of hosts; by default those of the account.
    """

    def __init__(
        self,
        folder: Path,
        addresses: GitAddresses,
        *,
        timeout_s: float = 60.0,
        max_mb: float = 500.0,
        max_file_mb: float = 5.0,
        ssh_key: Path | None = None,
        known_hosts: Path | None = None,
    ) -> None:
        self._folder = folder
        self._addresses = addresses
        self._timeout_s = timeout_s
        self._max_file_bytes = round(max_file_mb * MEGABYTE)
        self._max_bytes = round(max_mb * MEGABYTE)
        self._git = GitProcess(
            folder / "home", timeout_s=timeout_s, max_bytes=self._max_bytes, ssh_key=ssh_key, known_hosts=known_hosts
        )

    def resolve(self, repository: str, reference: str) -> str:
        """Give the commit that a tag, a branch or a commit's hash stands for now; a tag goes before a branch of its name.

        Parameters
        ----------
        repository : `str`
            Its URL or path.
        reference : `str`
            A tag, a branch or a commit, whole or its beginning.

        Returns
        -------
        commit : `str`
            The whole hash.

        Raises
        ------
        RepositoryNotAllowed
            If the service does not read it.
        RepositoryUnreachable
            If it does not answer or does not let the service in.
        ReferenceNotFound
            If it has no such reference.
        """
        _check_reference(reference)
        reached = self._addresses.reach(repository)
        with self._mirror(repository) as mirror:
            # A whole hash cannot come to mean something else.
            if _HASH.fullmatch(reference) and (known := self._find(mirror, reference)) is not None:
                return known
            self._fetch(mirror, repository, reached)
            found = self._find(mirror, reference)
        if found is None:
            raise ReferenceNotFound(
                f"{repository} has no tag, branch or commit {reference}.",
                where=reference,
                remedy="Look at how it is written there, and whether the tag was pushed.",
            )
        return found

    def read(self, repository: str, commit: str, path: str) -> bytes:
        """Give a file's content at a commit; raises `NotInRepository` or `RepositoryTooLarge` where it cannot be had."""
        with self._at(repository, commit) as mirror:
            kind = self._kind(mirror, repository, commit, path)
            if kind != "blob":
                raise NotInRepository(f"{path or '/'} is a folder in {repository}.", where=path, remedy="Name a file in it.")
            size = int(self._run(mirror, ["cat-file", "-s", f"{commit}:{path}"]).text)
            if size > self._max_file_bytes:
                told = f"{path} has {size / MEGABYTE:.1f} MB; at most {self._max_file_bytes / MEGABYTE:g} are read."
                raise RepositoryTooLarge(
                    told, where=path, remedy="Ask for a higher CAMPAIGN_GIT_MAX_FILE_MB, or take a smaller file."
                )
            return self._run(mirror, ["cat-file", "blob", f"{commit}:{path}"]).output

    def files(self, repository: str, commit: str, path: str = "", *, suffix: str = "") -> list[tuple[str, int]]:
        """List the files at a commit whose names end so, below a folder or one file itself: path from the root, size in bytes."""
        with self._at(repository, commit) as mirror:
            self._kind(mirror, repository, commit, path)
            listed = self._run(mirror, ["ls-tree", "-r", "-l", "-z", commit, "--", *([path] if path else [])]).text
        found = []
        for entry in listed.split("\0"):
            head, _, name = entry.partition("\t")
            fields = head.split()
            if name.endswith(suffix) and len(fields) == 4 and fields[1] == "blob":
                found.append((name, int(fields[3])))
        return found

    def check_path(self, repository: str, commit: str, path: str) -> None:
        """See that there is a file or a folder at a commit; raises `NotInRepository` where there is none."""
        with self._at(repository, commit) as mirror:
            self._kind(mirror, repository, commit, path)

    def missing(self, repository: str, commit: str, paths: Iterable[str]) -> set[str]:
        """Tell which of some paths are no files at a commit."""
        wanted = set(paths)
        with self._at(repository, commit) as mirror:
            asked = sorted(path for path in wanted if _is_path(path))
            there: set[str] = set()
            for start in range(0, len(asked), N_AT_ONCE):
                part = asked[start : start + N_AT_ONCE]
                listed = self._run(mirror, ["ls-tree", "-z", commit, "--", *part]).text.split("\0")
                entries = (entry.partition("\t") for entry in listed)
                there.update(name for head, _, name in entries if head.split()[1:2] == ["blob"])
        return wanted - there

    def moved(self, repository: str, reference: str, commit: str) -> BranchMove:
        """Tell how far a reference has moved from a commit; raises as `resolve` does."""
        now = self.resolve(repository, reference)
        with self._at(repository, commit) as mirror:
            behind, ahead = self._run(mirror, ["rev-list", "--left-right", "--count", f"{commit}...{now}"]).text.split()
        return BranchMove(commit=now, n_ahead=int(ahead), n_behind=int(behind), commits=tuple(self.log(repository, commit, now)))

    def log(self, repository: str, older: str, newer: str) -> list[Commit]:
        """List the commits that one has and an older one has not, newest first; at most 50."""
        _check_hash(older)
        with self._at(repository, newer) as mirror:
            arguments = ["log", f"--max-count={MAX_LOG}", "-z", "--format=%H%x1f%an%x1f%ct%x1f%s", f"{older}..{newer}"]
            entries = self._run(mirror, arguments).text.split("\0")
        commits = [entry.split("\x1f") for entry in entries if entry]
        return [Commit(commit, author, int(at_s) * 1_000_000, subject) for commit, author, at_s, subject in commits]

    def archive(self, repository: str, commit: str, target: Path) -> None:
        """Write all files at a commit into a tar file; raises `RepositoryTooLarge` if it would be too large."""
        with self._at(repository, commit) as mirror:
            self._run(mirror, ["archive", "--format=tar", f"--output={target}", commit])

    # ---- mirrors ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _mirror(self, repository: str) -> Iterator[Path]:
        """Hold the mirror of a repository, and nobody else's fetch beside one's own."""
        name = hashlib.sha256(repository.encode()).hexdigest()[:32]
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mirror = self._folder / f"{name}.git"
        with (self._folder / f"{name}.lock").open("w") as lock:
            self._wait_for(lock.fileno(), repository)
            if not (mirror / "HEAD").exists():
                shutil.rmtree(mirror, ignore_errors=True)
                self._git.run(["init", "--quiet", "--bare", "--template=", str(mirror)])
            yield mirror

    def _wait_for(self, lock: int, repository: str) -> None:
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    remedy = "Try again in a while."
                    raise RepositoryUnreachable(f"{repository} is being fetched, and it takes long.", remedy=remedy) from None
                time.sleep(0.05)
            else:
                return

    @contextmanager
    def _at(self, repository: str, commit: str) -> Iterator[Path]:
        """Hold the mirror of a repository that has a commit; it is fetched where it has not."""
        _check_hash(commit)
        reached = self._addresses.reach(repository, resolving=False)
        with self._mirror(repository) as mirror:
            if self._find(mirror, commit) is None:
                self._fetch(mirror, repository, reached if reached.is_local else self._addresses.reach(repository))
            if self._find(mirror, commit) is None:
                remedy = "History was rewritten there, and no branch or tag has it any more: ask who looks after it."
                raise ReferenceNotFound(f"{repository} has no commit {commit[:10]} any more.", where=commit, remedy=remedy)
            yield mirror

    def _fetch(self, mirror: Path, repository: str, reached: Reached) -> None:
        # What a branch has lost stays in the mirror: commits that campaigns were started from are still needed.
        arguments = ["fetch", "--quiet", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules", "--force", "--prune"]
        refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        run = self._git.run([*reached.options, *arguments, "--", reached.url, *refs], within=mirror, reached=reached)
        if run.code == 0:
            return
        if run.too_large:
            told = f"{repository} is larger than {self._max_bytes / MEGABYTE:g} MB."
            raise RepositoryTooLarge(told, where=repository, remedy="Ask for a higher CAMPAIGN_GIT_MAX_MB.")
        if run.timed_out:
            told = f"{repository} did not answer in {self._timeout_s:g} seconds."
            raise RepositoryUnreachable(told, where=repository, remedy="Try again, or ask for a higher CAMPAIGN_GIT_TIMEOUT_S.")
        reason = run.reason
        hint = "Look at how it is written, and whether the service may read it without being asked for a password."
        known = any(word in reason.lower() for word in _REFUSED)
        remedy = hint if known else "Look whether the service's machine reaches that host."
        raise RepositoryUnreachable(f"{repository} cannot be read: {reason}.", where=repository, remedy=remedy)

    def _find(self, mirror: Path, reference: str) -> str | None:
        candidates = [f"refs/tags/{reference}", f"refs/heads/{reference}"]
        if re.fullmatch(r"[0-9a-f]{7,40}", reference):
            candidates = [reference] if _HASH.fullmatch(reference) else [*candidates, reference]
        for candidate in candidates:
            run = self._git.run(
                ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}"], within=mirror
            )
            if run.code == 0 and _HASH.fullmatch(run.text.strip()):
                return run.text.strip()
        return None

    def _kind(self, mirror: Path, repository: str, commit: str, path: str) -> str:
        _check_path(path)
        run = self._git.run(["cat-file", "-t", f"{commit}:{path}"], within=mirror)
        if run.code != 0:
            told = f"{repository} has no file {path} at {commit[:10]}."
            raise NotInRepository(told, where=path, remedy="Paths begin at the repository's root; look whether it was committed.")
        return run.text.strip()

    def _run(self, mirror: Path, arguments: list[str]) -> GitRun:
        run = self._git.run(arguments, within=mirror)
        if run.code == 0:
            return run
        if run.too_large:
            told = f"What is read is larger than {self._max_bytes / MEGABYTE:g} MB."
            raise RepositoryTooLarge(told, remedy="Ask for a higher CAMPAIGN_GIT_MAX_MB.")
        raise GitFailed(f"Git failed: {run.reason}.", remedy="The server's log has the whole.")


def _check_reference(reference: str) -> None:
    bad = (
        reference.startswith("-")
        or ".." in reference
        or re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./+@#=-]{0,199}", reference) is None
    )
    if bad:
        remedy = "Give a name such as `v1.2`, `main` or `3f2a91c`."
        raise ReferenceNotFound(f"{reference!r} is no name of a tag, a branch or a commit.", where="reference", remedy=remedy)


def _check_hash(commit: str) -> None:
    if _HASH.fullmatch(commit) is None:
        raise ReferenceNotFound(f"{commit!r} is no commit's whole hash.", where="commit", remedy="Resolve the reference first.")


def _is_path(path: str) -> bool:
    odd = path.startswith(("-", "/", ":")) or ".." in path.split("/") or any(ord(letter) < 32 for letter in path)
    return bool(path) and not odd


def _check_path(path: str) -> None:
    if path and not _is_path(path):
        raise NotInRepository(f"{path!r} is no path in a repository.", where="path", remedy="Begin at the repository's root.")
