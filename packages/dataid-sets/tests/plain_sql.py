"""Plain SQL on the tables of sets, as somebody could write it who knows them."""

from __future__ import annotations

import psycopg

ROWS = [{"instrument": "HSC", "visit": visit, "reason": "ghost"} for visit in (903334, 903336, 903338)]
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.DatabaseError)
HEADER = (
    "INSERT INTO dataid_set (id, name, version, dimensions, n_rows, n_pending, digest, reasons_digest, owner, access, created)"
    " VALUES (nextval('dataid_set_seq_id'), %(name)s, %(version)s, 'instrument,visit', %(n_rows)s, 0, 'd', 'd', %(owner)s,"
    " 'everyone', 0) RETURNING id"
)
ROW = "INSERT INTO dataid_set_rows_visit (set_id, instrument, visit) SELECT %s, 'HSC', generate_series(1, %s)"
USE = (
    "INSERT INTO dataid_set_use (id, set_id, set_name, set_version, digest, role, kind, used, used_by)"
    " SELECT nextval('dataid_set_use_seq_id'), id, name, version, digest, 'exclude', 'run', 0, %(by)s FROM dataid_set"
    " WHERE id = %(id)s"
)
TAGGED = (
    "INSERT INTO dataid_set_use"
    " (id, set_id, set_name, set_version, digest, role, kind, collection, collection_id, n_rows, used, used_by)"
    " SELECT nextval('dataid_set_use_seq_id'), id, name, version, digest, 'include', 'tagged', %(collection)s, -7, %(n_rows)s, 0,"
    " %(by)s FROM dataid_set WHERE id = %(id)s"
)
TABLES = ("dataid_set", "dataid_set_rows_visit", "dataid_set_reason")


def count(connection: psycopg.Connection, table: str, set_id: int) -> int:
    column = "id" if table == "dataid_set" else "set_id"
    return connection.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [set_id]).fetchone()[0]


def own_set(connection: psycopg.Connection, name: str, role: str, n_rows: int, *, declared: int | None = None) -> int:
    """Make a set by plain SQL."""
    connection.execute("INSERT INTO dataid_set_name VALUES (%s, %s, 0) ON CONFLICT DO NOTHING", [name, role])
    version = connection.execute(
        "UPDATE dataid_set_name SET newest = newest + 1 WHERE name = %s RETURNING newest", [name]
    ).fetchone()[0]
    header = {"name": name, "version": version, "owner": role, "n_rows": n_rows if declared is None else declared}
    set_id = connection.execute(HEADER, header).fetchone()[0]
    if n_rows:
        connection.execute(ROW, [set_id, n_rows])
    return set_id
