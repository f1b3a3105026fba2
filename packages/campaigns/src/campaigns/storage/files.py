"""The content of uploaded files: in the data folder, under its SHA-256, so that the same content lies there once.

A row is written after the content that it refers to: a crash, or a transaction that fails at its very end, leaves content that no
row names, never the other way round. Such content stays: another row may have come to name it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

__all__ = ("FileFolder", "StagedFiles", "sweep_leftovers")

LEFTOVER_AFTER_S: Final = 24 * 3600
"""So long after its last change nobody is writing what was to be put elsewhere or to be sent."""


class StagedFiles:
    """Files that lie ready beside the others; nobody finds them there until they are kept.

    Parameters
    ----------
    folder : `FileFolder`
        Where they are to be.
    place : `pathlib.Path`
        Where they lie until then; on the same file system.
    """

    def __init__(self, folder: FileFolder, place: Path) -> None:
        self._folder = folder
        self._place = place
        self._digests: set[str] = set()

    def add(self, stream: IO[bytes]) -> str:
        """Take what a stream has, durably and without holding it in memory; gives the digest that finds it once it is kept."""
        digest = hashlib.sha256()
        path = self._place / "new"
        with path.open("wb") as file:
            while piece := stream.read(1 << 20):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        path.replace(self._place / digest.hexdigest())
        self._digests.add(digest.hexdigest())
        return digest.hexdigest()

    def keep(self) -> None:
        """Put all of them among the others, durably and in little time: just before the rows that refer to them are committed."""
        targets = {digest: self._folder.path(digest) for digest in self._digests}
        folders = {target.parent for target in targets.values()}
        for folder in folders:
            folder.mkdir(exist_ok=True)
        for digest, target in targets.items():
            (self._place / digest).replace(target)
        _make_durable(*folders)
        self._digests.clear()


class FileFolder:
    """A folder of files named by their digest.

    Parameters
    ----------
    root : `pathlib.Path`
        Where they lie; made when the first file comes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def staged(self) -> Iterator[StagedFiles]:
        """Have a place for files that may come to nothing; what is not kept when the block ends is gone."""
        self._make_root()
        with tempfile.TemporaryDirectory(dir=self._root, prefix=".staged-") as place:
            yield StagedFiles(self, Path(place))

    def put(self, content: bytes) -> str:
        """Keep content durably, before any row refers to it.

        Parameters
        ----------
        content : `bytes`
            The whole file.

        Returns
        -------
        sha256 : `str`
            The digest that finds it again.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        if path.exists():
            # Whoever put it there may not have made that durable yet.
            _make_durable(path.parent)
            return digest
        self._make_root()
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._root, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _make_durable(path.parent)
        return digest

    def path(self, sha256: str) -> Path:
        """Give the path of a file by its digest."""
        return self._root / sha256[:2] / sha256

    def _make_root(self) -> None:
        if not self._root.is_dir():
            self._root.mkdir(parents=True, exist_ok=True)
            _make_durable(self._root)


def sweep_leftovers(data_dir: Path) -> int:
    """Remove what those left who were stopped while they took, kept or sent a file; once, when the server starts.

    Parameters
    ----------
    data_dir : `pathlib.Path`
        The data folder. What changed within a day stays: another process may be writing it.

    Returns
    -------
    n_removed : `int`
        How many files and folders were removed.
    """
    before_s = time.time() - LEFTOVER_AFTER_S
    files = data_dir / "files"
    found = (*data_dir.glob(".passing-*"), *files.glob(".staged-*"), *files.glob(".new-*"))
    left = [path for path in found if _is_older(path, before_s)]
    for path in left:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(left)


def _is_older(path: Path, before_s: float) -> bool:
    try:
        return path.stat().st_mtime < before_s
    except FileNotFoundError:
        return False


def _make_durable(*folders: Path) -> None:
    """See that the names in folders, and their own, outlast a crash of the machine."""
    for each in {*folders, *(folder.parent for folder in folders)}:
        handle = os.open(each, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
