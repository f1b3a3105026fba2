"""The content of uploaded files: in the data folder, under its SHA-256, so that the same content lies there once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO

__all__ = ("FileFolder",)


class FileFolder:
    """A folder of files named by their digest.

    Parameters
    ----------
    root : `pathlib.Path`
        Where they lie; made when the first file comes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put_from(self, stream: IO[bytes]) -> str:
        """Keep what a stream has, durably and without holding it in memory; gives the digest that finds it again."""
        self._root.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        handle, name = tempfile.mkstemp(dir=self._root, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                while piece := stream.read(1 << 20):
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            path = self.path(digest.hexdigest())
            path.parent.mkdir(parents=True, exist_ok=True)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return digest.hexdigest()

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
