"""What sets were used for."""

from __future__ import annotations

import datetime

import pytest
from lsst.daf.butler import Butler, CollectionType

from dataid_sets import DataIdSetPermissionError, DataIdSets, DataIdSetValueError, NoSuchDataIdSetError, Role
from dataid_sets._headers import Person
from registries import Shared

VISIT = [{"instrument": "HSC", "visit": 903334}]


def test_uses_are_found_from_both_ends(sets: DataIdSets, name: str) -> None:
    first, second = sets.create(name, VISIT), sets.create(name, VISIT)
    before = datetime.datetime.now(datetime.UTC)
    translation = {"rule": "any", "visit_system": None, "fit": {"isr": "applied"}, "path": []}
    assert sets.record_use(
        first, kind="graph", collection=f"{name}/run", graph="/x/a.qg", role="exclude", translation=translation
    )
    (condition,) = sets.conditions(include=[second])
    assert sets.record_use(condition, kind="tagged", collection=f"{name}/tagged")
    uses = sets.uses(name)
    assert [(use.reference, use.role, use.kind, use.collection, use.graph) for use in uses] == [
        (str(first), Role.EXCLUDE, "graph", f"{name}/run", "/x/a.qg"),
        (str(second), Role.INCLUDE, "tagged", f"{name}/tagged", None),
    ]
    assert uses[0].translation == translation
    assert uses[0].digest == first.digest
    assert uses[0].used_by == first.owner
    assert before - datetime.timedelta(seconds=1) <= uses[0].used <= datetime.datetime.now(datetime.UTC)
    assert sets.uses(first) == uses[:1]
    assert sets.uses(collection=f"{name}/tagged") == uses[1:]
    assert sets.uses(f"{name}@2", collection=f"{name}/run") == []
    assert uses[0].to_dict()["role"] == "exclude"
    assert uses[0].to_dict()["used"].endswith("Z")


def test_the_same_use_is_written_down_once(sets: DataIdSets, name: str) -> None:
    made = sets.create(name, VISIT)
    for graph in ("/x/a.qg", None):
        known = {"kind": "graph", "collection": f"{name}/run", "graph": graph, "role": "exclude"}
        assert [sets.record_use(made, **known) for _ in range(3)] == [True, False, False]
    assert len(sets.uses(made)) == 2
    # Somebody else, and another query, are told of.
    sets._headers._person = Person("somebody", ())
    known = {"kind": "graph", "collection": f"{name}/run", "role": "exclude"}
    if not sets._inside.is_postgresql:
        assert [sets.record_use(made, **known) for _ in range(2)] == [True, False]
        assert {use.used_by for use in sets.uses(made)} == {made.owner, "somebody"}
    sets._headers._person = None
    assert [sets.record_use(made, **known, translation={"query": "visit = 1"}) for _ in range(2)] == [True, False]


def test_a_chain_gives_the_uses_of_its_members(sets: DataIdSets, name: str) -> None:
    made, collections = sets.create(name, VISIT), sets.butler.collections
    collections.register(f"{name}/run")
    collections.register(name, CollectionType.CHAINED)
    collections.redefine_chain(name, [f"{name}/run"])
    sets.record_use(made, kind="graph", collection=f"{name}/run", role="include")
    assert [use.reference for use in sets.uses(collection=name)] == [str(made)]


def test_uses_outlive_a_set(sets: DataIdSets, name: str) -> None:
    made = sets.create(name, VISIT)
    sets.record_use(made, kind="graph", collection=f"{name}/run", role="exclude")
    sets.remove(made)
    assert [use.reference for use in sets.uses(made)] == [str(made)]
    with pytest.raises(NoSuchDataIdSetError, match="removed"):
        sets.record_use(made, kind="graph", collection=f"{name}/other", role="exclude")


def test_mistakes(sets: DataIdSets, name: str) -> None:
    with pytest.raises(NoSuchDataIdSetError):
        sets.uses(name)
    with pytest.raises(DataIdSetValueError, match="included or excluded"):
        sets.record_use(sets.create(name, VISIT), kind="graph", collection="x")
    (condition,) = sets.conditions(include=[("a.csv", VISIT)])
    with pytest.raises(DataIdSetValueError, match=r"a\.csv is no set of the registry"):
        sets.record_use(condition, kind="graph", collection="x")
    with Butler.from_config(sets.butler._config, writeable=False) as reader, pytest.raises(DataIdSetPermissionError):
        DataIdSets(reader).record_use(name, kind="graph", collection="x", role="exclude")


@pytest.mark.postgres
def test_anyone_may_tell_of_using_what_they_may_read(shared: Shared, name: str) -> None:
    alice, bob = shared.sets("alice"), shared.sets("bob")
    public, private = alice.create(name, VISIT), alice.create(f"{name}/private", VISIT, access="private")
    use = {"kind": "graph", "collection": name, "role": "exclude"}
    assert [bob.record_use(public, **use) for _ in range(2)] == [True, False]
    assert alice.record_use(private, **use)
    with pytest.raises(NoSuchDataIdSetError):
        bob.record_use(str(private), **use)
    assert [(each.name, each.used_by) for each in alice.uses(collection=name)] == [(public.name, "bob"), (private.name, "alice")]
    assert [(each.name, each.used_by) for each in bob.uses(collection=name)] == [(public.name, "bob")]
