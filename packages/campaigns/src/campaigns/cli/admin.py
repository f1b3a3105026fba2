"""``campaign admin``: the database and the users, on the machine that has the database. It speaks to no server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from campaigns.cli.opening import current_database, open_database
from campaigns.cli.output import Output, output_option
from campaigns.config import Settings, load_settings
from campaigns.domain.errors import InvalidInput, NotFound
from campaigns.domain.identity import SYSTEM, Role
from campaigns.gateways.clock import SystemClock
from campaigns.services.factory import Factory
from campaigns.storage.migration import upgrade

__all__ = ("admin",)

PEOPLES_ROLES = [role.value for role in Role if role is not Role.AGENT]
MINUTE_US = 60_000_000


@click.group()
def admin() -> None:
    """Look after the database and the users.

    These commands open the database that CAMPAIGN_DATABASE_URL or CAMPAIGN_DATA_DIR names; whoever can do that needs no token.
    """


@contextmanager
def _factory(settings: Settings) -> Iterator[Factory]:
    with current_database(settings) as database, database.write() as session:
        yield Factory(session, identity=SYSTEM, clock=SystemClock(), settings=settings)


@admin.command()
@output_option
def migrate(output: Output) -> None:
    """Bring the database up to date."""
    with open_database(load_settings()) as database:
        changed = upgrade(database)
    text = "The database is up to date now." if changed else "The database was up to date."
    output.document({"changed": changed}, text=text)


@admin.command("create-user")
@click.argument("name")
@click.option("--role", type=click.Choice(PEOPLES_ROLES), required=True, help="What the user may do.")
@click.option("--full-name", default="", help="The name for people to read.")
@output_option
def create_user(output: Output, name: str, role: str, full_name: str) -> None:
    """Make a user; the password is read from standard input.

    Without a password the user signs in by one-time links: see `campaign admin login-link`.
    """
    password = _read_password()
    with _factory(load_settings()) as factory:
        user = factory.users().create(name, role=Role(role), full_name=full_name, password=password)
    how = "" if user.has_password else ", without a password"
    output.document({"name": user.name, "role": user.role.value}, text=f"Made user {user.name} ({user.role.value}){how}.")


@admin.command("set-password")
@click.argument("name")
@output_option
def set_password(output: Output, name: str) -> None:
    """Give a user a new password, read from standard input; ends the user's sign-ins."""
    password = _read_password()
    if password is None:
        raise InvalidInput("There was no password on standard input.", where="standard input", remedy="Give one line.")
    with _factory(load_settings()) as factory:
        factory.users().update(name, password=password)
    output.document({"name": name}, text=f"User {name} has a new password.")


@admin.command("create-token")
@click.argument("name")
@click.option("--user", help="Whose token it is; by default the user called NAME.")
@click.option("--role", type=click.Choice(PEOPLES_ROLES), help="The most it allows; by default what the user may do.")
@click.option("--site", help="Make it the token of that site's agent, which is no user's.")
@output_option
def create_token(output: Output, name: str, user: str | None, role: str | None, site: str | None) -> None:
    """Make an API token called NAME and print it; it is kept nowhere else."""
    with _factory(load_settings()) as factory:
        try:
            token, secret = factory.users().create_token_for(
                name,
                user=None if site else user or name,
                role=None if role is None else Role(role),
                site=site,
                expires_us=None,
            )
        except NotFound as error:
            raise NotFound(
                error.message,
                where=error.where,
                remedy="Make the user with `campaign admin create-user`, or say --user or --site.",
            ) from None
    output.document(
        {"id": token.id, "name": name, "user": token.user, "site": site, "role": token.role.value, "token": secret}, text=secret
    )


@admin.command("login-link")
@click.argument("name")
@output_option
def login_link(output: Output, name: str) -> None:
    """Print a link that signs a user in, once and within minutes."""
    settings = load_settings()
    with _factory(settings) as factory:
        secret = factory.users().create_login_link(name, valid_us=round(settings.login_link_min * MINUTE_US))
    link = f"{settings.server.rstrip('/')}/login/{secret}"
    output.document({"url": link, "valid_min": settings.login_link_min}, text=link)


def _read_password() -> str | None:
    """Read one line: without an echo from a terminal, as it is from a pipe."""
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, default="", show_default=False, err=True)
        return typed or None
    return sys.stdin.readline().rstrip("\r\n") or None
