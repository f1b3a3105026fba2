"""Combining, comparing, converting, tagging and removing, on every database."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from dataid_sets import DataIdSets

from .conftest import Run, document

RUN = "HSC/runs/ci_hsc/20240806T180642Z"


@pytest.fixture
def two(sets: DataIdSets, name: str) -> tuple[str, str]:
    """Give two sets: visits 903334 and 903336, and 903336 for another reason and 903338."""
    rows = [
        {"instrument": "HSC", "visit": visit, "reason": reason} for visit, reason in ((903334, "a"), (903336, "b"), (903338, "c"))
    ]
    sets.create(f"{name}/a", rows[:2])
    sets.create(f"{name}/b", [{**rows[1], "reason": "other"}, rows[2]])
    return f"{name}/a", f"{name}/b"


def visits(sets: DataIdSets, reference: str) -> list[int]:
    return sets.read(reference).arrow.column("visit").to_pylist()


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("union", [903334, 903336, 903338]), ("intersection", [903336]), ("difference", [903334])],
)
def test_combine_merges_sets(
    run: Run, hsc_root: Path, sets: DataIdSets, name: str, two: tuple[str, str], operation: str, expected: list[int]
) -> None:
    arguments = ("combine-dataid-sets", hsc_root, f"{name}/new", operation, *two)
    told = document(run(*arguments, "--description", "of two", "--json"))
    assert visits(sets, f"{name}/new@1") == expected
    assert (told["description"], told["parents"], told["recipe"]["operation"]) == (
        "of two",
        [f"{each}@1" for each in two],
        operation,
    )
    assert run(*arguments).stdout.startswith(f"{name}/new@2: {len(expected)} data IDs of instrument, visit, digest ")


def test_combine_searches_and_changes_dimensions(
    run: Run, hsc_root: Path, sets: DataIdSets, name: str, two: tuple[str, str]
) -> None:
    where = "instrument='HSC' AND visit > 903334"
    run("combine-dataid-sets", hsc_root, f"{name}/some", "restrict", two[0], "--where", where)
    assert visits(sets, f"{name}/some") == [903336]
    run("combine-dataid-sets", hsc_root, f"{name}/rest", "complement", two[0], "--where", where)
    assert visits(sets, f"{name}/rest") == [each for each in visits_of_registry(sets) if each > 903336]
    detectors = ("--dimensions", "visit,detector")
    made = document(run("combine-dataid-sets", hsc_root, f"{name}/wide", "expand", two[0], *detectors, "--json"))
    assert (made["dimensions"], made["rows"] > 2) == (["instrument", "detector", "visit"], True)
    narrow = ("combine-dataid-sets", hsc_root, f"{name}/narrow", "project", f"{name}/wide", "--dimensions", "visit")
    assert not run(*narrow, "--access", "private").stderr
    assert visits(sets, f"{name}/narrow") == visits(sets, two[0])
    empty = run("combine-dataid-sets", hsc_root, f"{name}/empty", "restrict", two[0], "--where", "instrument='HSC' AND visit = 1")
    assert empty.stderr == f"WARNING: {name}/empty@1 has no data IDs.\n"
    assert sets.find(f"{name}/narrow").access == "private"


def visits_of_registry(sets: DataIdSets) -> list[int]:
    return sorted(record.id for record in sets.butler.query_dimension_records("visit"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("union", "a"), "union needs at least two sets"),
        (("project", "a", "b"), "project takes one set"),
        (("restrict", "a"), "--where belongs to complement and restrict, which need it"),
        (("union", "a", "b", "--where", "x"), "--where belongs to complement and restrict."),
        (("project", "a"), "--dimensions belongs to project and expand, which need it"),
    ],
)
def test_combine_says_what_an_operation_needs(run: Run, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in run("combine-dataid-sets", tmp_path, "new", *arguments, code=2).stderr


def test_combine_tells_a_wrong_query_as_butler_does(run: Run, hsc_root: Path, name: str, two: tuple[str, str]) -> None:
    arguments = ("combine-dataid-sets", hsc_root, f"{name}/new", "restrict", two[0], "--where")
    (error,) = document(run(*arguments, "visit > ", "--json", code=1))["errors"]
    assert error["code"] == "butler"
    assert run(*arguments, "nonsense.x = 1", code=1).stderr.count("\n") == 1


def test_compare_tells_what_differs(run: Run, hsc_root: Path, name: str, sets: DataIdSets, two: tuple[str, str]) -> None:
    told = document(run("compare-dataid-sets", hsc_root, *two, "--rows", "--json", code=1))
    assert (told["equal"], told["both"], told["only_in_a"], told["only_in_b"], told["reasons_differ"]) == (False, 1, 1, 1, 1)
    assert told["rows"]["only_in_b"] == [{"instrument": "HSC", "visit": 903338, "reason": "c"}]
    assert told["rows"]["reasons_differ"] == [{"instrument": "HSC", "visit": 903336, "reason_in_a": "b", "reason_in_b": "other"}]
    text = run("compare-dataid-sets", hsc_root, *two, "--rows", code=1).stdout
    assert f"only in {two[0]}@1: 1\n" in text
    assert "reason_in_a" in text
    bare = sets.create(f"{name}/bare", [{"instrument": "HSC", "visit": visit} for visit in (903334, 903336)])
    assert document(run("compare-dataid-sets", hsc_root, two[0], bare, "--json"))["equal"]
    run("compare-dataid-sets", hsc_root, two[0], bare, "--reasons", code=1)
    run("compare-dataid-sets", hsc_root, two[0], f"{name}/nothing", code=2)


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "ecsv", "parquet", "vot"])
def test_convert_turns_names_into_data_ids(run: Run, hsc_root: Path, sets: DataIdSets, tmp_path: Path, suffix: str) -> None:
    import astropy.table
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [record.name for record in sets.butler.query_dimension_records("visit", where="instrument='HSC' AND visit < 903340")]
    path = tmp_path / f"keys.{suffix}"
    match suffix:
        case "csv":
            path.write_text("# from the log\nvisit.name\n" + "".join(f"{each}\n" for each in names))
        case "json":
            listed = ", ".join(f'{{"visit.name": "{each}"}}' for each in names)
            path.write_text(f'{{"constants": {{"instrument": "HSC"}}, "data_ids": [{listed}]}}')
        case "jsonl":
            path.write_text("".join(f'{{"visit.name": "{each}"}}\n' for each in names))
        case "parquet":
            pq.write_table(pa.table({"visit.name": names}), path)
        case _:
            astropy.table.Table({"visit.name": names}).write(path, format={"ecsv": "ascii.ecsv", "vot": "votable"}[suffix])
    out = tmp_path / "out.json"
    told = document(run("convert-dataids", hsc_root, path, out, "--to", "visit", "--constant", "instrument=HSC", "--json"))
    assert (told["rows"], told["data_ids"], told["problems"], told["dimensions"]) == (
        len(names),
        len(names),
        0,
        ["instrument", "visit"],
    )
    run("upload-dataid-set", hsc_root, f"t/converted-{tmp_path.name}", out)


def test_convert_tells_what_it_cannot(run: Run, hsc_root: Path, sets: DataIdSets, tmp_path: Path) -> None:
    first = next(iter(sets.butler.query_dimension_records("visit", where="instrument='HSC' AND visit = 903334")))
    path, out, problems = tmp_path / "names.txt", tmp_path / "out.csv", tmp_path / "problems.csv"
    path.write_text(f"{first.name}\nHSCnothing\n")
    arguments = ("convert-dataids", hsc_root, path, out, "--column", "visit.name", "--to", "visit")
    assert run(*arguments, code=1).stderr.startswith("line 2, visit.name: ")
    assert not out.exists()
    assert "rows gave 1 data IDs" in run(*arguments, "--problems", problems, code=1).stdout
    assert out.read_text() == "instrument,visit\nHSC,903334\n"
    assert "HSCnothing" in problems.read_text()
    named = tmp_path / "named.csv"
    named.write_text(f"visit\n{first.name}\n")
    told = run("convert-dataids", hsc_root, named, out, "--to", "visit", "--constant", "instrument=HSC", code=1).stderr
    assert (
        f"line 2, visit: visit takes whole numbers, not '{first.name}'. If these are names, call the column visit.name." in told
    )
    path.write_text(f"{first.name}\n{first.name}\n")
    (warning,) = run(*arguments).stderr.splitlines()
    assert warning == "WARNING: line 2, instrument, visit: Line 1 is the same data ID, instrument=HSC, visit=903334."
    assert "no constant" in run(*arguments, "--constant", "HSC", code=1).stderr
    path.with_suffix(".csv").write_text("a,b\n1\n")
    assert "line 2: The number of values is 1" in run("convert-dataids", hsc_root, path.with_suffix(".csv"), out, code=1).stderr
    assert "--column obs_id" in run("convert-dataids", hsc_root, path, out, code=1).stderr
    assert (
        "of plain text alone" in run("convert-dataids", hsc_root, path.with_suffix(".csv"), out, "--column", "a", code=1).stderr
    )


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("a.vot", '<!DOCTYPE x [<!ENTITY a "b">]><VOTABLE/>', "line 1: A VOTable has no document type."),
        (
            "b.vot",
            '<VOTABLE><RESOURCE><TABLE><DATA><BINARY><STREAM href="file:///etc/passwd"/>',
            "The data are not in this file.",
        ),
        ("c.vot", "<html/>", "This is no VOTable"),
        ("d.json", '[{"visit.name": "a", "visit.name": "b"}]', "the key visit.name twice"),
        (
            "e.jsonl",
            '{"visit.name": "a"}\n{"visit.name": "a", "visit.name": "b"}\n',
            "line 2: This is not valid JSON: an object has the key visit.name twice",
        ),
    ],
)
def test_convert_refuses_what_no_table_needs(
    run: Run, hsc_root: Path, tmp_path: Path, file: str, content: str, told: str
) -> None:
    path = tmp_path / file
    path.write_text(content)
    assert told in run("convert-dataids", hsc_root, path, tmp_path / "out.csv", "--to", "visit", code=1).stderr


def test_convert_reads_headers(run: Run, hsc_root: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("NOTHING: 1\n")
    arguments = ("convert-dataids", hsc_root)
    lines = run(*arguments, broken, tmp_path / "out.csv", "--headers", code=1).stderr.splitlines()
    assert lines[0].startswith(str(broken))
    listed = tmp_path / "raws.txt"
    listed.write_text(f"{broken}\n{broken}\n")
    assert len(run(*arguments, listed, tmp_path / "out.csv", "--headers", code=1).stderr.splitlines()) == 2


def test_tag_makes_a_collection(run: Run, hsc_root: Path, name: str, two: tuple[str, str]) -> None:
    arguments = ("--dataset-type", "calexp", "--collections", RUN)
    planned = document(run("tag-dataid-set", hsc_root, two[0], name, *arguments, "--dry-run", "--json"))
    assert (planned["created"], planned["dry_run"], planned["found"] > 0) == (True, True, True)
    text = run("tag-dataid-set", hsc_root, two[0], name, *arguments).stdout
    assert f"{planned['added']} datasets were put into {name}, which is new." in text
    (item,) = document(run("query-dataid-sets", hsc_root, two[0], "--uses", "--json"))["items"]
    assert [(use["kind"], use["collection"], use["role"]) for use in item["uses"]] == [("tagged", name, "include")]
    assert name in run("query-dataid-sets", hsc_root, two[0], "--uses").stdout
    (item,) = document(run("query-dataid-sets", hsc_root, "--used-by", name, "--json"))["items"]
    assert (item["name"], item["version"], [use["collection"] for use in item["uses"]]) == (two[0], 1, [name])
    lines = run("query-dataid-sets", hsc_root, "--used-by", name).stdout.splitlines()
    assert lines[0].split() == ["set", "role", "output", "used", "(UTC)", "by", "fit", "graph"]
    assert lines[2].split()[:3] == [f"{two[0]}@1", "include", name]
    assert "No results" in run("query-dataid-sets", hsc_root, "--used-by", "u/nobody").stdout
    assert "alone" in run("query-dataid-sets", hsc_root, two[0], "--used-by", name, code=2).stderr
    rest = document(run("tag-dataid-set", hsc_root, two[0], f"{name}/rest", *arguments, "--exclude", "--json"))
    with Butler.from_config(hsc_root, collections=RUN) as butler:
        assert rest["found"] + planned["found"] == len(butler.query_datasets("calexp", find_first=False))
    for wrong in ("", "  ", "a*", "a\tb", "a" * 256):
        assert "Name one TAGGED collection" in run("tag-dataid-set", hsc_root, two[0], wrong, *arguments, code=1).stderr
    assert "64 bits" in run("tag-dataid-set", hsc_root, two[0], name, *arguments, "--visit-system", 2**63, code=2).stderr
    (error,) = document(run("tag-dataid-set", hsc_root, two[0], RUN, *arguments, "--json", code=1))["errors"]
    assert error["code"] == "conflict"
    run("remove-dataid-set", hsc_root, f"{two[0]}@1", "--yes")
    assert name in run("query-dataid-sets", hsc_root, two[0], "--uses").stdout
    assert f"{two[0]}@1" in run("query-dataid-sets", hsc_root, "--used-by", name).stdout


def test_the_uses_for_a_graph_are_found_and_fit_into_a_line(run: Run, hsc_root: Path, name: str, sets: DataIdSets) -> None:
    made = sets.create(name, [{"instrument": "HSC", "exposure": 903334}])
    graph = f"/scratch/{'x' * 60}/{name}.qg"
    fit = {"fit": {f"task{number}": "translated" for number in range(50)}, "path": ["exposure", "visit"], "rule": "any"}
    sets.record_use(made, kind="graph", collection="u/ana/run1", role="exclude", graph=graph, translation=fit)
    (line,) = run("query-dataid-sets", hsc_root, "--used-by", graph).stdout.splitlines()[2:]
    assert "translated; exposure to visit, any" in line
    assert line.endswith(f"{name}.qg"[-37:])
    assert len(line) < 120 + 2 * len(name)


def test_explain_tells_why(run: Run, hsc_root: Path, name: str, two: tuple[str, str]) -> None:
    run("tag-dataid-set", hsc_root, two[0], name, "--dataset-type", "calexp", "--collections", RUN, "--exclude")
    data_id = ("--data-id", "instrument=HSC,visit=903334")
    arguments = ("explain-missing-dataid", hsc_root, name, "--dataset-type", "calexp", "--inputs", RUN)
    told = document(run(*arguments, *data_id, "--json"))
    assert (told["verdict"], told["collection"]) == ("excluded", name)
    assert told["data_id"] == {"instrument": "HSC", "visit": 903334}
    assert run(*arguments, *data_id).stdout.startswith("excluded: ")
    unknown = run(*arguments, "--data-id", "instrument=HSC", "--data-id", "visit=7").stdout
    assert unknown.startswith("unknown_data_id: ")
    for few in ("instrument=HSC", "instrument=HSC,physical_filter=HSC-R"):
        assert "Name a visit" in run(*arguments, "--data-id", few, code=1).stderr
    assert "There is no dimension visitt" in run(*arguments, "--data-id", "visitt=7", code=1).stderr
    assert run("explain-missing-dataid", hsc_root, f"{name}/none", *data_id, code=1).stderr


def test_remove_asks_and_removes(run: Run, hsc_root: Path, name: str, sets: DataIdSets, two: tuple[str, str]) -> None:
    command = ("remove-dataid-set", hsc_root)
    refused = run(*command, f"{two[0]}@1", stdin="n\n", code=1)
    assert f"{two[0]}@1: 2 data IDs" in refused.stderr
    assert refused.stdout == ""
    assert len(document(run(*command, two[0], f"{name}/nothing", "--json", "--yes", code=1))["errors"]) == 2
    (error,) = document(run(*command, f"{two[0]}@1", "--json", code=1))["errors"]
    assert (error["code"], "--yes" in error["remedy"]) == ("not_confirmed", True)
    told = document(run(*command, f"{two[0]}@1", f"{two[1]}@1", "--json", "--yes"))
    assert [item["name"] for item in told["items"]] == list(two)
    assert sets.list(name=f"{name}/*") == []
    assert "Name sets, or give --sweep" in run(*command, code=2).stderr


def test_share_changes_who_may_read(run: Run, hsc_root: Path, name: str, sets: DataIdSets, two: tuple[str, str]) -> None:
    command = ("share-dataid-set", hsc_root)
    assert run(*command, two[0], "--access", "private").stdout == f"{two[0]}@1 can be read by you alone.\n"
    assert sets.find(two[0]).access == "private"
    group = sets._headers.person.groups[0]
    assert f"members of {group}" in run(*command, two[0], "--group", group).stdout
    assert document(run(*command, f"{two[0]}@1", "--access", "everyone", "--json"))["access"] == "everyone"
    assert "may load the next version" in run(*command, two[0], "--give-name-to", group).stdout
    assert sets.create(two[0], [{"instrument": "HSC", "visit": 903334}]).version == 2
    assert "or else --give-name-to" in run(*command, two[0], code=2).stderr
    assert "without a version" in run(*command, f"{two[0]}@1", "--give-name-to", group, code=2).stderr
    assert "do not belong" in run(*command, two[1], "--give-name-to", "nobodies", code=1).stderr


def test_sweep_removes_what_has_expired(run: Run, hsc_root: Path, name: str, sets: DataIdSets, good_csv: Path) -> None:
    import datetime

    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    sets.create(name, [{"instrument": "HSC", "visit": 903334}], expires=past)
    assert f"{name}@1" in run("remove-dataid-set", hsc_root, "--sweep", "--yes").stdout
    assert document(run("remove-dataid-set", hsc_root, "--sweep", "--yes", "--json")) == {"items": []}


def test_init_sets_quotas(run: Run, own_root: Path, good_csv: Path, tmp_path: Path) -> None:
    root = own_root
    owner = document(run("upload-dataid-set", root, "t/x", good_csv, "--json"))["owner"]
    run("init-dataid-sets", root, "--quota", f"{owner}=3")
    assert "quota_used_up" in run("upload-dataid-set", root, "t/x", good_csv, "--json", code=1).stdout
    assert document(run("init-dataid-sets", root, "--quota", f"{owner}=none", "--json"))["quotas"] == {owner: None}
    run("upload-dataid-set", root, "t/x", good_csv)
    assert "is no quota" in run("init-dataid-sets", root, "--quota", "x", code=2).stderr
    assert "64 bits" in run("init-dataid-sets", root, "--quota", f"x={2**63}", code=2).stderr
