"""Signing in and out, and knowing callers, on both databases."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from campaigns.auth.doorkeeper import Doorkeeper
from campaigns.auth.passwords import verify_password
from campaigns.config import Settings
from campaigns.domain.errors import InvalidCredentials, TooManyAttempts
from campaigns.domain.identity import Role
from campaigns.domain.users import Caller, SignedIn
from campaigns.gateways.clock import FixedClock
from campaigns.services.factory import Factory
from campaigns.services.users import UserService
from campaigns.storage.database import Database, WriteSession
from support.people import AGENT_NAME, SITE, identity_of, token_of

PASSWORD = "correct horse"


@pytest.fixture
def doorkeeper(settings: Settings, database: Database, clock: FixedClock) -> Doorkeeper:
    return Doorkeeper(database, settings=settings, clock=clock)


@pytest.fixture
def as_admin(settings: Settings, database: Database, clock: FixedClock) -> AsAdmin:
    return AsAdmin(settings, database, clock)


class AsAdmin:
    """Does one thing as the administrator, in a transaction of its own."""

    def __init__(self, settings: Settings, database: Database, clock: FixedClock) -> None:
        self._settings, self._database, self._clock = settings, database, clock

    def _service(self, session: WriteSession) -> UserService:
        return Factory(session, identity=identity_of(Role.ADMIN), clock=self._clock, settings=self._settings).users()

    def update(self, name: str, **changes: object) -> None:
        with self._database.write() as session:
            self._service(session).update(name, **changes)  # type: ignore[arg-type]

    def link(self, name: str) -> str:
        with self._database.write() as session:
            return self._service(session).create_login_link(name, valid_us=60_000_000)

    def token(self, user: str, role: Role, *, expires_us: int | None = None) -> tuple[str, str]:
        with self._database.write() as session:
            token, secret = self._service(session).create_token("t", user=user, role=role, expires_us=expires_us)
            return token.id, secret

    def revoke(self, token_id: str) -> None:
        with self._database.write() as session:
            self._service(session).revoke_token(token_id)


def _signed_in(doorkeeper: Doorkeeper, as_admin: AsAdmin) -> SignedIn:
    return doorkeeper.sign_in_by_link(as_admin.link("vera"))


def _role(caller: Caller | None) -> Role | None:
    return None if caller is None else caller.identity.role


def test_password(doorkeeper: Doorkeeper, as_admin: AsAdmin, database: Database) -> None:
    as_admin.update("vera", password=PASSWORD)
    signed_in = doorkeeper.sign_in("vera", PASSWORD)
    caller = doorkeeper.by_cookie(signed_in.secret)
    assert caller is not None
    assert caller.identity == identity_of(Role.VIEWER)
    with database.read() as session:
        kept = session.execute(text("SELECT secret_hash FROM login_session")).scalar_one()
        password_hash = session.execute(text("SELECT password_hash FROM user_account WHERE name = 'vera'")).scalar_one()
    assert signed_in.secret not in kept
    assert password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("name", ["vera", "otto", "nobody", ""])
def test_wrong_password_reads_the_same_for_everyone(doorkeeper: Doorkeeper, as_admin: AsAdmin, name: str) -> None:
    as_admin.update("vera", password=PASSWORD)
    with pytest.raises(InvalidCredentials, match="Name and password do not fit"):
        doorkeeper.sign_in(name, "wrong")


def test_unknown_users_take_as_long() -> None:
    verify_password("warm up", None)
    begin = time.perf_counter()
    verify_password("wrong", None)
    # A hash takes tens of milliseconds; returning early would take microseconds.
    assert time.perf_counter() - begin > 0.002


def test_guessing_is_throttled(doorkeeper: Doorkeeper, as_admin: AsAdmin) -> None:
    as_admin.update("vera", password=PASSWORD)
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            doorkeeper.sign_in("vera", "wrong")
    with pytest.raises(TooManyAttempts):
        doorkeeper.sign_in("vera", PASSWORD)


def test_sign_in_ends_when_not_used(doorkeeper: Doorkeeper, as_admin: AsAdmin, clock: FixedClock) -> None:
    secret = _signed_in(doorkeeper, as_admin).secret
    clock.advance(seconds=12 * 3600 - 1)
    assert doorkeeper.by_cookie(secret) is not None
    clock.advance(seconds=2)
    assert doorkeeper.by_cookie(secret) is None


def test_use_moves_the_end_but_not_for_ever(doorkeeper: Doorkeeper, as_admin: AsAdmin, clock: FixedClock) -> None:
    secret = _signed_in(doorkeeper, as_admin).secret
    hours = 0
    while (caller := doorkeeper.by_cookie(secret)) is not None:
        if doorkeeper.is_due(caller):
            doorkeeper.touch(caller)
        clock.advance(seconds=3600)
        hours += 1
    assert hours == 168


def test_sign_out(doorkeeper: Doorkeeper, as_admin: AsAdmin) -> None:
    mine, other = _signed_in(doorkeeper, as_admin).secret, _signed_in(doorkeeper, as_admin).secret
    doorkeeper.sign_out(mine)
    assert doorkeeper.by_cookie(mine) is None
    assert doorkeeper.by_cookie(other) is not None


@pytest.mark.parametrize("change", [{"disabled": True}, {"password": PASSWORD}])
def test_disabling_and_new_passwords_end_sign_ins(doorkeeper: Doorkeeper, as_admin: AsAdmin, change: dict[str, object]) -> None:
    secret = _signed_in(doorkeeper, as_admin).secret
    as_admin.update("vera", **change)
    assert doorkeeper.by_cookie(secret) is None


def test_link_is_good_once(doorkeeper: Doorkeeper, as_admin: AsAdmin) -> None:
    secret = as_admin.link("vera")
    assert doorkeeper.sign_in_by_link(secret).user.name == "vera"
    with pytest.raises(InvalidCredentials):
        doorkeeper.sign_in_by_link(secret)


def test_link_is_good_for_a_short_time(doorkeeper: Doorkeeper, as_admin: AsAdmin, clock: FixedClock) -> None:
    secret = as_admin.link("vera")
    clock.advance(seconds=61)
    with pytest.raises(InvalidCredentials):
        doorkeeper.sign_in_by_link(secret)


def test_of_two_who_use_a_link_at_once_one_succeeds(doorkeeper: Doorkeeper, as_admin: AsAdmin) -> None:
    def attempt(secret: str) -> bool:
        try:
            doorkeeper.sign_in_by_link(secret)
        except InvalidCredentials:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert sum(pool.map(attempt, [as_admin.link("vera")] * 8)) == 1


def test_agents_are_known_by_their_token_with_their_site(doorkeeper: Doorkeeper) -> None:
    caller = doorkeeper.by_token(token_of(Role.AGENT))
    assert caller is not None
    assert (caller.identity.name, caller.identity.role, caller.identity.site) == (AGENT_NAME, Role.AGENT, SITE)


def test_token_never_allows_more_than_its_owner_may_now(doorkeeper: Doorkeeper, as_admin: AsAdmin) -> None:
    _, full = as_admin.token("mary", Role.MANAGER)
    _, capped = as_admin.token("mary", Role.VIEWER)
    assert (_role(doorkeeper.by_token(full)), _role(doorkeeper.by_token(capped))) == (Role.MANAGER, Role.VIEWER)
    as_admin.update("mary", role=Role.OPERATOR)
    assert (_role(doorkeeper.by_token(full)), _role(doorkeeper.by_token(capped))) == (Role.OPERATOR, Role.VIEWER)
    as_admin.update("mary", disabled=True)
    assert doorkeeper.by_token(full) is None


def test_token_ends(doorkeeper: Doorkeeper, as_admin: AsAdmin, clock: FixedClock) -> None:
    _, secret = as_admin.token("mary", Role.VIEWER, expires_us=clock.now_us() + 1_000_000)
    assert doorkeeper.by_token(secret) is not None
    clock.advance(seconds=1)
    assert doorkeeper.by_token(secret) is None
    token_id, revoked = as_admin.token("mary", Role.VIEWER)
    as_admin.revoke(token_id)
    assert doorkeeper.by_token(revoked) is None
    assert doorkeeper.by_token("rct_made-up") is None


def test_use_is_noted_once_a_minute(doorkeeper: Doorkeeper, clock: FixedClock) -> None:
    first = doorkeeper.by_token(token_of(Role.VIEWER))
    assert first is not None
    assert doorkeeper.is_due(first)
    doorkeeper.touch(first)
    clock.advance(seconds=59)
    second = doorkeeper.by_token(token_of(Role.VIEWER))
    assert second is not None
    assert not doorkeeper.is_due(second)
    clock.advance(seconds=1)
    assert doorkeeper.is_due(second)
