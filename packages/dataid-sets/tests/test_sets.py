"""Making, finding and reading sets, on every database."""

from __future__ import annotations

import pyarrow as pa
import pytest
import sqlalchemy as sa

from dataid_sets import DataIdSets, DataIdSetValueError, NoSuchDataIdSetError, UnknownDataIdsError
from dataid_sets import _existence as existence


def visits(sets: DataIdSets) -> list[int]:
    return sorted(record.id for record in sets.butler.query_dimension_records("visit"))


def test_what_goes_in_comes_out(sets: DataIdSets, name: str) -> None:
    given = [{"instrument": "HSC", "visit": visit, "reason": f"because {index % 3}"} for index, visit in enumerate(visits(sets))]
    made = sets.create(name, given, description="all of them", source="a test")
    table = sets.read(made)
    assert (made.n_rows, made.digest, made.reasons_digest) == (11, table.digest, table.reasons_digest)
    assert [(data_id["visit"], reason) for data_id, reason in zip(table, table.arrow["reason"].to_pylist(), strict=True)] == [
        (row["visit"], row["reason"]) for row in given
    ]
    assert sets.find(str(made)) == made


def test_only_the_first_rows_are_read(sets: DataIdSets, name: str) -> None:
    made = sets.create(name, [{"instrument": "HSC", "group": group} for group in ("é", "Z", "a", "b")], unknown="pending")
    statements: list[str] = []
    with sets._inside.reading() as connection:
        engine = connection.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert [data_id["group"] for data_id in sets.read(made, limit=3)] == ["Z", "a", "b"]
    assert [data_id["group"] for data_id in sets.pending(made, limit=1)] == ["Z"]
    assert sets.count_pending(made) == 4
    assert sum("LIMIT" in each for each in statements) == 2
    assert sum("count(*)" in each for each in statements) == 1


def test_versions_count_up_and_a_name_alone_is_the_newest(sets: DataIdSets, name: str) -> None:
    first = sets.create(name, [{"instrument": "HSC", "visit": visits(sets)[0]}])
    second = sets.create(name, [{"instrument": "HSC", "visit": visits(sets)[1]}])
    assert (first.version, second.version, sets.find(name)) == (1, 2, second)
    with pytest.raises(NoSuchDataIdSetError, match=f"{name}@3"):
        sets.find(f"{name}@3")


def test_unknown_data_ids_are_all_named(sets: DataIdSets, name: str) -> None:
    rows = [{"instrument": "HSC", "visit": visit} for visit in (1, visits(sets)[0], 2)]
    with pytest.raises(DataIdSetValueError) as raised:
        sets.create(name, rows)
    assert [problem.where for problem in raised.value.problems][:2] == ["instrument=HSC, visit=1", "instrument=HSC, visit=2"]
    assert sets.list(name=name) == []
    assert sets.create(name, rows, unknown="drop").n_rows == 1
    pending = sets.create(name, rows, unknown="pending")
    assert (pending.n_rows, pending.n_pending) == (3, 2)
    assert [data_id["visit"] for data_id in sets.pending(pending)] == [1, 2]


def test_what_will_never_exist_is_not_pending(sets: DataIdSets, name: str) -> None:
    coming = {"instrument": "HSC", "visit": 1, "detector": 4}
    assert sets.create(name, [coming], unknown="pending").n_pending == 1
    for row, told in (
        ({**coming, "detector": 999}, "detector=999: The registry has no such detector"),
        ({"skymap": "discrete/ci_hsc", "tract": 9}, "tract=9: The registry has no such tract"),
        ({"skymap": "discrete/ci_hsc", "tract": 0, "patch": 9999}, "patch=9999: The registry has no such patch"),
        ({"instrument": "HSC", "physical_filter": "HSC-Q"}, "no such physical_filter"),
    ):
        with pytest.raises(UnknownDataIdsError, match=told) as raised:
            sets.create(f"{name}/never", [row], unknown="pending")
        assert "will not appear later" in raised.value.problems[-1].remedy
    for row in ({"instrument": "HSC", "exposure": 1}, {"instrument": "HSC", "group": "x"}, {"instrument": "HSC", "day_obs": 1}):
        assert sets.create(f"{name}/coming", [row], unknown="pending").n_pending == 1


def test_where_nothing_is_left_nothing_is_made(sets: DataIdSets, name: str) -> None:
    with pytest.raises(DataIdSetValueError, match="any of these 2 data IDs; nothing would be left") as raised:
        sets.create(name, [{"instrument": "HSC", "visit": visit} for visit in (1, 2)], unknown="drop")
    assert raised.value.problems[0].code == "nothing_left"
    assert sets.list(name=name) == []
    assert sets.create(name, [], dimensions=["visit"]).n_rows == 0
    with pytest.raises(DataIdSetValueError, match="Give `dimensions`"):
        sets.create(name, [])


def test_tables_may_have_comments_and_lack_constants(sets: DataIdSets, name: str) -> None:
    import astropy.table

    columns = {"visit": visits(sets)[:2], "comment": ["trailed", ""]}
    expected = [{"visit": visits(sets)[0], "reason": "trailed"}, {"visit": visits(sets)[1], "reason": "unsaid"}]
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    constants = {"instrument": "HSC", "reason": "unsaid"}
    for given in (astropy.table.Table(columns), pa.table(columns), rows):
        made = sets.create(name, given, constants=constants)
        assert sets.read(made).arrow.select(["visit", "reason"]).to_pylist() == expected
        assert sets.create(name, given, constants=constants, dimensions=["visit"]).digest == made.digest
    mine = {**columns, "instrument": ["HSC", "HSC"]}
    for given in (pa.table(mine), [{**row, "instrument": "HSC"} for row in rows]):
        with pytest.raises(DataIdSetValueError, match="but the constant 'DECam' was given"):
            sets.create(name, given, constants={"instrument": "DECam"})
    with pytest.raises(DataIdSetValueError, match="constants: A DataIdTable has its dimensions"):
        sets.create(name, sets.read(made), constants=constants)


def test_an_error_names_only_the_first_of_many_unknown_data_ids(sets: DataIdSets, name: str) -> None:
    arrow = pa.table({"visit": pa.array(range(10_003)), "instrument": ["HSC"] * 10_003})
    with pytest.raises(DataIdSetValueError) as raised:
        sets.create(name, arrow)
    told = [problem.message for problem in raised.value.problems]
    assert len(told) == 10_002
    assert told[-2:] == [
        "The registry does not know 3 more.",
        "In all, the registry does not know 10,003 of these values.",
    ]
    assert sets.create(name, arrow, unknown="pending").n_pending == 10_003


def test_many_text_keys_are_found_whatever_the_order_of_the_database(
    sets: DataIdSets, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [*(f"many-{letter}" for letter in "aBcD"), *(f"group-{visit}" for visit in visits(sets))]
    records = [{"instrument": "HSC", "name": group} for group in groups[:4]]
    sets.butler.registry.insertDimensionData("group", *records)
    monkeypatch.setattr(existence, "_MANY", 1)
    statements: list[str] = []
    with sets._inside.reading() as connection:
        engine = connection.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert sets.create(name, [{"instrument": "HSC", "group": group} for group in groups]).n_rows == len(groups)
    with pytest.raises(DataIdSetValueError, match="group=nope"):
        sets.create(name, [{"instrument": "HSC", "group": group} for group in (*groups, "nope")])
    assert statements
    assert not any("BETWEEN" in each for each in statements)


def test_reasons_that_no_row_has_are_not_stored(sets: DataIdSets, name: str) -> None:
    rows = [{"instrument": "HSC", "visit": visit, "reason": f"of {visit}"} for visit in (1, visits(sets)[0], 2)]
    made = sets.create(name, rows, unknown="drop")
    assert sets._headers.reasons(made.id) == {0: f"of {visits(sets)[0]}"}
    assert sets.read(made).arrow["reason"].to_pylist() == [f"of {visits(sets)[0]}"]


def test_names_are_matched_by_pattern_and_case(sets: DataIdSets, name: str) -> None:
    rows = [{"instrument": "HSC", "visit": visits(sets)[0]}]
    for ending in ("a_b", "A_b", "axb"):
        sets.create(f"{name}/{ending}", rows)

    def found(pattern: str) -> list[str]:
        return [each.name.removeprefix(f"{name}/") for each in sets.list(name=f"{name}/{pattern}")]

    assert found("a*") == ["a_b", "axb"]
    assert found("a_*") == ["a_b"]
    assert sorted(found("*_b")) == ["A_b", "a_b"]
    assert found("a_b") == ["a_b"]
    assert found("a?b*") == found("[a]*") == found("a%") == found("%*") == []


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (
            lambda sets, rows: sets.create("x", rows, unknown="maybe"),
            "unknown: 'maybe' is no unknown. Choose one of: error, drop",
        ),
        (lambda sets, rows: sets.create("x", rows, access="all"), "access: 'all' is no access. Choose one of: everyone, group"),
        (lambda sets, rows: sets.conditions(include=[rows], rule="some"), "rule: 'some' is no rule. Choose one of: any, all"),
        (lambda sets, rows: sets.list(dimensions=["nope"]), "dimensions: There is no dimension nope"),
        (lambda sets, rows: sets.create("x", [7]), "data ID 0: A data ID is a mapping"),
    ],
)
def test_wrong_options_are_told(sets: DataIdSets, mistake, told: str) -> None:
    with pytest.raises(DataIdSetValueError) as raised:
        mistake(sets, [{"instrument": "HSC", "visit": visits(sets)[0]}])
    assert told in str(raised.value)


@pytest.mark.parametrize("wrong", ["a//b", "/a", "a/", "", "a b", "x" * 201, "é"])
def test_names_have_whole_parts(sets: DataIdSets, wrong: str) -> None:
    with pytest.raises(DataIdSetValueError, match=r"is no name for a set.*stands between two parts") as raised:
        sets.create(wrong, [{"instrument": "HSC", "visit": visits(sets)[0]}])
    assert len(str(raised.value)) < 300


def test_what_is_long_is_not_repeated_whole(sets: DataIdSets) -> None:
    long = "x" * 100_000
    for mistake in (
        lambda: sets.find(f"{long}@1"),
        lambda: sets.find(f"a@{long}"),
        lambda: sets.list(dimensions=[long]),
        lambda: sets.create("a", [{"instrument": "HSC", "visit": long}]),
        lambda: sets.create("a", [{long: 1}]),
        lambda: sets.create("a", [], access=long),
        lambda: sets.set_quota(long, 1),
        lambda: sets.tag(long + "*", dataset_types="calexp", collections="x"),
        lambda: sets.tag("a", dataset_types=long, collections="x"),
    ):
        with pytest.raises(DataIdSetValueError) as raised:
            mistake()
        assert len(str(raised.value)) < 1000


def test_pixels_must_be_of_their_scheme(sets: DataIdSets, name: str) -> None:
    with pytest.raises(DataIdSetValueError, match="htm7=5: The registry has no such htm7"):
        sets.create(name, [{"htm7": 5}, {"htm7": 131072}], unknown="pending")
    assert sets.create(name, [{"htm7": 131072}]).n_rows == 1
