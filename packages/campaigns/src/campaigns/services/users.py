"""Users, their tokens and their sign-in links."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from typing import Any

from campaigns.auth.passwords import hash_password
from campaigns.auth.secrets import hash_secret, new_secret, new_token
from campaigns.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from campaigns.domain.events import EventDraft
from campaigns.domain.identity import SYSTEM, Identity, Role, may
from campaigns.domain.users import USER_NAME_PATTERN, ApiToken, User, is_user_name
from campaigns.gateways.clock import Clock
from campaigns.storage.credentials import CredentialStore
from campaigns.storage.users import UserStore

__all__ = ("UserService",)


class UserService:
    """Makes and changes users, tokens and sign-in links.

    Parameters
    ----------
    users : `UserStore`
        The users.
    credentials : `CredentialStore`
        What they sign in with.
    record : callable
        Keeps an event of the same transaction.
    identity : `Identity`
        Who asks.
    clock : `Clock`
        The time.
    """

    def __init__(
        self,
        *,
        users: UserStore,
        credentials: CredentialStore,
        record: Callable[[EventDraft], None],
        identity: Identity,
        clock: Clock,
    ) -> None:
        self._users = users
        self._credentials = credentials
        self._record = record
        self._identity = identity
        self._clock = clock

    # ---- users ---------------------------------------------------------------------------------------------------

    def get(self, name: str) -> User:
        """Look a user up.

        Raises
        ------
        NotFound
            If there is no such user.
        """
        user = self._users.get(name)
        if user is None:
            raise NotFound(f"There is no user {name}.", where=name, remedy="Look at the list of users.")
        return user

    def list_users(self, *, after: str | None, limit: int) -> list[User]:
        """List users in order of name."""
        return self._users.list_users(self._identity, after=after, limit=limit)

    def create(self, name: str, *, role: Role, full_name: str = "", password: str | None = None) -> User:
        """Make a user.

        Raises
        ------
        Conflict
            If the name is taken.
        InvalidInput
            If the name or the password cannot be one, or the role is not for people.
        """
        self._check_reserved(name)
        if not is_user_name(name):
            raise InvalidInput(f"{name!r} cannot be a user's name.", where="name", remedy=f"It must match {USER_NAME_PATTERN}")
        self._check_role(role)
        user = User(
            name=name,
            full_name=full_name,
            role=role,
            disabled=False,
            has_password=password is not None,
            created_us=self._clock.now_us(),
        )
        self._users.add(user, password_hash=None if password is None else hash_password(password))
        self._note("user.created", f"User {name} was made, as {role.value}.", user=name, role=role.value)
        return user

    def update(
        self,
        name: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        full_name: str | None = None,
        password: str | None = None,
    ) -> User:
        """Change a user; what is `None` stays.

        Raises
        ------
        Conflict
            If nobody would be left to administer.
        InvalidInput
            If the password cannot be one, or the role is not for people.
        NotFound
            If there is no such user.

        Notes
        -----
        Whoever gets a new password, or is disabled, is signed out everywhere. A new role holds from the next request on.
        """
        before = self.get(name)
        given: dict[str, Any] = {"role": role, "disabled": disabled, "full_name": full_name}
        after = dataclasses.replace(before, **{key: value for key, value in given.items() if value is not None})
        self._check_role(after.role)
        loses_admin = before.role is Role.ADMIN and not before.disabled and (after.role is not Role.ADMIN or after.disabled)
        if loses_admin and self._users.count_admins() <= 1:
            raise Conflict(
                f"{name} is the only administrator.", where="name", remedy="Make somebody else an administrator first."
            )
        if after != before:
            self._users.save(after)
            changed = {
                key: [getattr(before, key), getattr(after, key)] for key in given if getattr(before, key) != getattr(after, key)
            }
            self._note("user.changed", f"User {name} was changed: {', '.join(changed)}.", user=name, changed=changed)
        if password is not None:
            self._users.set_password_hash(name, hash_password(password))
            self._note("user.password_changed", f"User {name} has a new password.", user=name)
        if password is not None or after.disabled:
            self._credentials.drop_sessions_of(name)
        return self.get(name)

    def sign_out_everywhere(self, name: str) -> int:
        """End all sign-ins of a user; gives how many there were.

        Raises
        ------
        Forbidden
            If it is somebody else and the caller is no administrator.
        NotFound
            If there is no such user.
        """
        self._check_own(name)
        self.get(name)
        dropped = self._credentials.drop_sessions_of(name)
        self._note("user.signed_out", f"All sign-ins of {name} were ended.", user=name, count=dropped)
        return dropped

    # ---- tokens --------------------------------------------------------------------------------------------------

    def list_tokens(self, *, after: tuple[int, str] | None, limit: int) -> list[ApiToken]:
        """List tokens, newest first: one's own, or everyone's for administrators."""
        return self._credentials.list_tokens(self._identity, after=after, limit=limit)

    def create_token(
        self, name: str, *, user: str | None = None, role: Role | None = None, expires_us: int | None = None
    ) -> tuple[ApiToken, str]:
        """Make a token for a user.

        Parameters
        ----------
        name : `str`
            What the token is for.
        user : `str`, optional
            The owner; by default the caller.
        role : `Role`, optional
            The most that the token allows; by default what its owner may do.
        expires_us : `int`, optional
            When it ends, UTC microseconds; by default never.

        Returns
        -------
        token : `ApiToken`
            What is kept.
        secret : `str`
            The token itself, which is not kept.

        Raises
        ------
        Forbidden
            If it is for somebody else and the caller is no administrator, or it would allow more than the caller may do.
        InvalidInput
            If it would end before it begins.
        NotFound
            If there is no such user.
        """
        owner = user or self._identity.name
        self._check_own(owner)
        found = self.get(owner)
        # A token must not make a better one: of the caller's own role, only what this credential allows.
        most = self._identity.role if owner == self._identity.name else found.role
        wanted = role or most
        self._check_role(wanted)
        if not may(Identity(name=owner, role=most), wanted):
            raise Forbidden(
                f"A token of {owner} cannot have the role {wanted.value}.", where="role", remedy=f"The most is {most.value}."
            )
        return self._add_token(name, user=owner, role=wanted, site=None, expires_us=expires_us)

    def create_token_for(
        self, name: str, *, user: str | None, role: Role | None, site: str | None, expires_us: int | None
    ) -> tuple[ApiToken, str]:
        """Make a token for a user or, where a site is given, for its agent; see the two methods for each.

        Raises
        ------
        InvalidInput
            If both a site and a user or a role are given.
        """
        if site is None:
            return self.create_token(name, user=user, role=role, expires_us=expires_us)
        if user is not None or role not in (None, Role.AGENT):
            raise InvalidInput(
                "An agent's token belongs to its site, not to a user.", where="site", remedy="Leave out user and role."
            )
        return self.create_agent_token(name, site=site, expires_us=expires_us)

    def create_agent_token(self, name: str, *, site: str, expires_us: int | None = None) -> tuple[ApiToken, str]:
        """Make a token for the agent at a site; see `create_token`.

        Raises
        ------
        Forbidden
            If the caller is no administrator.
        InvalidInput
            If it would end before it begins.
        """
        if not may(self._identity, Role.ADMIN):
            raise Forbidden("Only administrators make tokens for agents.", where="site", remedy="Ask an administrator.")
        self._check_reserved(name)
        return self._add_token(name, user=None, role=Role.AGENT, site=site, expires_us=expires_us)

    def revoke_token(self, token_id: str) -> ApiToken:
        """Make a token worthless, now and for good. Revoking it again changes nothing.

        Raises
        ------
        NotFound
            If there is no such token, or it is somebody else's.
        """
        token = self._credentials.get_token(self._identity, token_id)
        if token is None:
            raise NotFound("There is no such token.", where=token_id, remedy="Look at the list of tokens.")
        if token.revoked_us is None:
            self._credentials.revoke_token(token_id, now_us=self._clock.now_us())
            self._note("token.revoked", f"Token {token.name} was revoked.", token=token.id, user=token.user, site=token.site)
        return token

    # ---- one-time links ------------------------------------------------------------------------------------------

    def create_login_link(self, user: str, *, valid_us: int) -> str:
        """Make a one-time sign-in link.

        Parameters
        ----------
        user : `str`
            Whom it signs in.
        valid_us : `int`
            For how long it is good, microseconds.

        Returns
        -------
        secret : `str`
            What the link ends in: ``/login/{secret}``.

        Raises
        ------
        Conflict
            If the user is disabled.
        NotFound
            If there is no such user.
        """
        if self.get(user).disabled:
            raise Conflict(f"{user} is disabled.", where="user", remedy="Enable the user first.")
        secret = new_secret()
        now_us = self._clock.now_us()
        self._credentials.add_link(
            hash_secret(secret), user=user, created_by=self._identity.name, now_us=now_us, expires_us=now_us + valid_us
        )
        self._note("login_link.created", f"A sign-in link for {user} was made.", user=user)
        return secret

    # ---- inside --------------------------------------------------------------------------------------------------

    def _add_token(
        self, name: str, *, user: str | None, role: Role, site: str | None, expires_us: int | None
    ) -> tuple[ApiToken, str]:
        now_us = self._clock.now_us()
        if expires_us is not None and expires_us <= now_us:
            raise InvalidInput("The token would end before it begins.", where="expires_us", remedy="Give a time to come.")
        token = ApiToken(
            id=str(uuid.uuid4()),
            name=name,
            user=user,
            role=role,
            site=site,
            created_us=now_us,
            created_by=self._identity.name,
            expires_us=expires_us,
            used_us=None,
            revoked_us=None,
        )
        secret = new_token()
        self._credentials.add_token(token, secret_hash=hash_secret(secret))
        self._note(
            "token.created", f"Token {name} was made, as {role.value}.", token=token.id, user=user, role=role.value, site=site
        )
        return token, secret

    @staticmethod
    def _check_reserved(name: str) -> None:
        if name.strip().lower() == SYSTEM.name:
            raise InvalidInput(f"{name} is the service's own name in the record.", where="name", remedy="Give another.")

    def _check_own(self, user: str) -> None:
        if user != self._identity.name and not may(self._identity, Role.ADMIN):
            raise Forbidden(f"That is {user}'s own matter.", where=user, remedy="Ask an administrator.")

    @staticmethod
    def _check_role(role: Role) -> None:
        if role is Role.AGENT:
            raise InvalidInput("Users cannot have the role agent.", where="role", remedy="Make a token for the site's agent.")

    def _note(self, kind: str, summary: str, **details: Any) -> None:
        self._record(
            EventDraft(kind=kind, summary=summary, actor=self._identity.name, at_us=self._clock.now_us(), details=details)
        )
