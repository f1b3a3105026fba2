"""Opening the database, for the few commands that do not speak to the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from campaigns.config import Settings
from campaigns.domain.errors import InvalidInput, NotReady
from campaigns.storage.database import Database
from campaigns.storage.migration import require_current, upgrade

__all__ = ("current_database", "open_database")


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the database of the settings, whatever its state; closes it in the end.

    Raises
    ------
    InvalidInput
        If its URL is none.
    NotReady
        If it does not answer.
    """
    try:
        url = make_url(settings.database)
    except ArgumentError:
        raise InvalidInput(
            "That is not the URL of a database.",
            where="CAMPAIGN_DATABASE_URL",
            remedy="Give sqlite:///path/to/file or postgresql://user@host/name.",
        ) from None
    try:
        database = Database(settings.database)
        with database.engine.connect():
            pass
    except (OSError, OperationalError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise NotReady(
            f"The database does not answer: {str(cause).strip().splitlines()[0]}",
            where=url.render_as_string(hide_password=True),
            remedy="Is it running, and is CAMPAIGN_DATABASE_URL right?",
        ) from error
    try:
        yield database
    finally:
        database.close()


@contextmanager
def current_database(settings: Settings) -> Iterator[Database]:
    """Open the database and make sure that it is up to date: SQLite is brought there, PostgreSQL must be already.

    Raises
    ------
    InvalidInput
        If its URL is none.
    NotReady
        If it does not answer, or is older (PostgreSQL) or newer than the program.
    """
    with open_database(settings) as database:
        # A file belongs to one program. A server may have others working on it, so that a person chooses the moment.
        if database.backend == "sqlite":
            upgrade(database)
        else:
            require_current(database)
        yield database
