"""What a campaign sets over the stack: variables and local packages, for one request and in its fork alone."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from campaigns_instack.faults import StackError

__all__ = ("set_surroundings",)


def set_surroundings(environment: dict[str, str], local_packages: list[str]) -> None:
    """Set variables and packages in this process.

    Parameters
    ----------
    environment : `dict`
        The variables.
    local_packages : `list` [`str`]
        Folders of packages; later ones win. They may begin with variables.

    Raises
    ------
    StackError
        If a folder is not there.
    """
    for index, given in enumerate(local_packages):
        path = Path(os.path.expandvars(given))
        if not path.is_dir():
            raise StackError(
                "local_package_not_found",
                f"There is no local package {given}.",
                where=f"local_packages[{index}]",
                remedy="Correct the path, which is one at the site, and look whether the agent can read it.",
            )
        _set_up(path)
    os.environ.update(environment)


def _set_up(path: Path) -> None:
    name = re.sub(r"\W", "_", path.name, flags=re.ASCII).upper()
    os.environ[f"{name}_DIR"] = str(path)
    if (path / "bin").is_dir():
        os.environ["PATH"] = f"{path}/bin:{os.environ.get('PATH', '')}"
    python = path / "python"
    if not python.is_dir():
        return
    sys.path.insert(0, str(python))
    os.environ["PYTHONPATH"] = ":".join(filter(None, [str(python), os.environ.get("PYTHONPATH")]))
    for module_name, module in list(sys.modules.items()):
        # Namespaces looked for their parts when they were imported, which was before.
        found: Any = getattr(module, "__path__", None)
        part = python.joinpath(*module_name.split("."))
        if found is not None and part.is_dir():
            module.__path__ = [str(part), *found]
