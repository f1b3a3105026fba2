"""The folder of uploaded files: what is kept outlasts a crash, and what others left half done is removed."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest

from campaigns.api.routes.portable import passing_file
from campaigns.config import Settings
from campaigns.storage.files import LEFTOVER_AFTER_S, FileFolder, sweep_leftovers


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data" / "files"


@pytest.fixture
def durable(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was made durable, in the order of it."""
    seen: list[Path] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        seen.append(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    monkeypatch.setattr("os.fsync", watched)
    return seen


def test_what_is_put_outlasts_a_crash(root: Path, durable: list[Path]) -> None:
    folder = FileFolder(root)
    path = folder.path(folder.put(b"one"))
    assert path.read_bytes() == b"one"
    assert {path.parent, root, root.parent} <= set(durable)
    # The content first, then its name.
    content = next(position for position, seen in enumerate(durable) if seen.name.startswith(".new-"))
    assert content < durable.index(path.parent)
    durable.clear()
    folder.put(b"one")
    assert path.parent in durable, "another process may have put it there just now"


def test_what_is_kept_outlasts_a_crash(root: Path, durable: list[Path]) -> None:
    folder = FileFolder(root)
    contents = [f"content {number}".encode() for number in range(300)]
    with folder.staged() as staged:
        digests = [staged.add(io.BytesIO(content)) for content in contents]
        durable.clear()
        staged.keep()
    parents = {folder.path(digest).parent for digest in digests}
    assert len(parents) < len(contents), "some share a folder"
    assert sorted(durable) == sorted({*parents, root}), "each folder once"
    assert [folder.path(digest).read_bytes() for digest in digests] == contents


def test_what_is_not_kept_is_gone(root: Path) -> None:
    with FileFolder(root).staged() as staged:
        staged.add(io.BytesIO(b"one"))
    assert list(root.iterdir()) == []


def test_leftovers_are_removed_after_a_day(root: Path) -> None:
    folder = FileFolder(root)
    kept = folder.path(folder.put(b"one"))
    made: dict[str, list[Path]] = {"old": [], "young": []}
    for paths in made.values():
        handle, passing = passing_file(Settings(data_dir=root.parent))
        os.close(handle)
        staged = root / f".staged-{len(list(root.iterdir()))}"
        staged.mkdir()
        (staged / "new").write_bytes(b"half")
        new = root / f".new-{len(list(root.iterdir()))}"
        new.write_bytes(b"half")
        paths.extend([passing, staged, new])
    long_ago = time.time() - LEFTOVER_AFTER_S - 60
    for path in (*made["old"], kept):
        os.utime(path, (long_ago, long_ago))
    assert sweep_leftovers(root.parent) == 3
    assert not any(path.exists() for path in made["old"])
    assert all(path.exists() for path in (*made["young"], kept, made["young"][1] / "new"))
    assert sweep_leftovers(root.parent) == 0


def test_there_may_be_nothing_yet(tmp_path: Path) -> None:
    assert sweep_leftovers(tmp_path / "none") == 0
