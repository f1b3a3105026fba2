"""A PostgreSQL server for one run of the tests: Debian's programs, an ordinary user, a socket in a folder, no network."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import psycopg

__all__ = ("MISSING", "PostgresServer", "find_programs")

MISSING = "PostgreSQL is not installed (Debian: postgresql)"
SUPERUSER = "campaigns"
START_TIMEOUT_S = 30.0
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}
"""For tests: nothing has to last, and little memory is needed."""


def find_programs() -> Path | None:
    """Find the folder of initdb and postgres: Debian's newest, or what the path has."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


class PostgresServer:
    """A server that lives as long as the test run.

    Parameters
    ----------
    programs : `pathlib.Path`
        The folder of initdb and postgres.
    settings : mapping of `str` to `str`, optional
        Settings of the server that differ from `SETTINGS`.
    """

    def __init__(self, programs: Path, *, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        # Short, since the name of a socket may not be long.
        self._folder = Path(tempfile.mkdtemp(prefix="campaigns-pg-"))
        self._n_made: Counter[str] = Counter()
        self._user = _ordinary_user()
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        # Whoever runs the tests must reach the socket.
        self._folder.chmod(0o755)
        data = self._folder / "data"
        self._run(programs / "initdb", "-D", data, "-U", SUPERUSER, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        self._log = (self._folder / "log").open("wb")
        command = [programs / "postgres", "-D", data, "-k", self._folder]
        for name, value in {**SETTINGS, **settings}.items():
            command += ["-c", f"{name}={value}"]
        self._process = subprocess.Popen(
            list(map(str, command)),
            stdout=self._log,
            stderr=self._log,
            cwd="/",
            **self._as_user(),  # type: ignore[call-overload]
        )
        self._wait()

    def url(self, name: str) -> str:
        """Give the URL of a database."""
        return f"postgresql://{SUPERUSER}@/{name}?host={self._folder}"

    def create(self, name: str) -> str:
        """Make a database; gives its URL.

        Notes
        -----
        A name that was asked for before gets a number, since a fixture with parameters is set up again each time its parameter
        comes back.
        """
        self._n_made[name] += 1
        own = name if self._n_made[name] == 1 else f"{name}_{self._n_made[name]}"
        self._execute(f'CREATE DATABASE "{own}"')
        return self.url(own)

    def remember(self, name: str) -> None:
        """Keep a copy of all rows of a database, in a schema of their own."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute("CREATE SCHEMA kept")
            for table in _tables(connection):
                connection.execute(f'CREATE TABLE kept."{table}" AS TABLE "{table}"'.encode())

    def restore(self, name: str) -> None:
        """Put the rows of a database back to what was kept.

        Notes
        -----
        This takes 3 ms, where a new database takes 60 and emptying the tables by TRUNCATE takes 15.
        """
        with psycopg.connect(self.url(name)) as connection:
            # Without triggers, and so without foreign keys, the order does not matter.
            connection.execute("SET LOCAL session_replication_role = replica")
            # A test that leaves a transaction open is to fail, not to stop everything.
            connection.execute("SET LOCAL lock_timeout = '5s'")
            for table in _tables(connection):
                connection.execute(f'DELETE FROM "{table}"'.encode())
                connection.execute(f'INSERT INTO "{table}" TABLE kept."{table}"'.encode())

    def stop(self) -> None:
        """End the server and remove its files."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=30)
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self._execute("SELECT 1")
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = (self._folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start:\n{said}") from None
                time.sleep(0.05)

    def _run(self, *command: object) -> None:
        done = subprocess.run(  # type: ignore[call-overload]
            list(map(str, command)), check=False, capture_output=True, text=True, cwd="/", **self._as_user()
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def _as_user(self) -> dict[str, object]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _tables(connection: psycopg.Connection[tuple[str]]) -> list[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [name for (name,) in found]


def _ordinary_user() -> pwd.struct_passwd | None:
    """Give the user that runs the server: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("there is no ordinary user that could run PostgreSQL")
