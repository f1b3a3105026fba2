"""Installing, uploading, listing and exporting, on every database."""

from __future__ import annotations

import datetime
import gzip
import json
import re
from pathlib import Path

import pytest

from dataid_sets import DataIdSets
from dataid_sets.files import read_data_ids

from .conftest import Run, document


@pytest.mark.parametrize("backend", ["sqlite", "psycopg"])
def test_init_makes_tables_and_may_be_repeated(run: Run, make_hsc, request: pytest.FixtureRequest, backend: str) -> None:
    root = request.getfixturevalue("bare_root") if backend == "sqlite" else make_hsc(backend)
    first = document(run("init-dataid-sets", root, "--json"))["tables"]
    more = ("--dimensions", "visit,physical_filter", "--dimensions", "band")
    again = document(run("init-dataid-sets", root, *more, "--json"))["tables"]
    assert set(again) - set(first) == {"dataid_set_rows_band"}
    assert "are ready" in run("init-dataid-sets", root).stdout
    assert run("init-dataid-sets", root, "--check").stdout == "Nothing is wrong.\n"


def test_init_names_a_dimension_that_there_is_not(run: Run, hsc_root: Path) -> None:
    assert "Did you mean visit?" in run("init-dataid-sets", hsc_root, "--dimensions", "visitt", code=1).stderr
    assert "--mend goes with --check" in run("init-dataid-sets", hsc_root, "--mend", code=2).stderr


def test_check_finds_and_mends(run: Run, own_root: Path, good_csv: Path) -> None:
    import sqlite3

    root = own_root
    run("upload-dataid-set", root, "t/x", good_csv)
    with sqlite3.connect(root / "gen3.sqlite3") as connection:
        connection.execute("UPDATE dataid_set_rows_visit SET set_id = 99 WHERE visit = 903334")
    connection.close()
    findings = document(run("init-dataid-sets", root, "--check", "--json", code=1))["findings"]
    assert [finding["what"] for finding in findings] == ["rows of no set", "t/x@1 should have 2 rows"]
    assert ["--mend" in finding["remedy"] for finding in findings] == [True, False]
    table = run("init-dataid-sets", root, "--check", "--mend", code=1).stdout
    assert "rows of no set" in table
    assert "`butler remove-dataid-set REPO t/x@1`" in table
    assert len(document(run("init-dataid-sets", root, "--check", "--json", code=1))["findings"]) == 1


def test_check_holds_rows_against_digests(run: Run, own_root: Path, good_csv: Path) -> None:
    import sqlite3

    for name in ("t/x", "t/y"):
        run("upload-dataid-set", own_root, name, good_csv)
    check = ("init-dataid-sets", own_root, "--check")
    assert run(*check, "--digests").stdout == "Nothing is wrong.\n"
    with sqlite3.connect(own_root / "gen3.sqlite3") as connection:
        connection.execute("UPDATE dataid_set_rows_visit SET visit = 903338 WHERE visit = 903334 AND set_id = 1")
    connection.close()
    assert run(*check).stdout == "Nothing is wrong.\n"
    (finding,) = document(run(*check, "--digests", "--json", code=1))["findings"]
    assert finding["what"] == "t/x@1 has other data IDs or reasons than its digest tells"
    assert "--digests goes with --check" in run("init-dataid-sets", own_root, "--digests", code=2).stderr


def test_upload_tells_what_it_made(run: Run, hsc_root: Path, name: str, good_csv: Path, sets: DataIdSets) -> None:
    told = document(run("upload-dataid-set", hsc_root, name, good_csv, "--description", "two of them", "--json"))
    made = sets.find(name)
    assert told == {**made.to_dict(), "dropped": 0}
    assert (told["name"], told["version"], told["rows"], told["source"]) == (name, 1, 2, str(good_csv))
    again = run("upload-dataid-set", hsc_root, name, good_csv).stdout
    assert again == f"{name}@2: 2 data IDs of instrument, visit, digest {made.digest[:12]}.\n"


def test_upload_takes_constants_formats_and_standard_input(run: Run, hsc_root: Path, name: str, sets: DataIdSets) -> None:
    given = "visit,seeing,reason\n903334,1.2,\n903336,2.1,bad\n"
    arguments = ("--format", "csv", "--constant", "instrument=HSC", "--constant", "reason=unsaid", "--ignore-column", "seeing")
    run("upload-dataid-set", hsc_root, name, "-", *arguments, "--dimensions", "visit", stdin=given)
    table = sets.read(name)
    assert table.arrow.select(["visit", "reason"]).to_pylist() == [
        {"visit": 903334, "reason": "unsaid"},
        {"visit": 903336, "reason": "bad"},
    ]
    assert sets.find(name).source == "standard input"
    assert "The name says no format." in run("upload-dataid-set", hsc_root, name, "-", stdin=given, code=1).stderr


def test_upload_tells_all_that_is_wrong(run: Run, hsc_root: Path, name: str, tmp_path: Path, bad_csv: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("instrument,visit\nHSC,abc\nHSC,\n")
    lines = run("upload-dataid-set", hsc_root, name, path, code=1).stderr.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{path}, line 2, visit", f"{path}, line 3, visit"]
    constant = ("--constant", "instrument=HSC")
    problems = document(run("upload-dataid-set", hsc_root, name, bad_csv, *constant, "--json", code=1))["errors"]
    assert problems[0]["where"] == f"{bad_csv}, line 4, instrument=HSC, visit=7"
    assert "no constant" in run("upload-dataid-set", hsc_root, name, bad_csv, "--constant", "HSC", code=1).stderr
    assert run("upload-dataid-set", hsc_root, "no such name!", path, code=1).stderr


WRITTEN = {
    "csv": ("visit,detector\n903334,4\n903336,999\n7,4\n7,5\n7,6\n7,7\n", "line 4, line 5, line 6 and 1 more", "line 3"),
    "json": ('[{"visit": 903334, "detector": 4},\n{"visit": [7, 903336], "detector": "4..5"},\n'
             '{"visit": 903336, "detector": "999..999"}]', "line 2", "line 3"),
    "jsonl": ('{"visit": 7, "detector": 4}\n\n{"visit": 903334, "detector": 999}\n', "line 1", "line 3"),
    "ecsv": ("# %ECSV 1.0\n# ---\n# datatype:\n# - {name: visit, datatype: int64}\n# - {name: detector, datatype: int64}\n"
             "# delimiter: ','\nvisit,detector\n903336,999\n7,4\n", "line 9", "line 8"),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [*WRITTEN, "parquet"])
def test_upload_names_the_lines_of_what_is_unknown(run: Run, hsc_root: Path, name: str, tmp_path: Path, suffix: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / f"given.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.table({"visit": [903334, 7], "detector": [999, 4]}), path)
        visit, detector = "row 2", "row 1"
    else:
        text, visit, detector = WRITTEN[suffix]
        path.write_text(text)
    result = run("upload-dataid-set", hsc_root, name, path, "--constant", "instrument=HSC", "--json", code=1)
    told = [problem["where"] for problem in document(result)["errors"]]
    expected = [f"{path}, {visit}, instrument=HSC, visit=7", f"{path}, {detector}, instrument=HSC, detector=999"]
    assert sorted(told[: len(expected)]) == sorted(expected)


def test_upload_tells_of_unknown_values_beside_other_mistakes(run: Run, hsc_root: Path, name: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("instrument,visit\nHSC,abc\nHSC,7\nHSC,903334\nDECam,3\n")
    lines = run("upload-dataid-set", hsc_root, name, path, code=1).stderr.splitlines()
    assert [line.split(": ")[0] for line in lines[:3]] == [
        f"{path}, line 2, visit",
        f"{path}, line 3, instrument=HSC, visit=7",
        f"{path}, line 5, instrument=DECam",
    ]
    # What will be pending is no mistake.
    lines = run("upload-dataid-set", hsc_root, name, path, "--unknown", "pending", code=1).stderr.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{path}, line 2, visit", f"{path}, line 5, instrument=DECam"]


def test_upload_makes_nothing_of_nothing(run: Run, hsc_root: Path, name: str, tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_text("[]\n")
    arguments = ("upload-dataid-set", hsc_root, name, path, "--constant", "instrument=HSC")
    assert "nothing says which dimensions" in run(*arguments, code=1).stderr
    assert document(run(*arguments, "--dimensions", "visit", "--json"))["rows"] == 0
    path.write_text('[{"visit": 7}]')
    assert "nothing would be left" in run(*arguments, "--unknown", "drop", code=1).stderr


def test_upload_leaves_out_or_keeps_what_is_unknown(run: Run, hsc_root: Path, name: str, bad_csv: Path) -> None:
    arguments = ("upload-dataid-set", hsc_root, name, bad_csv, "--constant", "instrument=HSC", "--unknown")
    dropped = document(run(*arguments, "drop", "--json"))
    assert (dropped["rows"], dropped["pending"], dropped["dropped"]) == (2, 0, 1)
    pending = document(run(*arguments, "pending", "--json"))
    assert (pending["rows"], pending["pending"], pending["dropped"]) == (3, 1, 0)
    assert "left out: 1" in run(*arguments, "drop").stdout
    assert "pending: 1" in run(*arguments, "pending").stdout
    (item,) = document(run("query-dataid-sets", hsc_root, f"{name}@2", "--pending", "--json"))["items"]
    assert item["pending_data_ids"] == [{"instrument": "HSC", "visit": 7, "reason": "not taken yet"}]


def test_upload_keeps_who_may_read_and_until_when(run: Run, hsc_root: Path, name: str, good_csv: Path) -> None:
    arguments = ("upload-dataid-set", hsc_root, name, good_csv, "--json")
    # On PostgreSQL a group is a role that exists, such as one's own.
    me = document(run(*arguments))["owner"]
    day = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=400)).date().isoformat()
    told = document(run(*arguments, "--group", me, "--expires", day))
    assert (told["access"], told["group"], told["expires"]) == ("group", me, f"{day}T00:00:00Z")
    told = document(run(*arguments, "--access", "private", "--expires", "30d"))
    left = datetime.datetime.fromisoformat(told["expires"]) - datetime.datetime.now(datetime.UTC)
    assert (told["access"], round(left / datetime.timedelta(days=1))) == ("private", 30)
    assert "is past" in run(*arguments, "--expires", "2020-01-01", code=2).stderr
    assert "neither a date" in run(*arguments, "--expires", "soon", code=2).stderr
    assert "not in the future" in run(*arguments, "--expires", "0d", code=2).stderr
    for late in ("99999w", "2100-01-02", "9999-12-31"):
        assert "after 2100-01-01" in run(*arguments, "--expires", late, code=2).stderr
    assert "no Unicode" in run(*arguments, "--description", "\udcff", code=1).stdout
    assert "group" in document(run(*arguments, "--access", "everyone", "--group", "x", code=1))["errors"][0]["where"]


def test_query_lists_sets_by_pattern(run: Run, hsc_root: Path, name: str, good_csv: Path) -> None:
    for which in ("b", "a"):
        run("upload-dataid-set", hsc_root, f"{name}/{which}", good_csv, "--description", "red \x1b[31m\nlist")
    lines = run("query-dataid-sets", hsc_root, f"{name}/*").stdout.splitlines()
    assert lines[0].split()[:4] == ["name", "version", "dimensions", "rows"]
    assert [line.split()[0] for line in lines[2:]] == [f"{name}/a", f"{name}/b"]
    assert lines[2].endswith(r"red \x1b[31m\nlist")
    items = document(run("query-dataid-sets", hsc_root, f"{name}/*", "--dimensions", "visit", "--json"))["items"]
    assert [item["name"] for item in items] == [f"{name}/a", f"{name}/b"]
    assert document(run("query-dataid-sets", hsc_root, f"{name}/*", "--dimensions", "exposure", "--json")) == {"items": []}
    assert "No results." in run("query-dataid-sets", hsc_root, f"{name}/z*").stdout
    assert len(document(run("query-dataid-sets", hsc_root, f"{name}/*", "--limit", 1, "--json"))["items"]) == 1
    assert "More than 1 results" in run("query-dataid-sets", hsc_root, f"{name}/*", "--limit", -1).stderr


def test_query_counts_what_is_pending_now(
    run: Run, hsc_root: Path, name: str, bad_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("upload-dataid-set", hsc_root, name, bad_csv, "--constant", "instrument=HSC", "--unknown", "pending")
    (item,) = document(run("query-dataid-sets", hsc_root, f"{name}*", "--json"))["items"]
    assert (item["pending"], item["pending_now"]) == (1, 1)
    # As if the record had come since; registries are shared by the tests.
    monkeypatch.setattr(DataIdSets, "count_pending", lambda *_: 0)
    (item,) = document(run("query-dataid-sets", hsc_root, f"{name}@1", "--json"))["items"]
    assert (item["pending"], item["pending_now"]) == (1, 0)
    lines = run("query-dataid-sets", hsc_root, f"{name}*").stdout.splitlines()
    assert "pending now" in lines[0]
    assert lines[2].split()[3:5] == ["3", "0"]
    told = run("query-dataid-sets", hsc_root, f"{name}@1").stdout
    assert re.search(r"^pending when made +1\npending now +0$", told, re.MULTILINE)


def test_query_shows_one_set(run: Run, hsc_root: Path, name: str, good_csv: Path) -> None:
    run("upload-dataid-set", hsc_root, name, good_csv)
    run("upload-dataid-set", hsc_root, name, good_csv)
    fields = dict(line.split(maxsplit=1) for line in run("query-dataid-sets", hsc_root, f"{name}@1").stdout.splitlines())
    assert (fields["name"], fields["version"], fields["dimensions"], fields["rows"]) == (name, "1", "instrument, visit", "2")
    assert fields["other"].split() == ["versions", "2"]
    lines = run("query-dataid-sets", hsc_root, name, "--rows").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["instrument", "visit", "reason"],
        ["----------", "------", "----------"],
        ["HSC", "903334", "bad", "seeing"],
        ["HSC", "903336"],
    ]
    few = document(run("query-dataid-sets", hsc_root, name, "--rows", "--limit", 1, "--json"))["items"][0]["data_ids"]
    assert few == [{"instrument": "HSC", "visit": 903334, "reason": "bad seeing"}]
    assert "More than 1 results" in run("query-dataid-sets", hsc_root, name, "--rows", "--limit", -1).stderr
    assert f"There is no DataId set {name}@3" in run("query-dataid-sets", hsc_root, f"{name}@3", code=1).stderr
    assert "the name of one set" in run("query-dataid-sets", hsc_root, f"{name}*", "--rows", code=2).stderr


@pytest.mark.parametrize("suffix", ["json", "jsonl", "csv", "ecsv.gz", "parquet", "vot", "csv.zst"])
def test_what_is_exported_can_be_read_again(
    run: Run, hsc_root: Path, name: str, good_csv: Path, sets: DataIdSets, tmp_path: Path, suffix: str
) -> None:
    run("upload-dataid-set", hsc_root, name, good_csv)
    path = tmp_path / f"out.{suffix}"
    told = document(run("export-dataid-set", hsc_root, name, path, "--json"))
    assert (told["file"], told["digest"]) == (str(path), sets.find(name).digest)
    assert read_data_ids(path, universe=sets.universe) == sets.read(name)


def test_export_writes_to_standard_output(run: Run, hsc_root: Path, name: str, good_csv: Path, tmp_path: Path) -> None:
    run("upload-dataid-set", hsc_root, name, good_csv)
    result = run("export-dataid-set", hsc_root, name, "-", "--format", "json")
    assert len(json.loads(result.stdout)["data_ids"]) == 2
    assert "do not go together" in run("export-dataid-set", hsc_root, name, "-", "--json", code=2).stderr
    assert "says no format" in run("export-dataid-set", hsc_root, name, tmp_path / "out", code=1).stderr
    path = tmp_path / "out.csv.gz"
    assert run("export-dataid-set", hsc_root, name, path).stdout == f"{name}@1: 2 data IDs written to {path}.\n"
    assert gzip.decompress(path.read_bytes()).startswith(b"instrument,visit,reason\n")
