"""The content of uploaded files: in the data folder, under its SHA-256, so that the same content lies there once.

A row is written after the content that it refers to: a crash leaves content that no row names, never the other way round.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ("FileFolder", "StagedFiles")


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
        """Put all of them among the others, which takes no time: just before the rows that refer to them are committed."""
        for digest in self._digests:
            target = self._folder.path(digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._place / digest).replace(target)
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
        self._root.mkdir(parents=True, exist_ok=True)
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
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return digest

    def path(self, sha256: str) -> Path:
        """Give the path of a file by its digest."""
        return self._root / sha256[:2] / sha256
