"""What the demonstration stands on: a folder with a repository, a site file, and a database with a visitor in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from campaigns.cli.opening import current_database
from campaigns.config import Settings, load_settings
from campaigns.domain.errors import InvalidInput, NotReady
from campaigns.domain.identity import SYSTEM, Role
from campaigns.gateways.clock import SystemClock
from campaigns.services.factory import Factory
from campaigns.storage.users import UserStore

__all__ = ("SITE", "VISITOR", "Ground", "prepare")

SITE: Final = "local"
VISITOR: Final = "visitor"
MINUTE_US: Final = 60_000_000


@dataclass(frozen=True)
class Ground:
    """A folder in which the demonstration can run.

    Attributes
    ----------
    folder : `pathlib.Path`
        Absolute; all that the demonstration makes lies below it.
    stack : `pathlib.Path`
        The environment with bps, pipetask, butler and the demonstration's pipeline.
    """

    folder: Path
    stack: Path

    @property
    def repository(self) -> Path:
        """The Butler repository (`pathlib.Path`)."""
        return self.folder / "repo"

    @property
    def site_file(self) -> Path:
        """The site file (`pathlib.Path`)."""
        return self.folder / "site.yaml"

    @property
    def settings(self) -> Settings:
        """The service's settings: the folder and nothing from the environment that would lead out of it (`Settings`)."""
        return load_settings(data_dir=self.folder, database_url=f"sqlite:///{self.folder / 'campaigns.sqlite'}")

    def visitor_token(self) -> str:
        """Make a token by which the demonstration acts as its visitor."""
        with self._factory() as factory:
            return factory.users().create_token("demonstration", user=VISITOR)[1]

    def sign_in_path(self) -> str:
        """Make a one-time link, below the server's address, that signs the visitor in."""
        with self._factory() as factory:
            valid_us = round(self.settings.login_link_min * MINUTE_US)
            return f"/login/{factory.users().create_login_link(VISITOR, valid_us=valid_us)}"

    @contextmanager
    def _factory(self) -> Iterator[Factory]:
        with current_database(self.settings) as database, database.write() as session:
            yield Factory(session, identity=SYSTEM, clock=SystemClock(), settings=self.settings)

    def add_visitor(self) -> None:
        """Make the visitor, a manager, unless there is one."""
        with self._factory() as factory:
            if UserStore(factory.session).get(VISITOR) is None:
                factory.users().create(VISITOR, role=Role.MANAGER, full_name="Visitor")


def prepare(folder: Path, stack: Path) -> Ground:
    """Make what the demonstration needs, unless it is there.

    Parameters
    ----------
    folder : `pathlib.Path`
        Where everything lies.
    stack : `pathlib.Path`
        The environment with the demonstration's pipeline.

    Returns
    -------
    ground : `Ground`
        The prepared folder.

    Raises
    ------
    InvalidInput
        If the stack is none, or a path has a blank in it.
    NotReady
        If the repository cannot be made.
    """
    ground = Ground(folder=folder.resolve(), stack=stack.absolute())
    python = ground.stack / "bin" / "python"
    if not python.exists():
        raise InvalidInput(
            f"There is no demonstration stack at {stack}.", where="--stack", remedy="`make setup` makes one, as .stack."
        )
    blank = next((path for path in (ground.folder, ground.stack) if any(letter.isspace() for letter in str(path))), None)
    if blank is not None:
        raise InvalidInput(
            f"{blank} has a blank in it, which BPS's commands cannot take.",
            where="--data" if blank == ground.folder else "--stack",
            remedy="Give a folder whose whole path has none.",
        )
    ground.folder.mkdir(parents=True, exist_ok=True)
    if not ground.repository.exists():
        _make_repository(python, ground.repository)
    ground.site_file.write_text(yaml.safe_dump(_site(ground), sort_keys=False))
    ground.add_visitor()
    return ground


def _make_repository(python: Path, repository: Path) -> None:
    # The stack is another environment; nothing of this one may lead into it.
    environment = {name: os.environ[name] for name in ("HOME", "USER", "LANG", "TMPDIR") if name in os.environ}
    made = subprocess.run(
        [str(python), "-m", "demo_pipeline.repository", str(repository)],
        env={**environment, "PATH": f"{python.parent}:/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        last = "; ".join(made.stderr.strip().splitlines()[-3:])
        raise NotReady(
            f"The demonstration's repository could not be made: {last}",
            where=str(repository),
            remedy="`make setup` makes the stack anew after .stack was removed.",
        )


def _site(ground: Ground) -> dict[str, object]:
    return {
        "name": SITE,
        "description": "This machine",
        "work_dir": str(ground.folder / "submissions"),
        "max_submissions": 1,
        "stacks": {"demo": {"description": "The demonstration's own", "prefix": str(ground.stack)}},
        "repositories": {"demo": {"description": "Eleven visits of HSC", "uri": str(ground.repository)}},
        "bps": {
            "wmsServiceClass": "campaigns_instack.parsl_service.TrackedParslService",
            "computeSite": "threads",
            "site": {
                "threads": {
                    "class": "campaigns_instack.parsl_sites.Threads",
                    "cores": 2,
                    "retries": 0,
                    "run_dir": str(ground.folder / "parsl"),
                }
            },
        },
    }
