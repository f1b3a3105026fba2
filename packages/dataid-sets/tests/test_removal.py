"""Removing sets, sharing them, sweeping away what has expired, and quotas, on every database."""

from __future__ import annotations

import datetime
import threading
import time

import astropy.time
import psycopg
import pytest
import sqlalchemy as sa
from lsst.daf.butler import Butler

from dataid_sets import DataIdSetPermissionError, DataIdSets, DataIdSetValueError, NoSuchDataIdSetError
from dataid_sets._headers import Person
from registries import Shared

ROWS = [{"instrument": "HSC", "visit": visit, "reason": "ghost"} for visit in (903334, 903336, 903338)]
NOW = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def use(sets: DataIdSets, made) -> None:
    """Tell of a use of a set."""
    values = {"set_id": made.id, "set_name": made.name, "set_version": made.version, "digest": made.digest, "role": "exclude"}
    values |= {"kind": "run", "used": astropy.time.Time.now(), "used_by": sets._headers.person.name}
    with sets._inside.transaction() as connection:
        connection.execute(sa.insert(sets._installation.table("dataid_set_use")).values(values))


def left_over(sets: DataIdSets, made) -> int:
    """Count what there still is of a set's rows and reasons."""
    tables = (sets._installation.rows(made.dimensions), sets._installation.table("dataid_set_reason"))
    with sets._inside.reading() as connection:
        counts = [sa.select(sa.func.count()).select_from(table).where(table.c.set_id == made.id) for table in tables]
        return sum(connection.execute(count).scalar_one() for count in counts)


@pytest.fixture
def people_if_postgres(request: pytest.FixtureRequest, sets: DataIdSets) -> None:
    """Make the roles, where groups are roles."""
    if sets._inside.is_postgresql:
        request.getfixturevalue("people")


@pytest.fixture
def other(butler: Butler) -> DataIdSets:
    """Give the sets as somebody else sees them, where the database does not know who asks."""
    sets = DataIdSets(butler)
    sets._headers._person = Person("somebody", ("shifters",))
    return sets


def test_a_removed_set_is_gone_and_its_number_too(sets: DataIdSets, name: str) -> None:
    made = sets.create(name, ROWS)
    gone = sets.remove(str(made))
    assert gone.removed is not None
    assert left_over(sets, made) == 0
    assert sets.list(name=name, removed=True) == []
    with pytest.raises(NoSuchDataIdSetError):
        sets.remove(made)
    assert sets.create(name, ROWS).version == 2


def test_what_was_used_keeps_its_header(sets: DataIdSets, name: str) -> None:
    made = sets.create(name, ROWS)
    use(sets, made)
    sets.remove(made)
    kept = sets.find(made, removed=True)
    assert (kept.digest, kept.n_rows, kept.removed is not None) == (made.digest, 3, True)
    assert left_over(sets, made) == 0
    assert sets.list(name=name) == []
    with pytest.raises(NoSuchDataIdSetError, match="only its header is kept"):
        sets.read(made)
    assert sets.check() == []


def test_what_a_set_was_made_from_keeps_its_header(sets: DataIdSets, name: str) -> None:
    parent, other = sets.create(f"{name}/parent", ROWS, expires=NOW), sets.create(f"{name}/other", ROWS[:1])
    child = sets.union(f"{name}/child", [parent, other])
    sets.remove(other)
    assert parent.name in [each.name for each in sets.sweep(NOW)]
    for each in (parent, other):
        kept = sets.find(each, removed=True)
        assert (kept.digest, kept.removed is not None, left_over(sets, each)) == (each.digest, True, 0)
    assert child.parents == (str(parent), str(other))
    assert sets.check() == []
    # A name that only begins alike is no parent.
    alike = sets.create(f"{name}/par_nt", ROWS)
    sets.remove(alike)
    with pytest.raises(NoSuchDataIdSetError):
        sets.find(alike, removed=True)


@pytest.mark.postgres
def test_a_parent_of_anothers_private_set_keeps_its_header(shared: Shared, name: str) -> None:
    alice, bob = shared.sets("alice"), shared.sets("bob")
    parent, other = alice.create(f"{name}/parent", ROWS), bob.create(f"{name}/other", ROWS[:1])
    bob.union(f"{name}/child", [parent, other], access="private")
    alice.remove(parent)
    assert alice.find(parent, removed=True).removed is not None


@pytest.mark.postgres
def test_a_set_made_while_its_parent_is_removed_keeps_the_header(shared: Shared, name: str) -> None:
    alice = shared.sets("alice")
    made = alice.create(name, ROWS)
    with shared.connect("registrar") as connection:
        connection.execute(
            "INSERT INTO dataid_set (id, name, version, dimensions, n_rows, n_pending, digest, reasons_digest, owner, access,"
            " created, parents) VALUES (1000000, %s, 1, 'instrument,visit', 0, 0, '', '', 'registrar', 'everyone', 0, %s)",
            [f"{name}/child", f'["{made}"]'],
        )
        thread = threading.Thread(target=alice.remove, args=[made])
        thread.start()
        time.sleep(0.3)
        assert thread.is_alive()
        connection.commit()
        thread.join()
        assert alice.find(made, removed=True).removed is not None
        connection.execute("DELETE FROM dataid_set WHERE name = %s", [f"{name}/child"])
        connection.commit()


def test_only_a_version_can_be_removed(sets: DataIdSets, name: str) -> None:
    made = [sets.create(name, ROWS[:number]) for number in (1, 2)]
    with pytest.raises(DataIdSetValueError, match=f"There are: {made[0]}, {made[1]}"):
        sets.remove(name)
    with pytest.raises(NoSuchDataIdSetError):
        sets.remove(f"{name}/none")


def test_others_can_neither_remove_nor_share(sets: DataIdSets, other: DataIdSets, name: str) -> None:
    made = sets.create(name, ROWS)
    for verb in (lambda: other.remove(made), lambda: other.share(made, "private")):
        with pytest.raises(DataIdSetPermissionError, match=f"belongs to {made.owner}"):
            verb()


def test_sharing(sets: DataIdSets, other: DataIdSets, people_if_postgres: None, name: str) -> None:
    made = sets.create(name, ROWS, access="private")
    with pytest.raises(NoSuchDataIdSetError):
        other.find(name)
    assert sets.share(made, "group", "shifters").group == "shifters"
    assert other.find(name).id == made.id
    assert sets.share(name, "private").group is None
    with pytest.raises(NoSuchDataIdSetError):
        other.find(name)
    for access, group in (("group", None), ("everyone", "shifters")):
        with pytest.raises(DataIdSetValueError, match="names it"):
            sets.share(made, access, group)


def test_a_name_of_a_group_takes_the_next_version_of_any_member(sets: DataIdSets, other: DataIdSets, name: str) -> None:
    if sets._inside.is_postgresql:
        return  # the roles' own test is below
    sets.create(name, ROWS)
    with pytest.raises(DataIdSetPermissionError, match=r"belongs to someone else.*share-dataid-set"):
        other.create(name, ROWS)
    sets._headers._person = Person(sets._headers.person.name, ("shifters",))
    with pytest.raises(DataIdSetValueError, match="do not belong to the group nobodies"):
        sets.give_name(name, "nobodies")
    with pytest.raises(DataIdSetPermissionError, match="is not yours"):
        other.give_name(name, "shifters")
    sets.give_name(name, "shifters")
    assert (other.create(name, ROWS[:1]).version, sets.create(name, ROWS).version) == (2, 3)
    other._headers._person = Person("stranger", ("readers",))
    with pytest.raises(DataIdSetPermissionError, match="belongs to someone else"):
        other.create(name, ROWS)


@pytest.mark.postgres
def test_a_name_of_a_group_of_roles(shared: Shared, name: str) -> None:
    alice, bob, carol = (shared.sets(role) for role in ("alice", "bob", "carol"))
    alice.create(name, ROWS)
    with pytest.raises(DataIdSetPermissionError):
        bob.create(name, ROWS)
    with shared.connect("bob") as connection:
        assert connection.execute("UPDATE dataid_set_name SET owner = '@shifters' WHERE name = %s", [name]).rowcount == 0
    with shared.connect("alice") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE dataid_set_name SET owner = '@carol' WHERE name = %s", [name])
    alice.give_name(name, "shifters")
    assert [sets.create(name, ROWS[:2]).version for sets in (bob, alice)] == [2, 3]
    with pytest.raises(DataIdSetPermissionError):
        carol.create(name, ROWS)
    for statement in ("SET owner = 'bob'", "SET newest = 1", "SET owner = '@bob'"):
        with shared.connect("bob") as connection, pytest.raises(psycopg.DatabaseError):
            connection.execute(f"UPDATE dataid_set_name {statement} WHERE name = %s", [name])
    # Each version is its owner's.
    with pytest.raises(DataIdSetPermissionError, match="belongs to bob"):
        alice.remove(f"{name}@2")


def test_a_newer_version_that_is_gone_is_told_of(sets: DataIdSets, name: str, caplog: pytest.LogCaptureFixture) -> None:
    made = [sets.create(name, ROWS[:number]) for number in (1, 2)]
    assert sets.find(name) == made[1]
    assert "newer version" not in caplog.text
    sets.remove(made[1])
    assert sets.find(name) == made[0]
    assert f"{made[0]} is taken, though there was a newer version: {made[1]} was removed, or you may not" in caplog.text
    use(sets, third := sets.create(name, ROWS))
    sets.remove(third)
    sets.find(name)
    assert f"{third} was removed on " in caplog.text
    caplog.clear()
    sets.find(made[0])
    assert not caplog.text


@pytest.mark.postgres
def test_a_newer_version_of_anothers_is_told_of(shared: Shared, name: str, caplog: pytest.LogCaptureFixture) -> None:
    alice, carol = shared.sets("alice"), shared.sets("carol")
    first = alice.create(name, ROWS)
    hidden = alice.create(name, ROWS[:1], access="private")
    assert carol.find(name).id == first.id
    assert f"{hidden} was removed, or you may not read it" in caplog.text
    alice.create(f"{name}/hidden", ROWS, access="private")
    with shared.connect("carol") as connection:
        assert connection.execute("SELECT dataid_set_newest(%s)", [f"{name}/hidden"]).fetchone() == (None,)


def test_a_sweep_takes_what_has_expired(sets: DataIdSets, other: DataIdSets, name: str) -> None:
    early, late, never = (
        sets.create(f"{name}/{index}", ROWS, expires=expires)
        for index, expires in enumerate((NOW, NOW + datetime.timedelta(seconds=1), None))
    )
    with pytest.raises(DataIdSetValueError, match="no time zone"):
        sets.sweep(datetime.datetime(2020, 1, 1))  # noqa: DTZ001
    assert [str(each) for each in sets.sweep(NOW - datetime.timedelta(seconds=1)) if each.name.startswith(name)] == []
    swept = [each for each in sets.sweep(NOW) if each.name.startswith(name)]
    assert [each.name for each in swept] == [early.name]
    assert swept[0].removed > datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5)
    assert [each.name for each in sets.list(name=f"{name}*")] == [late.name, never.name]
    assert left_over(sets, early) == 0
    # An administrator sweeps away everyone's, even those that only their owners can read.
    hidden = other.create(f"{name}/hidden", ROWS, expires=NOW, access="private")
    assert hidden.id in [each.id for each in sets.sweep(NOW)]


@pytest.mark.postgres
def test_ordinary_roles_sweep_their_own(shared: Shared, name: str) -> None:
    alice, bob = shared.sets("alice"), shared.sets("bob")
    made = {sets: sets.create(f"{name}/{index}", ROWS, expires=NOW) for index, sets in enumerate((alice, bob))}
    assert [each.id for each in alice.sweep(NOW)] == [made[alice].id]
    assert bob.list(name=f"{name}*") == [made[bob]]
    assert [each.id for each in shared.sets("registrar").sweep(NOW)] == [made[bob].id]


@pytest.mark.postgres
def test_a_use_told_while_a_set_is_removed_keeps_its_header(shared: Shared, name: str) -> None:
    alice = shared.sets("alice")
    made = alice.create(name, ROWS)
    with shared.connect("bob") as connection:
        connection.execute(
            "INSERT INTO dataid_set_use (id, set_id, set_name, set_version, digest, role, kind, used, used_by)"
            " VALUES (1, %s, %s, %s, %s, 'exclude', 'run', 0, 'bob')",
            [made.id, made.name, made.version, made.digest],
        )
        thread = threading.Thread(target=alice.remove, args=[made])
        thread.start()
        time.sleep(0.3)
        assert thread.is_alive()
        connection.commit()
        thread.join()
    assert alice.find(made, removed=True).removed is not None


@pytest.mark.postgres
def test_a_use_told_too_late_is_refused(shared: Shared, name: str) -> None:
    alice = shared.sets("alice")
    made = alice.create(name, ROWS)
    errors = []

    def tell() -> None:
        try:
            use(shared.sets("bob"), made)
        except sa.exc.DBAPIError as error:
            errors.append(str(error.orig))

    with shared.connect("alice") as connection:
        connection.execute("UPDATE dataid_set SET removed = 1 WHERE id = %s", [made.id])
        connection.execute("DELETE FROM dataid_set_rows_visit WHERE set_id = %s", [made.id])
        connection.execute("DELETE FROM dataid_set_reason WHERE set_id = %s", [made.id])
        connection.execute("DELETE FROM dataid_set WHERE id = %s", [made.id])
        thread = threading.Thread(target=tell)
        thread.start()
        time.sleep(0.3)
        assert thread.is_alive()
        connection.commit()
        thread.join()
    assert "the set is gone" in errors[0]


def test_quotas(sets: DataIdSets, name: str) -> None:
    owner, quotas = sets._headers.person.name, sets._headers.quotas

    def limit_and_kept() -> tuple[int | None, int]:
        with sets._inside.reading() as connection:
            return quotas.limit(connection, owner), quotas.kept(connection, owner)

    sets.set_quota("*", 0)  # holds for no administrator
    limit, kept = limit_and_kept()
    assert limit is None
    sets.set_quota(owner, kept + 4)
    try:
        made = sets.create(name, ROWS)
        assert limit_and_kept() == (kept + 4, kept + 3)
        with pytest.raises(
            DataIdSetPermissionError, match=rf"You keep {kept + 3:,} of {kept + 4:,} rows; 3 more do not fit. Remove"
        ):
            sets.create(name, ROWS)
        assert [each.version for each in sets.list(name=name)] == [1]
        with pytest.raises(DataIdSetPermissionError, match="do not fit"):
            sets.union(f"{name}/union", [made])
        sets.remove(made)
        assert sets.create(name, ROWS).version == 2
    finally:
        sets.set_quota(owner, None)
        sets.set_quota("*", None)
    assert limit_and_kept()[0] is None
    for wrong in (("", 1), ("x" * 65, 1), (owner, -1)):
        with pytest.raises(DataIdSetValueError):
            sets.set_quota(*wrong)
