"""The files of a specification at its commit, laid out at the site. Git is the server's matter: it sends an archive."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from campaigns.agent.bpsyaml import checkout_dir
from campaigns.agent.server import Refused, ServerClient, ServerGone
from campaigns.agent.site import Site
from campaigns.domain.errors import InvalidInput, NotReady
from campaigns.wire.agent import Order
from campaigns.wire.processing import PinnedSpecification

__all__ = ("lay_out", "unpack")

TRIES = 5
RETRY_S = 3.0


def lay_out(
    site: Site, server: ServerClient, order: Order, specification: PinnedSpecification | None, *, pause: Callable[[float], object]
) -> None:
    """Fetch the files of a specification, unless they are there already.

    Parameters
    ----------
    site : `Site`
        The site.
    server : `ServerClient`
        Where the files are.
    order : `Order`
        The order that needs them.
    specification : `PinnedSpecification` or `None`
        Which files; nothing is done where there is none.
    pause : callable
        Waits some seconds between two tries.

    Raises
    ------
    InvalidInput
        If the server cannot give them.
    NotReady
        If the server does not answer.
    """
    target = checkout_dir(site, specification)
    if target is None or specification is None or target.is_dir():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as made:
        archive, folder = Path(made) / "archive.tar", Path(made) / "files"
        _download(server, order, archive, pause)
        unpack(archive, folder)
        try:
            folder.rename(target)
        except OSError:
            # Another order has laid out the same meanwhile.
            if not target.is_dir():
                raise


def _download(server: ServerClient, order: Order, archive: Path, pause: Callable[[float], object]) -> None:
    for left in reversed(range(TRIES)):
        try:
            server.specification(order, archive)
        except Refused as error:
            raise InvalidInput(error.message, where="processing_spec", remedy=error.remedy, faults=error.faults) from error
        except ServerGone as error:
            if left == 0:
                told = f"The files of the specification did not come: {error}"
                raise NotReady(told, where="processing_spec", remedy="Try again when the server answers.") from error
            pause(RETRY_S)
        else:
            return


def unpack(archive: Path, folder: Path) -> None:
    """Lay the files of an archive out below a folder; whatever would lead out of it is left out.

    Parameters
    ----------
    archive : `pathlib.Path`
        A tar file.
    folder : `pathlib.Path`
        Where the files come; made.
    """
    folder.mkdir()
    links = []
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts:
                continue
            target = folder / path
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif member.issym():
                links.append((target, member.linkname))
            elif member.isfile() and (content := tar.extractfile(member)) is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    shutil.copyfileobj(content, file)
                target.chmod(0o755 if member.mode & 0o100 else 0o644)
    # Links come last, so that nothing is written through one.
    for target, leads_to in links:
        if (target.parent / leads_to).resolve().is_relative_to(folder.resolve()) and not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(leads_to)
