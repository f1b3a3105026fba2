"""TAGGED collections made from sets, on every database: the server's way against Butler's own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import count

import pytest
from lsst.daf.butler import Butler, CollectionType, DatasetType
from lsst.daf.butler.registry import ConflictingDefinitionError, MissingCollectionError

from dataid_sets import (
    DataIdSetConflictError,
    DataIdSetDimensionsError,
    DataIdSetPermissionError,
    DataIdSets,
    DataIdSetValueError,
    Tagging,
)
from dataid_sets._internals import Inside
from dataid_sets._tags import ServerTags
from registries import Shared

RUN = "HSC/runs/ci_hsc/20240806T180642Z"
_numbers = count()


def refs(sets: DataIdSets, collection: str, dataset_type: str = "calexp") -> dict[tuple[int | str, ...], uuid.UUID]:
    found = sets.butler.query_datasets(dataset_type, collection, limit=None, explain=False)
    return {ref.dataId.required_values: ref.id for ref in found}


def rows(chosen: object) -> list[dict[str, object]]:
    return [{"instrument": "HSC", "detector": detector, "visit": visit} for _, detector, visit in chosen]


@pytest.fixture
def target(sets: DataIdSets, name: str) -> str:
    """Give the name of a collection that does not exist."""
    return f"{name}/{next(_numbers)}"


@pytest.fixture
def second_run(sets: DataIdSets, target: str) -> Iterator[str]:
    """Give a run that has other datasets for the first five data IDs."""
    run = f"{target}/run"
    sets.butler.collections.register(run)
    sets.butler.registry.insertDatasets("calexp", rows(sorted(refs(sets, RUN))[:5]), run=run)
    yield run
    for tagged in sets.butler.collections.query(f"{target}*", collection_types=CollectionType.TAGGED):
        sets.butler.collections.x_remove(tagged)
    sets.butler.removeRuns([run])


def tagged(sets: DataIdSets, target: str, **options: object) -> Tagging:
    return sets.tag(target, **{"dataset_types": "calexp", "collections": RUN, **options})


@pytest.mark.parametrize("stock", [False, True])
def test_what_sets_allow_is_tagged_and_again_changes_nothing(sets: DataIdSets, target: str, stock: bool) -> None:
    everything = refs(sets, RUN)
    listed, bad = sorted(everything)[:20], sorted(everything)[15:]
    included = sets.create(target, rows(listed))
    options = {"include": [included], "exclude": [rows(bad)], "stock": stock}
    first = tagged(sets, target, **options)
    assert refs(sets, target) == {key: everything[key] for key in listed[:15]}
    assert (first.created, first.found, first.added) == (True, 15, 15)
    assert [(each.way, bool(each.why)) for each in first.tagged] == [("stock" if stock else "server", stock)]
    again = tagged(sets, target, **options)
    assert (again.created, again.found, again.added) == (False, 15, 0)
    more = tagged(sets, target, include=[included], stock=not stock)
    assert (more.found, more.added) == (20, 5)
    assert refs(sets, target) == {key: everything[key] for key in listed}


@pytest.mark.parametrize("stock", [False, True])
def test_the_first_collection_wins(sets: DataIdSets, target: str, second_run: str, stock: bool) -> None:
    ours, theirs = refs(sets, second_run), refs(sets, RUN)
    tagged(sets, f"{target}/a", collections=[second_run, RUN], stock=stock)
    tagged(sets, f"{target}/b", collections=(RUN, second_run), stock=stock)
    assert refs(sets, f"{target}/a") == {**theirs, **ours}
    assert refs(sets, f"{target}/b") == theirs


@pytest.mark.parametrize("stock", [False, True])
def test_a_conflict_is_butlers_error_and_nothing_is_done(sets: DataIdSets, target: str, second_run: str, stock: bool) -> None:
    ours, theirs = refs(sets, second_run), refs(sets, RUN)
    some = sorted(ours)[3:5]
    tagged(sets, target, collections=second_run, include=[rows(some)], stock=stock)
    dry = tagged(sets, target, stock=stock, dry_run=True)
    assert (dry.found, dry.added) == (len(theirs), len(theirs) - 2)
    assert [(each.n_conflicts, [data_id["visit"] for data_id in each.conflicts]) for each in dry.tagged] == [
        (2, [key[2] for key in some])
    ]
    with pytest.raises(
        ConflictingDefinitionError, match=rf"2 other datasets of type calexp.*visit={some[0][2]}.*nothing was done"
    ):
        tagged(sets, target, stock=stock)
    with pytest.raises(DataIdSetConflictError, match="another collection"):
        tagged(sets, target, stock=stock)
    assert refs(sets, target) == {key: ours[key] for key in some}


def test_a_conflict_undoes_no_more_than_its_own(sets: DataIdSets, target: str, second_run: str) -> None:
    tagged(sets, target, collections=second_run)
    with sets.butler.transaction():
        sets.butler.registry.setCollectionDocumentation(second_run, "written before")
        with pytest.raises(ConflictingDefinitionError):
            tagged(sets, target)
        with pytest.raises(DataIdSetConflictError, match="a transaction is open"):
            tagged(sets, f"{target}/new")
    assert refs(sets, target) == refs(sets, second_run)
    assert sets.butler.registry.getCollectionDocumentation(second_run) == "written before"


def test_a_race_is_butlers_error_and_leaves_no_collection(sets: DataIdSets, target: str, second_run: str, monkeypatch) -> None:
    """Between our looking and our writing somebody tags other datasets."""
    monkeypatch.setattr(ServerTags, "compare", lambda *_: (0, 0, []))
    tagged(sets, target, collections=second_run)
    with pytest.raises(ConflictingDefinitionError, match="contradict"):
        tagged(sets, target)
    assert refs(sets, target) == refs(sets, second_run)
    monkeypatch.setattr(ServerTags, "insert", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tagged(sets, f"{target}/new")
    with pytest.raises(MissingCollectionError):
        sets.butler.collections.get_info(f"{target}/new")


@pytest.mark.parametrize("stock", [False, True])
def test_a_dry_run_counts_and_creates_nothing(sets: DataIdSets, target: str, stock: bool) -> None:
    dry = tagged(sets, target, dry_run=True, stock=stock)
    assert (dry.created, dry.dry_run, dry.found, dry.added) == (True, True, 33, 33)
    assert dry.to_dict()["tagged"][0]["dataset_type"] == "calexp"
    with pytest.raises(MissingCollectionError):
        sets.butler.collections.get_info(target)


@pytest.mark.parametrize("stock", [False, True])
def test_a_dry_run_needs_no_right_to_write(sets: DataIdSets, target: str, stock: bool) -> None:
    with Butler.from_config(sets.butler._config.configDir, writeable=False) as reader:
        assert tagged(DataIdSets(reader), target, dry_run=True, stock=stock).added == 33


@pytest.mark.parametrize("stock", [False, True])
def test_several_dataset_types_at_once(sets: DataIdSets, target: str, stock: bool) -> None:
    other = DatasetType(f"t_visit_{uuid.uuid4().hex[:8]}", ["instrument", "visit"], "StructuredDataDict", universe=sets.universe)
    butler = sets.butler
    butler.registry.registerDatasetType(other)
    butler.collections.register(f"{target}/run")
    visits = sorted({visit for _, _, visit in refs(sets, RUN)})
    butler.registry.insertDatasets(other, [{"instrument": "HSC", "visit": visit} for visit in visits], run=f"{target}/run")
    options = {"dataset_types": [other, "calexp", other.name], "collections": [RUN, f"{target}/run"], "stock": stock}
    told = tagged(sets, target, include=[[{"instrument": "HSC", "visit": visits[0]}]], **options)
    of_visit = {key: value for key, value in refs(sets, RUN).items() if key[2] == visits[0]}
    assert [(each.dataset_type, each.added) for each in told.tagged] == [(other.name, 1), ("calexp", len(of_visit))]
    assert refs(sets, target) == of_visit
    assert [key[1] for key in refs(sets, target, other.name)] == [visits[0]]
    with pytest.raises(DataIdSetDimensionsError, match="lacks detector"):
        tagged(sets, target, include=[rows(list(of_visit))], **options)


def test_a_caching_context_sees_what_was_tagged(sets: DataIdSets, target: str) -> None:
    butler = sets.butler
    butler.collections.register(target, CollectionType.TAGGED)
    with butler.registry.caching_context():
        # Anything in the collection gives it a summary, which is kept.
        butler.registry.associate(target, [])
        assert refs(sets, target) == {}
        tagged(sets, target)
        assert refs(sets, target) == refs(sets, RUN)
        assert [each.name for each in butler.registry.getCollectionSummary(target).dataset_types] == ["calexp"]
        tagged(sets, f"{target}/other")
        assert len(refs(sets, f"{target}/other")) == 33


@pytest.mark.parametrize("stock", [False, True])
def test_datasets_of_visits_and_tracts(sets: DataIdSets, target: str, stock: bool) -> None:
    butler = sets.butler
    warp = DatasetType(f"t_warp_{uuid.uuid4().hex[:8]}", ["visit", "tract"], "StructuredDataDict", universe=sets.universe)
    butler.registry.registerDatasetType(warp)
    butler.collections.register(f"{target}/run")
    visits, tracts = (butler.query_dimension_records(name) for name in ("visit", "tract"))
    pairs = [{**visit.dataId.required, **tract.dataId.required} for visit in visits for tract in tracts]
    butler.registry.insertDatasets(warp, pairs, run=f"{target}/run")
    everything = refs(sets, f"{target}/run", warp.name)
    bad = [dict(visits[0].dataId.required)]
    told = sets.tag(target, dataset_types=warp, collections=f"{target}/run", exclude=[bad], stock=stock)
    assert refs(sets, target, warp.name) == {key: value for key, value in everything.items() if key[3] != visits[0].id}
    assert (told.added, len(everything)) == (10, 11)


@pytest.mark.parametrize(
    ("name_of", "value", "why"),
    [
        ("has_obscore", property(lambda _self: True), "the registry keeps an ObsCore table beside its datasets"),
        ("datasets_select", lambda *_: None, "Butler filters this query's rows in Python, by their regions"),
    ],
)
def test_butlers_own_way_is_taken_where_it_must_be(
    sets: DataIdSets, target: str, monkeypatch: pytest.MonkeyPatch, name_of: str, value: object, why: str
) -> None:
    """No query for datasets alone was found that Butler filters in Python; but it may come to."""
    monkeypatch.setattr(Inside, name_of, value)
    told = tagged(sets, target, exclude=[rows(sorted(refs(sets, RUN))[:10])])
    assert [(each.way, each.why) for each in told.tagged] == [("stock", why)]
    assert refs(sets, target) == dict(sorted(refs(sets, RUN).items())[10:])


def test_mistakes_are_told(sets: DataIdSets, target: str) -> None:
    butler = sets.butler
    butler.collections.register(f"{target}/chain", CollectionType.CHAINED)
    butler.collections.register(f"{target}/calib", CollectionType.CALIBRATION)
    for wrong, kind in ((RUN, "RUN"), (f"{target}/chain", "CHAINED"), (f"{target}/calib", "CALIBRATION")):
        with pytest.raises(DataIdSetConflictError, match=f"{wrong} is a {kind} collection"):
            tagged(sets, wrong, dry_run=kind == "RUN")
    with pytest.raises(DataIdSetValueError, match=r"There is no dataset type calexq(.|\n)*There is no dataset type nothing"):
        tagged(sets, target, dataset_types=["calexq", "calexp", "nothing"])
    with pytest.raises(DataIdSetValueError, match=r"calexp\.wcs is a component"):
        tagged(sets, target, dataset_types="calexp.wcs")
    with pytest.raises(DataIdSetValueError, match="No dataset type is named"):
        tagged(sets, target, dataset_types=[])
    for stock in (False, True):
        with pytest.raises(DataIdSetValueError, match=r"collections: .*nowhere.*query-collections"):
            tagged(sets, target, collections="nowhere", stock=stock)
    with pytest.raises(MissingCollectionError):
        butler.collections.get_info(target)


def test_nothing_found_makes_an_empty_collection(sets: DataIdSets, target: str) -> None:
    everything = list(refs(sets, RUN))
    for stock in (False, True):
        told = tagged(sets, f"{target}/{stock}", exclude=[rows(everything)], stock=stock)
        assert (told.found, told.added, refs(sets, f"{target}/{stock}")) == (0, 0, {})


def test_a_private_set_is_noted_and_warned_of(sets: DataIdSets, target: str) -> None:
    chosen = rows(sorted(refs(sets, RUN))[:3])
    private = sets.create(f"{target}/private", chosen, access="private")
    public = sets.create(f"{target}/public", chosen)
    assert tagged(sets, f"{target}/open", include=[public]).warnings == ()
    told = tagged(sets, target, include=[public], exclude=[private])
    assert [problem.code for problem in told.warnings] == ["not_hidden"]
    assert str(private) in told.warnings[0].message
    noted = sets.uses(collection=target)
    assert {(use.reference, use.digest, use.role, use.kind) for use in noted} == {
        (str(private), private.digest, "exclude", "tagged"),
        (str(public), public.digest, "include", "tagged"),
    }
    assert tagged(sets, target, include=[public], exclude=[private]).added == 0
    assert sets.uses(collection=target) == noted


def kept(sets: DataIdSets) -> int:
    with sets._inside.reading() as connection:
        return sets._headers.quotas.kept(connection, sets._headers.person.name)


def test_what_is_tagged_from_a_private_set_counts_until_the_collection_goes(sets: DataIdSets, target: str) -> None:
    listed = sorted(refs(sets, RUN))
    few, more = (sets.create(f"{target}/{n}", rows(listed[:n]), access="private") for n in (3, 5))
    before = kept(sets)
    tagged(sets, f"{target}/open", include=[rows(listed)])
    tagged(sets, target, include=[few], dry_run=True)
    assert kept(sets) == before
    tagged(sets, target, include=[few, more])
    tagged(sets, target, include=[few, more])
    assert kept(sets) == before + 3
    tagged(sets, target, include=[more])
    assert kept(sets) == before + 5
    assert [use.n_rows for use in sets.uses(collection=target)] == [3, 0, 2]
    owner = sets._headers.person.name
    sets.set_quota(owner, kept(sets) + 1)
    try:
        with pytest.raises(DataIdSetPermissionError, match=r"3 more do not fit.*remove-collections"):
            tagged(sets, f"{target}/other", include=[few])
        with pytest.raises(MissingCollectionError):
            sets.butler.collections.get_info(f"{target}/other")
    finally:
        sets.set_quota(owner, None)
    sets.butler.collections.x_remove(target)
    assert kept(sets) == before
    # A collection made again of that name is another one.
    tagged(sets, target, include=[few])
    assert kept(sets) == before + 3


@pytest.mark.postgres
def test_a_right_of_butlers_that_is_lacking_is_named(shared: Shared, name: str) -> None:
    with shared.connect(autocommit=True) as connection:
        connection.execute("REVOKE ALL ON SEQUENCE collection_seq_collection_id FROM PUBLIC")
    bob = shared.sets("bob")
    made = bob.create(name, [{"instrument": "HSC", "visit": 903334}])
    with pytest.raises(DataIdSetPermissionError, match=rf"collection {name}/tagged: You may not make collections here: .*rights"):
        bob.tag(f"{name}/tagged", dataset_types="calexp", collections=RUN, include=[made])
