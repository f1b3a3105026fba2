"""The built scripts and styles: their names carry a hash, so that browsers may keep them for good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from campaigns.domain.errors import CampaignError

__all__ = ("STATIC", "Assets", "MissingBuild")

STATIC: Final = Path(__file__).parent / "static"
REMEDY: Final = "Run `make setup`, which builds them."


class MissingBuild(CampaignError):
    """The pages' scripts and styles were not built, or not wholly."""

    code = "missing_build"
    status = 500
    title = "The pages were not built"


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
            raise MissingBuild("The pages' scripts and styles are not there.", where=str(manifest), remedy=REMEDY)
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
            raise MissingBuild(f"The build did not make {name}.", where=name, remedy=REMEDY) from None
