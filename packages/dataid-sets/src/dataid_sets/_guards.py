"""The SQL by which PostgreSQL guards sets: a ledger, functions, triggers, policies and grants.

Policies decide who may see and touch which row. Triggers decide what policies cannot: that old and new agree, that a set is
loaded in one transaction, and how many rows an owner keeps. Grants come last, and nothing depends on them alone, since
administrators are fond of ``GRANT ALL ON ALL TABLES``.

Texts here may not hold a percent sign, which psycopg 2 takes for a placeholder.
"""

from __future__ import annotations

__all__ = ("LEDGER", "NOT_ALLOWED", "QUOTA_USED_UP", "Names", "functions", "grants", "ledger", "rows_guards", "static_guards")

from collections.abc import Iterator
from dataclasses import dataclass

from . import _schema as schema

LEDGER = "dataid_set_ledger"
_COLLECTION = "collection"
"""Butler's own table, with ``collection_id`` and ``name``."""
QUOTA_USED_UP = "DSQ01"
NOT_ALLOWED = "DSI01"

_MAY_CHANGE = ("access", "group_name", "description", "expires", "removed")
_OF_SET = ("set_id", "set_name", "set_version", "digest")
_ACCESS = "access IN ('everyone', 'group', 'private') AND (access = 'group') = (group_name IS NOT NULL)"


@dataclass(frozen=True)
class Names:
    """Names as SQL has them, all with the registry's schema.

    Attributes
    ----------
    namespace : `str`
        The schema, quoted.
    """

    namespace: str

    def __call__(self, name: str) -> str:
        return f'{self.namespace}."{name}"'


def ledger(at: Names) -> Iterator[str]:
    """Give statements that make the ledger: what was ever loaded, and in which transaction.

    Nobody but the guards' own functions may see it. A set's line stays when the set goes, so that no number comes again. The
    transaction's number is that of the whole transaction, unlike ``xmin``, which savepoints and later updates change.
    """
    yield f"""CREATE TABLE IF NOT EXISTS {at(LEDGER)} (
        set_id bigint PRIMARY KEY, name varchar(200) NOT NULL, version bigint NOT NULL, owner varchar(64) NOT NULL,
        n_rows bigint NOT NULL, loaded_by bigint NOT NULL, UNIQUE (name, version))"""
    yield f"CREATE INDEX IF NOT EXISTS {LEDGER}_owner ON {at(LEDGER)} (owner)"
    # Sets from before the guards.
    yield f"""INSERT INTO {at(LEDGER)}
        SELECT id, name, version, owner, CASE WHEN removed IS NULL THEN n_rows ELSE 0 END, 0 FROM {at(schema.HEADER)}
        ON CONFLICT DO NOTHING"""


def _function(
    at: Names, name: str, body: str, *, takes: str = "", gives: str = "trigger", definer: bool = False
) -> Iterator[str]:
    signature = f"{at(name)}({takes})"
    security = "SECURITY DEFINER" if definer else "SECURITY INVOKER"
    yield f"""CREATE OR REPLACE FUNCTION {signature} RETURNS {gives} LANGUAGE plpgsql {security}
        SET search_path = pg_catalog, pg_temp AS $body${body}$body$"""
    # Or someone could hang it on a table of their own.
    yield f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC"


def _groups(who: str) -> str:
    return f"SELECT rolname::text FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role({who}, oid, 'member')"


def _readable(who: str) -> str:
    return f"owner = {who} OR access = 'everyone' OR (access = 'group' AND group_name IN ({_groups(who)}))"


def _refuse(message: str) -> str:
    return f"RAISE EXCEPTION USING ERRCODE = '{NOT_ALLOWED}', MESSAGE = {message};"


def functions(at: Names) -> Iterator[str]:
    """Give statements that make the functions behind the triggers."""
    yield from _header_functions(at)
    yield from _quota_functions(at)
    yield from _rows_functions(at)
    yield from _function(at, "dataid_set_fresh_id", "BEGIN NEW.id := nextval(TG_ARGV[0]::regclass); RETURN NEW; END")
    refuse = _refuse("TG_TABLE_NAME || ' cannot be emptied'")
    yield from _function(at, "dataid_set_no_truncate", f"BEGIN {refuse} END")
    refuse = _refuse("'a name keeps its owner, who may give it to a group, and its versions count up by one'")
    given = f"OLD.owner = current_user AND left(NEW.owner, 1) = '{schema.GROUP_SIGN}'"
    body = f"""BEGIN
        IF (NEW.name, NEW.owner, NEW.newest) IS DISTINCT FROM (OLD.name, OLD.owner, OLD.newest + 1)
            AND NOT ((NEW.name, NEW.newest) = (OLD.name, OLD.newest) AND {given}) THEN {refuse} END IF;
        RETURN NEW; END"""
    yield from _function(at, "dataid_set_name_changes", body)
    # Names do not show to others; but who may read an older version is told that there is a newer one.
    shown = f"SELECT 1 FROM {at(schema.HEADER)} h WHERE h.name = whose AND ({_readable('session_user')})"
    body = f"""BEGIN
        RETURN (SELECT newest FROM {at(schema.NAME)} n WHERE n.name = whose AND EXISTS ({shown})); END"""
    yield from _function(at, "dataid_set_newest", body, takes="whose text", gives="bigint", definer=True)
    yield f"GRANT EXECUTE ON FUNCTION {at('dataid_set_newest')}(text) TO PUBLIC"
    # The number, unlike the name, is never given again; so what was tagged is free for good when its collection is removed.
    body = f"""BEGIN
        NEW.collection_id := (SELECT c.collection_id FROM {at(_COLLECTION)} c WHERE c.name = NEW.collection);
        RETURN NEW; END"""
    yield from _function(at, "dataid_set_placed", body, definer=True)
    body = f"""BEGIN
        IF NEW.n_rows > 0 THEN PERFORM {at("dataid_set_require_quota")}(NEW.used_by, NEW.n_rows); END IF;
        RETURN NULL; END"""
    yield from _function(at, "dataid_set_counted", body, definer=True)
    # The lock makes a removal wait for this transaction, and this one for a removal.
    refuse = _refuse("'the set is gone'")
    body = f"""BEGIN
        PERFORM 1 FROM {at(schema.HEADER)} WHERE id = NEW.set_id FOR SHARE;
        IF NOT FOUND THEN {refuse} END IF;
        RETURN NULL; END"""
    yield from _function(at, "dataid_set_used", body, definer=True)


def _header_functions(at: Names) -> Iterator[str]:
    # The lock makes a removal of a parent wait for this transaction, so that it sees the child.
    body = f"""BEGIN
        INSERT INTO {at(LEDGER)} VALUES (NEW.id, NEW.name, NEW.version, NEW.owner, 0, txid_current());
        IF coalesce(NEW.parents, '[]') <> '[]' THEN
            PERFORM 1 FROM {at(schema.HEADER)} h
            WHERE position('"' || h.name || '@' || h.version || '"' IN NEW.parents) > 0 ORDER BY h.id FOR SHARE;
        END IF;
        RETURN NULL; END"""
    yield from _function(at, "dataid_set_made", body, definer=True)
    refuse = _refuse("'the set ' || NEW.name || '@' || NEW.version || ' does not have the rows that its header tells of'")
    body = f"""BEGIN
        IF EXISTS (SELECT 1 FROM {at(schema.HEADER)} h JOIN {at(LEDGER)} l ON l.set_id = h.id
                   WHERE h.id = NEW.id AND h.removed IS NULL AND l.n_rows <> h.n_rows) THEN {refuse} END IF;
        RETURN NULL; END"""
    yield from _function(at, "dataid_set_whole", body, definer=True)
    fixed = "ARRAY[" + ", ".join(f"'{name}'" for name in _MAY_CHANGE) + "]"
    refuse = _refuse("'the set ' || OLD.name || '@' || OLD.version || ' cannot be changed'")
    body = f"""BEGIN
        IF OLD.removed IS NOT NULL OR to_jsonb(NEW) - {fixed} IS DISTINCT FROM to_jsonb(OLD) - {fixed} THEN {refuse} END IF;
        RETURN NEW; END"""
    yield from _function(at, "dataid_set_changes", body)
    # What was used, or made into another set, is kept; a trigger sees also what was used since the statement began.
    refuse = _refuse("'the set ' || OLD.name || '@' || OLD.version || ' still has rows'")
    body = f"""BEGIN
        IF EXISTS (SELECT 1 FROM {at(LEDGER)} WHERE set_id = OLD.id AND n_rows > 0)
            OR EXISTS (SELECT 1 FROM {at(schema.REASON_TABLE)} WHERE set_id = OLD.id) THEN {refuse} END IF;
        IF EXISTS (SELECT 1 FROM {at(schema.USE)} WHERE set_id = OLD.id)
            OR EXISTS (SELECT 1 FROM {at(schema.HEADER)} h
                       WHERE position('"' || OLD.name || '@' || OLD.version || '"' IN h.parents) > 0) THEN RETURN NULL; END IF;
        RETURN OLD; END"""
    yield from _function(at, "dataid_set_forgotten", body, definer=True)


def _quota_functions(at: Names) -> Iterator[str]:
    # Whatever else is to count against a quota is to be added here, and in `Quotas.kept`.
    alive = f"EXISTS (SELECT 1 FROM {at(_COLLECTION)} c WHERE c.collection_id = u.collection_id)"
    body = f"""BEGIN
        RETURN (SELECT coalesce(sum(n_rows), 0) FROM {at(LEDGER)} WHERE owner = whose)
            + (SELECT coalesce(sum(u.n_rows), 0) FROM {at(schema.USE)} u WHERE u.used_by = whose AND {alive}); END"""
    yield from _function(at, "dataid_set_kept", body, takes="whose text", gives="bigint", definer=True)
    # Who waits for the lock then sees what the other kept, as long as each statement has its own snapshot.
    body = f"""DECLARE most bigint; kept bigint; BEGIN
        SELECT max_rows INTO most FROM {at(schema.QUOTA)} WHERE owner IN (whose, '*') ORDER BY owner = '*' LIMIT 1;
        IF most IS NULL THEN RETURN; END IF;
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            {_refuse("'where there is a quota, sets are loaded in transactions of isolation level read committed'")}
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('dataid_sets'), hashtext(whose));
        kept := {at("dataid_set_kept")}(whose);
        IF kept > most THEN
            RAISE EXCEPTION USING ERRCODE = '{QUOTA_USED_UP}', MESSAGE = whose || ' would keep ' || kept || ' rows of ' || most,
                DETAIL = (kept - added) || ' ' || most || ' ' || added;
        END IF; END"""
    yield from _function(at, "dataid_set_require_quota", body, takes="whose text, added bigint", gives="void", definer=True)


def _rows_functions(at: Names) -> Iterator[str]:
    refuse = _refuse("'the set with id ' || one.set_id || ' is whole; nothing can be added'")
    more = _refuse("'the set with id ' || one.set_id || ' has more rows than its header tells of'")
    body = f"""DECLARE one record; whose text; BEGIN
        FOR one IN SELECT set_id, count(*) AS n FROM added GROUP BY set_id ORDER BY set_id LOOP
            IF TG_ARGV[0] = 'reasons' THEN
                PERFORM 1 FROM {at(LEDGER)} WHERE set_id = one.set_id AND loaded_by = txid_current();
            ELSE
                UPDATE {at(LEDGER)} SET n_rows = n_rows + one.n
                WHERE set_id = one.set_id AND (TG_ARGV[0] = 'free' OR loaded_by = txid_current()) RETURNING owner INTO whose;
            END IF;
            IF TG_ARGV[0] <> 'free' AND NOT FOUND THEN {refuse} END IF;
            IF TG_ARGV[0] = 'rows' THEN
                IF (SELECT l.n_rows > h.n_rows FROM {at(LEDGER)} l JOIN {at(schema.HEADER)} h ON h.id = l.set_id
                    WHERE l.set_id = one.set_id) THEN {more} END IF;
                PERFORM {at("dataid_set_require_quota")}(whose, one.n);
            END IF;
        END LOOP;
        RETURN NULL; END"""
    yield from _function(at, "dataid_set_rows_added", body, definer=True)
    body = f"""BEGIN
        UPDATE {at(LEDGER)} l SET n_rows = greatest(0, l.n_rows - gone.n)
        FROM (SELECT set_id, count(*) AS n FROM dropped GROUP BY set_id) gone WHERE l.set_id = gone.set_id;
        RETURN NULL; END"""
    yield from _function(at, "dataid_set_rows_dropped", body, definer=True)


def _trigger(at: Names, table: str, name: str, when: str, call: str, *, only: str = "bound", each: str = "STATEMENT") -> str:
    """Give a trigger, for those whom policies bind, for those whom they do not (``free``), or for ``all``."""
    active = f"row_security_active('{at(table)}'::regclass)"
    condition = {"bound": f"WHEN ({active})", "free": f"WHEN (NOT {active})", "all": ""}[only]
    kind = "CONSTRAINT TRIGGER" if "DEFERRED" in when else "TRIGGER"
    return f'CREATE {kind} "{name}" {when} FOR EACH {each} {condition} EXECUTE FUNCTION {at.namespace}.{call}'


def _policy(at: Names, table: str, verb: str, using: str = "", check: str = "") -> str:
    terms = (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
    return f"CREATE POLICY dataid_sets_{verb.lower()} ON {at(table)} FOR {verb}{terms}"


def static_guards(at: Names, header_ids: str, use_ids: str) -> Iterator[str]:
    """Give the policies and triggers of the tables that every installation has; the sequences' names are quoted."""
    mine, header = "owner = current_user", at(schema.HEADER)
    ours = f"{mine} OR owner IN (SELECT '{schema.GROUP_SIGN}' || held FROM ({_groups('current_user')}) AS g(held))"
    same = f"(n.name, n.newest) = ({schema.HEADER}.name, {schema.HEADER}.version)"
    # The policies of names let through only one's own and those of one's groups.
    named = f"EXISTS (SELECT 1 FROM {at(schema.NAME)} n WHERE {same})"
    yield _policy(at, schema.HEADER, "SELECT", _readable("current_user"))
    yield _policy(at, schema.HEADER, "INSERT", "", f"{mine} AND removed IS NULL AND {_ACCESS} AND {named}")
    yield _policy(at, schema.HEADER, "UPDATE", mine, f"{mine} AND {_ACCESS}")
    yield _policy(at, schema.HEADER, "DELETE", f"{mine} AND removed IS NOT NULL")
    yield _policy(at, schema.NAME, "SELECT", ours)
    yield _policy(at, schema.NAME, "INSERT", "", f"{mine} AND newest = 0")
    yield _policy(at, schema.NAME, "UPDATE", ours, ours)
    yield _policy(at, schema.QUOTA, "SELECT", f"{mine} OR owner = '*'")
    same = f"(h.id, h.name, h.version, h.digest) = ({', '.join(f'{schema.USE}.{each}' for each in _OF_SET)})"
    used = f"used_by = current_user AND coalesce(n_rows, 0) >= 0 AND EXISTS (SELECT 1 FROM {header} h WHERE {same})"
    yield _policy(at, schema.USE, "SELECT", f"used_by = current_user OR set_id IN (SELECT id FROM {header})")
    yield _policy(at, schema.USE, "INSERT", "", used)
    yield from _of_rows(at, schema.REASON_TABLE)

    def trigger(table: str, name: str, when: str, call: str, **kwargs: str) -> str:
        return _trigger(at, table, f"dataid_sets_{name}", f"{when} ON {at(table)}", call, each="ROW", **kwargs)

    yield trigger(schema.HEADER, "id", "BEFORE INSERT", f"dataid_set_fresh_id('{header_ids}')")
    yield trigger(schema.USE, "id", "BEFORE INSERT", f"dataid_set_fresh_id('{use_ids}')")
    yield trigger(schema.HEADER, "made", "AFTER INSERT", "dataid_set_made()", only="all")
    yield trigger(schema.HEADER, "changes", "BEFORE UPDATE", "dataid_set_changes()")
    yield trigger(schema.HEADER, "forgotten", "BEFORE DELETE", "dataid_set_forgotten()")
    yield trigger(schema.NAME, "changes", "BEFORE UPDATE", "dataid_set_name_changes()")
    yield trigger(schema.USE, "placed", "BEFORE INSERT", "dataid_set_placed()", only="all")
    yield trigger(schema.USE, "counted", "AFTER INSERT", "dataid_set_counted()")
    yield trigger(schema.USE, "used", "AFTER INSERT", "dataid_set_used()", only="all")
    whole = f"AFTER INSERT ON {header} DEFERRABLE INITIALLY DEFERRED"
    yield _trigger(at, schema.HEADER, "dataid_sets_whole", whole, "dataid_set_whole()", each="ROW")
    added = f"AFTER INSERT ON {at(schema.REASON_TABLE)} REFERENCING NEW TABLE AS added"
    yield _trigger(at, schema.REASON_TABLE, "dataid_sets_added", added, "dataid_set_rows_added('reasons')")
    for table in (*schema.STATIC, LEDGER):
        yield _truncate(at, table)


def rows_guards(at: Names, table: str) -> Iterator[str]:
    """Give the policies and triggers of a table for rows."""
    yield from _of_rows(at, table)
    added = f"AFTER INSERT ON {at(table)} REFERENCING NEW TABLE AS added"
    yield _trigger(at, table, "dataid_sets_added", added, "dataid_set_rows_added('rows')")
    yield _trigger(at, table, "dataid_sets_added_freely", added, "dataid_set_rows_added('free')", only="free")
    dropped = f"AFTER DELETE ON {at(table)} REFERENCING OLD TABLE AS dropped"
    yield _trigger(at, table, "dataid_sets_dropped", dropped, "dataid_set_rows_dropped()", only="all")
    yield _truncate(at, table)


def _truncate(at: Names, table: str) -> str:
    return _trigger(at, table, "dataid_sets_truncate", f"BEFORE TRUNCATE ON {at(table)}", "dataid_set_no_truncate()")


def _of_rows(at: Names, table: str) -> Iterator[str]:
    """Give policies for what belongs to a set: read with its header, add as its owner, drop when it is marked as removed."""
    header = at(schema.HEADER)
    yield _policy(at, table, "SELECT", f"set_id IN (SELECT id FROM {header})")
    yield _policy(at, table, "INSERT", "", f"set_id IN (SELECT id FROM {header} WHERE owner = current_user)")
    yield _policy(at, table, "DELETE", f"set_id IN (SELECT id FROM {header} WHERE owner = current_user AND removed IS NOT NULL)")


def grants(at: Names, table: str, grant_to: str) -> Iterator[str]:
    """Give the grants of a table: reading to everyone whom the schema lets in, since policies decide; writing to `grant_to`."""
    rights = {
        schema.HEADER: ("INSERT", "DELETE", f"UPDATE ({', '.join(_MAY_CHANGE)})"),
        schema.NAME: ("INSERT", "UPDATE (newest, owner)"),
        schema.QUOTA: (),
        schema.USE: ("INSERT",),
        LEDGER: (),
    }.get(table, ("INSERT", "DELETE"))
    if table != LEDGER:
        yield f"GRANT SELECT ON {at(table)} TO PUBLIC"
    for right in rights:
        yield f"GRANT {right} ON {at(table)} TO {grant_to}"
