"""Real git repositories in a folder, made commit by commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ("Repository",)

WHO = ("-c", "user.name=Mary", "-c", "user.email=mary@example.org", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")


class Repository:
    """A repository on the branch ``main``.

    Parameters
    ----------
    path : `pathlib.Path`
        Its folder; made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git in it, and give what it prints."""
        done = subprocess.run(["git", *WHO, *arguments], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, files: dict[str, str], *, subject: str = "A change", tag: str | None = None) -> str:
        """Write files, commit them, and give the commit."""
        for name, text in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        if tag is not None:
            self.git("tag", "-a", tag, "-m", tag)
        return self.git("rev-parse", "HEAD")
