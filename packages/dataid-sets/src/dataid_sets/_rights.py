"""Who may read and write sets, enforced by PostgreSQL itself.

The owner of the registry's tables owns these too, and nothing binds them or a superuser. Everyone else, by whatever SQL, is held
to what the policies and triggers of `_guards` let through.
"""

from __future__ import annotations

__all__ = ("guard", "guard_rows", "is_administrator", "is_guarded", "may_install", "owned_alike", "require_role", "unguarded")

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from . import _guards as guards
from . import _schema as schema
from ._errors import DataIdSetSchemaError, shortened
from ._internals import Inside

_REGISTRY_TABLE = "butler_attributes"
_LOCK_TIMEOUT = "60s"
_LOCK_NUMBER = 7_236_401_182
"""Any number that others are not likely to lock."""


def guard(inside: Inside, static: Mapping[str, sa.Table], rows: Iterable[sa.Table], *, grant_to: str | None = None) -> None:
    """Guard all tables, whatever guards they had before.

    Parameters
    ----------
    inside : `Inside`
        The Butler's inside, on PostgreSQL, for the owner of the registry's tables.
    static : mapping of `str` to `sqlalchemy.Table`
        The tables that every installation has.
    rows : iterable of `sqlalchemy.Table`
        Tables for rows, whose guards are made now; others that exist are guarded as well.
    grant_to : `str`, optional
        The role that may make sets, or ``PUBLIC``; by default as it was, and at first ``PUBLIC``.

    Notes
    -----
    All happens in one transaction: there is no moment without guards. Tables are locked in the order in which loads take
    them, so that neither waits for the other.
    """
    listed = sorted({*(table.name for table in rows), *inside.table_names(schema.ROWS_PREFIX)})
    sequences = {name: _sequence(static[name]) for name in (schema.HEADER, schema.USE)}
    with inside.transaction() as connection:
        names = _begin(connection, inside)
        grantee = _grantee(connection, inside, grant_to)
        everything = [*(name for name in _IN_ORDER if name in static), *listed]
        _run(connection, *(f"LOCK TABLE {names(name)} IN ACCESS EXCLUSIVE MODE" for name in everything))
        _run(connection, *guards.ledger(names), *guards.functions(names))
        owner = _registry_owner(connection, inside)
        _own_functions(connection, inside, owner)
        for name in (*everything, guards.LEDGER):
            _clear(connection, inside, name, owner)
        _run(connection, *guards.static_guards(names, *(names(sequence) for sequence in sequences.values())))
        for name in listed:
            _run(connection, *guards.rows_guards(names, name))
        for name in (*everything, guards.LEDGER):
            _run(connection, *guards.grants(names, name, grantee))
        for sequence in sequences.values():
            _run(connection, f"ALTER SEQUENCE {names(sequence)} OWNER TO {_quoted(connection, owner)}")
            _run(connection, f"REVOKE ALL ON SEQUENCE {names(sequence)} FROM PUBLIC")
            _run(connection, f"GRANT USAGE ON SEQUENCE {names(sequence)} TO {grantee}")


def _sequence(table: sa.Table) -> str:
    """Give the name of the sequence that numbers a table's rows."""
    sequence: Any = table.c.id.default
    return str(sequence.name)


_IN_ORDER = (schema.NAME, schema.HEADER, schema.QUOTA, schema.REASON_TABLE, schema.USE)


def guard_rows(inside: Inside, table: sa.Table) -> None:
    """Guard a table for rows that was made after the others, as they are guarded."""
    with inside.transaction() as connection:
        names = _begin(connection, inside)
        grantee = _grantee(connection, inside, None)
        _clear(connection, inside, table.name, _registry_owner(connection, inside))
        _run(connection, *guards.rows_guards(names, table.name), *guards.grants(names, table.name, grantee))


def _begin(connection: sa.Connection, inside: Inside) -> guards.Names:
    """Let no other administrator do the same, and wait for nobody forever."""
    _run(connection, f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'", f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})")
    return guards.Names(_quoted(connection, str(inside.namespace)))


def _run(connection: sa.Connection, *statements: str) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)


def _quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


def require_role(inside: Inside, name: str) -> None:
    """See that a role exists.

    Raises
    ------
    DataIdSetSchemaError
        If it does not.
    """
    with inside.reading() as connection:
        found = connection.execute(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).first()
    if found is None and name.upper() != "PUBLIC":
        raise DataIdSetSchemaError(
            f"The database has no role {shortened(name)}.", where="grant_to", remedy="Name one that exists, or PUBLIC."
        )


def _clear(connection: sa.Connection, inside: Inside, name: str, owner: str) -> None:
    """Take from a table all policies, all triggers, and all rights of others but reading; turn row-level security on."""
    table = guards.Names(_quoted(connection, str(inside.namespace)))(name)
    where = {"table": table}
    for catalogue in (
        "SELECT 'POLICY', polname FROM pg_policy WHERE polrelid = CAST(:table AS regclass)",
        "SELECT 'TRIGGER', tgname FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass) AND NOT tgisinternal",
    ):
        for kind, found in connection.execute(sa.text(catalogue), where).all():
            _run(connection, f"DROP {kind} {_quoted(connection, found)} ON {table}")
    holders = sa.text(
        "SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END FROM ("
        " SELECT (aclexplode(relacl)).grantee, relowner FROM pg_class WHERE oid = CAST(:table AS regclass) UNION"
        " SELECT (aclexplode(attacl)).grantee, relowner FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE attrelid = CAST(:table AS regclass)) held WHERE grantee != relowner"
    )
    for holder in connection.execute(holders, where).scalars().all():
        _run(connection, f"REVOKE ALL ON {table} FROM {holder}")
        if name != guards.LEDGER:
            _run(connection, f"GRANT SELECT ON {table} TO {holder}")
    _run(
        connection, f"ALTER TABLE {table} OWNER TO {_quoted(connection, owner)}", f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    )


def _own_functions(connection: sa.Connection, inside: Inside, owner: str) -> None:
    """Give the functions to the owner of the tables, whose rights they use."""
    select = sa.text(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = CAST(:namespace AS regnamespace)"
        r" AND proname LIKE 'dataid\_set\_%' AND proowner != CAST(:owner AS regrole)"
    )
    found = connection.execute(
        select, {"namespace": _quoted(connection, str(inside.namespace)), "owner": _quoted(connection, owner)}
    )
    for function in found.scalars().all():
        _run(connection, f"ALTER FUNCTION {function} OWNER TO {_quoted(connection, owner)}")


def _grantee(connection: sa.Connection, inside: Inside, grant_to: str | None) -> str:
    if grant_to is not None and grant_to.upper() != "PUBLIC":
        return _quoted(connection, grant_to)
    # Before the first guards, rights may be there by default privileges; they say nothing of who is to make sets.
    if grant_to is None and is_guarded(connection, inside, schema.HEADER):
        held = sa.text(
            "SELECT grantee::regrole::text FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = CAST(:table AS regclass)"
            " AND privilege_type = 'INSERT' AND grantee NOT IN (0, relowner) AND NOT EXISTS ("
            "  SELECT 1 FROM aclexplode(relacl) wide WHERE wide.grantee = 0 AND wide.privilege_type = 'INSERT')"
        )
        found = connection.execute(held, {"table": _regclass(connection, inside, schema.HEADER)}).scalars().first()
        return "PUBLIC" if found is None else str(found)
    return "PUBLIC"


# ---- what there is


def _regclass(connection: sa.Connection, inside: Inside, name: str) -> str:
    return guards.Names(_quoted(connection, str(inside.namespace)))(name)


def _registry_owner(connection: sa.Connection, inside: Inside) -> str:
    select = sa.text("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = CAST(:table AS regclass)")
    return str(connection.execute(select, {"table": _regclass(connection, inside, _REGISTRY_TABLE)}).scalar_one())


def may_install(inside: Inside) -> tuple[bool, str]:
    """Tell whether the caller has the rights of the registry's owner, and who that is."""
    with inside.reading() as connection:
        owner = _registry_owner(connection, inside)
        held = sa.text("SELECT pg_has_role(current_user, CAST(:owner AS name), 'usage')")
        return bool(connection.execute(held, {"owner": owner}).scalar_one()), owner


def is_guarded(connection: sa.Connection, inside: Inside, name: str) -> bool:
    """Tell whether PostgreSQL guards the rows of a table."""
    select = sa.text("SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass(:table)")
    return bool(connection.execute(select, {"table": _regclass(connection, inside, name)}).scalar())


def owned_alike(inside: Inside, name: str) -> bool:
    """Tell whether a table for rows belongs to the owner of the headers, and is guarded.

    Where others may make tables in the registry's schema, one of them could make this table, and read all that is put there.
    """
    select = sa.text(
        "SELECT mine.relowner = theirs.relowner AND mine.relrowsecurity FROM pg_class mine, pg_class theirs"
        " WHERE mine.oid = to_regclass(:table) AND theirs.oid = to_regclass(:header)"
    )
    with inside.reading() as connection:
        names = {"table": _regclass(connection, inside, name), "header": _regclass(connection, inside, schema.HEADER)}
        return bool(connection.execute(select, names).scalar())


def unguarded(inside: Inside) -> list[str]:
    """Name the tables that lack row-level security, a policy or a trigger."""
    if not inside.is_postgresql:
        return []
    names = guards.Names(f'"{inside.namespace}"')
    expected: dict[str, int] = dict.fromkeys((*schema.STATIC, guards.LEDGER), 0)
    statements = [*guards.static_guards(names, "", "")]
    for name in inside.table_names(schema.ROWS_PREFIX):
        expected[name] = 0
        statements += guards.rows_guards(names, name)
    for name in expected:
        expected[name] = sum(f"ON {names(name)} " in f"{statement} " for statement in statements)
    select = sa.text(
        "SELECT relrowsecurity::int * ((SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid)"
        " + (SELECT count(*) FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal AND tgenabled = 'O'))"
        " FROM pg_class WHERE oid = to_regclass(:table)"
    )
    with inside.reading() as connection:
        return [
            name for name, many in expected.items() if (connection.execute(select, {"table": names(name)}).scalar() or 0) != many
        ]


def is_administrator(inside: Inside) -> bool:
    """Tell whether guards do not bind the caller; on SQLite, whether the file is theirs."""
    if not inside.is_postgresql:
        # What Butler has for SQLite knows its file; the base class does not.
        database: Any = inside.db
        filename: str | None = database.filename
        return filename is None or Path(filename).stat().st_uid == os.getuid()
    with inside.reading() as connection:
        select = sa.text("SELECT NOT row_security_active(CAST(:table AS regclass))")
        return bool(connection.execute(select, {"table": _regclass(connection, inside, schema.HEADER)}).scalar_one())
