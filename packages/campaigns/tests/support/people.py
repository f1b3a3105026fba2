"""One user of each role, with a token, in every test's database; and an agent at the site ``here``."""

from __future__ import annotations

from campaigns.auth.secrets import TOKEN_PREFIX, hash_secret
from campaigns.domain.identity import Identity, Role
from campaigns.domain.users import ApiToken, User
from campaigns.storage.credentials import CredentialStore
from campaigns.storage.database import Database
from campaigns.storage.users import UserStore

__all__ = ("AGENT_NAME", "NAMES", "NOW_US", "SITE", "add_people", "identity_of", "token_of")

NOW_US = 1_790_000_000_000_000
"""The time at which a test's clock stands at first: 2026-09-21."""

NAMES = {Role.VIEWER: "vera", Role.OPERATOR: "otto", Role.MANAGER: "mary", Role.ADMIN: "ada"}
AGENT_NAME = "agent-here"
SITE = "here"


def token_of(role: Role) -> str:
    """Give the token of the user that has a role, or of the agent."""
    return f"{TOKEN_PREFIX}{role.value}-token-of-the-tests"


def identity_of(role: Role) -> Identity:
    """Give the identity of the user that has a role, or of the agent."""
    if role is Role.AGENT:
        return Identity(name=AGENT_NAME, role=role, site=SITE)
    return Identity(name=NAMES[role], role=role)


def add_people(database: Database) -> None:
    """Add the users and the tokens; no events, so that a test's first has the number 1."""
    with database.write() as session:
        users, credentials = UserStore(session), CredentialStore(session)
        for role in Role:
            name = NAMES.get(role)
            if name is not None:
                user = User(name=name, full_name=name.title(), role=role, disabled=False, has_password=False, created_us=NOW_US)
                users.add(user, password_hash=None)
            token = ApiToken(
                id=f"00000000-0000-4000-8000-{list(Role).index(role):012d}",
                name=name or AGENT_NAME,
                user=name,
                role=role,
                site=SITE if role is Role.AGENT else None,
                created_us=NOW_US,
                created_by="tests",
                expires_us=None,
                used_us=None,
                revoked_us=None,
            )
            credentials.add_token(token, secret_hash=hash_secret(token_of(role)))
