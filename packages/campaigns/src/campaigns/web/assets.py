"""The built scripts and styles: their names carry a hash, so that browsers may keep them for good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

__all__ = ("STATIC", "Assets", "MissingBuild")

STATIC: Final = Path(__file__).parent / "static"


class MissingBuild(RuntimeError):
    """The pages' scripts and styles were not built, or not wholly."""


class Assets:
    """Finds built files by the names they had before.

    Parameters
    ----------
    static : `pathlib.Path`, optional
        The folder that is served as ``/static``.

    Raises
    ------
    MissingBuild
        If nothing was built; the message says what to do.
    """

    def __init__(self, static: Path = STATIC) -> None:
        manifest = static / "built" / "manifest.json"
        if not manifest.is_file():
            raise MissingBuild(
                f"The pages' scripts and styles are not there: {manifest} is missing. Run `make setup`, which builds them."
            )
        self._names: dict[str, str] = json.loads(manifest.read_text())

    def url(self, name: str) -> str:
        """Give the address of a built file.

        Parameters
        ----------
        name : `str`
            Such as ``main.css``.

        Raises
        ------
        MissingBuild
            If the build did not make it.
        """
        try:
            return f"/static/built/{self._names[name]}"
        except KeyError:
            raise MissingBuild(f"The build did not make {name}. Run `make setup` again.") from None
