"""Lets people in and out, and finds out who a caller is.

Unlike the services it opens its own short transactions: hashing a password takes a while, during which no other writer may wait,
and a credential is looked up before there is a transaction for the request.
"""

from __future__ import annotations

from typing import Final

import structlog

from campaigns.auth.passwords import verify_password
from campaigns.auth.secrets import hash_secret, new_secret
from campaigns.auth.throttle import AttemptLimiter
from campaigns.config import Settings
from campaigns.domain.errors import InvalidCredentials
from campaigns.domain.users import Caller, CredentialKind, SignedIn
from campaigns.gateways.clock import Clock
from campaigns.storage.callers import find_session, find_token
from campaigns.storage.credentials import CredentialStore
from campaigns.storage.database import Database, WriteSession
from campaigns.storage.users import UserStore

__all__ = ("Doorkeeper",)

TOUCH_EVERY_US: Final = 60_000_000
HOUR_US: Final = 3_600_000_000

log = structlog.get_logger(__name__)


class Doorkeeper:
    """Signs people in and out, and knows callers by their credentials.

    Parameters
    ----------
    database : `Database`
        Where users and credentials are.
    settings : `Settings`
        How long sign-ins last.
    clock : `Clock`
        The time.
    """

    def __init__(self, database: Database, *, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._limiter = AttemptLimiter(clock)
        self._idle_us = round(settings.session_idle_h * HOUR_US)
        self._max_us = round(settings.session_max_h * HOUR_US)

    def by_token(self, token: str) -> Caller | None:
        """Find whose a token is."""
        with self._database.look() as connection:
            return find_token(connection, hash_secret(token), now_us=self._clock.now_us())

    def by_cookie(self, secret: str) -> Caller | None:
        """Find who is signed in under a cookie."""
        with self._database.look() as connection:
            return find_session(connection, hash_secret(secret), now_us=self._clock.now_us())

    def is_due(self, caller: Caller) -> bool:
        """Tell whether it is time to note that a credential is in use, which is done once a minute."""
        return caller.seen_us is None or self._clock.now_us() - caller.seen_us >= TOUCH_EVERY_US

    def touch(self, caller: Caller) -> None:
        """Note that a credential is in use."""
        now_us = self._clock.now_us()
        with self._database.write() as session:
            store = CredentialStore(session)
            match caller.kind:
                case CredentialKind.COOKIE:
                    store.touch_session(caller.credential_id, now_us=now_us, idle_us=self._idle_us)
                case CredentialKind.TOKEN:
                    store.touch_token(caller.credential_id, now_us=now_us)

    def sign_in(self, name: str, password: str) -> SignedIn:
        """Sign a user in by name and password.

        Raises
        ------
        InvalidCredentials
            If they do not fit, in the same words whether the user exists or not.
        TooManyAttempts
            If it failed too often under this name.
        """
        self._limiter.check(name)
        with self._database.read() as session:
            password_hash = UserStore(session).password_hash(name)
        if not verify_password(password, password_hash):
            self._limiter.failed(name)
            log.warning("sign-in failed", name=name)
            raise InvalidCredentials(
                "Name and password do not fit.",
                remedy="Try again, or ask an administrator for a new password or a sign-in link.",
            )
        self._limiter.succeeded(name)
        with self._database.write() as session:
            return self._open(session, name)

    def sign_in_by_link(self, secret: str) -> SignedIn:
        """Sign a user in by a one-time link, and use it up.

        Raises
        ------
        InvalidCredentials
            If the link is unknown, used or over.
        """
        with self._database.write() as session:
            name = CredentialStore(session).use_link(hash_secret(secret), now_us=self._clock.now_us())
            user = UserStore(session).get(name) if name is not None else None
            if user is None or user.disabled:
                raise InvalidCredentials(
                    "The sign-in link is not good, or not any more.",
                    remedy="Links are good once and for a short time. Ask for another.",
                )
            return self._open(session, user.name)

    def sign_out(self, secret: str) -> None:
        """End a sign-in."""
        with self._database.write() as session:
            CredentialStore(session).drop_session(hash_secret(secret))

    def _open(self, session: WriteSession, name: str) -> SignedIn:
        now_us = self._clock.now_us()
        user = UserStore(session).get(name)
        # Somebody may have disabled the user while the password was being checked.
        if user is None or user.disabled:
            raise InvalidCredentials("Name and password do not fit.")
        secret = new_secret()
        ends_us = now_us + self._max_us
        CredentialStore(session).add_session(
            hash_secret(secret),
            user=name,
            now_us=now_us,
            expires_us=min(now_us + self._idle_us, ends_us),
            ends_us=ends_us,
        )
        log.info("signed in", name=name)
        return SignedIn(user=user, secret=secret, ends_us=ends_us)
