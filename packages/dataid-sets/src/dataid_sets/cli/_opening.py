"""Opening a repository's sets."""

from __future__ import annotations

__all__ = ("opened",)

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy.exc
import yaml
from lsst.daf.butler import Butler

from .._errors import DataIdSetError, Problem

if TYPE_CHECKING:
    from .. import DataIdSets


@contextmanager
def opened(repo: str, *, writeable: bool = False, datastore: bool = False) -> Iterator[DataIdSets]:
    """Open the sets of a repository.

    Parameters
    ----------
    repo : `str`
        Its root, its configuration file, or an alias.
    writeable : `bool`, optional
        Whether anything shall be changed.
    datastore : `bool`, optional
        Whether files shall be read, such as logs.

    Raises
    ------
    DataIdSetError
        If there is no repository, or it cannot be opened.
    """
    from .. import DataIdSets

    try:
        butler = Butler.from_config(repo, writeable=writeable, without_datastore=not datastore)
    except (OSError, RuntimeError, ValueError, LookupError, sqlalchemy.exc.SQLAlchemyError, yaml.YAMLError) as error:
        # Each sort of broken repository has another exception, of Butler's, of YAML's or of the database's.
        cause = getattr(error, "orig", None) or error
        message = " ".join(str(cause.args[0] if isinstance(cause, KeyError) and cause.args else cause).split())
        told = Problem(code="no_repository", where="REPO", message=message or type(cause).__name__, remedy=_remedy(message))
        raise DataIdSetError(told) from error
    with butler:
        yield DataIdSets(butler)


def _remedy(message: str) -> str:
    """Say what to do where SQLite cannot undo, for a reader, what a killed writer left."""
    if "readonly database" not in message:
        return ""
    return "If a writer was killed, whoever may write puts it right: `butler init-dataid-sets REPO --check --mend`."
