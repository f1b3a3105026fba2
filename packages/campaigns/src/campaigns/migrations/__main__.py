"""``python -m campaigns.migrations "what changes"``: writes the revision that makes the tables what the models say."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
from alembic import command
from alembic.util import CommandError

from campaigns.storage.database import Database
from campaigns.storage.migration import known_revisions, migration_config, open_for_changes, upgrade


@click.command()
@click.argument("message", required=False)
@click.option("--check", is_flag=True, help="Only tell whether a revision is missing.")
def main(message: str | None, *, check: bool) -> None:
    """Write the next revision of the database, called MESSAGE, by comparing a fresh database with the models."""
    if check == bool(message):
        raise click.UsageError("Give a message, or --check.")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'fresh.sqlite'}")
        n_revisions = len(known_revisions())
        if n_revisions:
            upgrade(database)
        with open_for_changes(database) as connection:
            config = migration_config(connection)
            if check:
                try:
                    command.check(config)
                except CommandError as error:
                    raise click.ClickException(str(error)) from None
            else:
                command.revision(config, message=message, autogenerate=True, rev_id=f"{n_revisions + 1:04d}")
        database.close()


if __name__ == "__main__":
    main()
