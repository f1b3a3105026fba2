"""Tables in files: CSV, ECSV, text, Parquet and VOTable."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import astropy.table
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lsst.daf.butler import DimensionUniverse

from dataid_sets import DataIdFileError, DataIdTable
from dataid_sets.files import read_data_ids, write_data_ids

UNIVERSE = DimensionUniverse()
HSC = {"instrument": "HSC"}
MERGES = "# a0: &a0 {x: 1, y: 2}\n" + "".join(f"# a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12))


def read(content: bytes | str, format_: str, **given: Any) -> DataIdTable:
    data = content.encode() if isinstance(content, str) else content
    return read_data_ids(io.BytesIO(data), universe=UNIVERSE, format=format_, **given)


def told(content: bytes | str, format_: str, **given: Any) -> str:
    with pytest.raises(DataIdFileError) as caught:
        read(content, format_, **given)
    return str(caught.value)


def pairs(table: DataIdTable, name: str = "visit") -> list[tuple[Any, Any]]:
    return list(zip(*(table.arrow.column(column).to_pylist() for column in (name, "reason")), strict=True))


def parquet(**columns: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def votable(body: str, fields: str = '<FIELD name="visit" datatype="long"/>', head: str = "") -> str:
    return f"<?xml version='1.0'?>{head}<VOTABLE><RESOURCE><TABLE>{fields}<DATA>{body}</DATA></TABLE></RESOURCE></VOTABLE>"


# ---- CSV and ECSV


def test_the_real_exclusion_list(real_data: Path) -> None:
    table = read_data_ids(real_data / "LSSTCam-bad.ecsv", universe=UNIVERSE, constants={"instrument": "LSSTCam"})
    assert len(table) == 527
    assert set(table.dimensions.required) == {"instrument", "exposure"}
    found = dict(pairs(table, "exposure"))
    assert found[2025041700761] == "tracking stopped"
    assert all(reason == reason.strip() for reason in found.values())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "# a comment\n"])
def test_blanks_are_dropped_unless_quoted(end: str, start: str) -> None:
    lines = [" visit , comment ", " 1 ,  a b\t", '2, "x, y" ', '3," kept "', '4,"say ""no"""', '5,5" pipe', "", '"6",']
    table = read(start + end.join(lines), "csv", constants=HSC)
    assert pairs(table) == [(1, "a b"), (2, "x, y"), (3, " kept "), (4, 'say "no"'), (5, '5" pipe'), (6, None)]


def test_ranges_and_lists_in_cells() -> None:
    table = read('visit,detector\n"1, 10..14:2",0..1\n', "csv", constants=HSC)
    assert {(row["visit"], row["detector"]) for row in table.arrow.to_pylist()} == {
        (v, d) for v in (1, 10, 12, 14) for d in (0, 1)
    }


def test_every_mistake_has_its_line_and_column() -> None:
    content = 'visit,detector,reason\n1,2,"two\nlines"\nx,,\n1,0x3,\n1\n99999999999999999999,1,a\n"1"2,3,4\n'
    text = told(content, "csv", constants=HSC)
    places = [line.partition(": ")[0] for line in text.splitlines()]
    assert places == ["line 4, visit", "line 4, detector", "line 5, detector", "line 6", "line 7, visit", "line 8"]


def test_many_mistakes_stop_the_reading() -> None:
    with pytest.raises(DataIdFileError) as caught:
        read("visit\n" + "x\n" * 5000, "csv", constants=HSC)
    assert len(caught.value.problems) == 1001


@pytest.mark.parametrize(
    ("content", "given", "words"),
    [
        ("", HSC, "empty"),
        ("visit,visit\n1,2\n", HSC, "2 columns visit"),
        ("visit,colour\n1,2\n", HSC, "no dimension colour"),
        ("visit,band\n1,r\n", HSC, "follows from"),
        ("visit\n1\n", {}, "no values of instrument"),
        ("visit,instrument\n1,DECam\n", HSC, "constant 'HSC'"),
        ("visit\n1\n", {**HSC, "tract": 1}, "no values of skymap"),
        ('visit\n1\n"2\n', HSC, "never closed"),
        (b"visit,reason\n1,\xff\n", HSC, "line 2, reason: The reason is not Unicode"),
        (b"vis\xfft\n1\n", HSC, "UTF-8"),
        ("visit\n1\n".encode("utf-16"), HSC, "UTF-16"),
        (b"visit,reason\n1,a\0b\n", HSC, "NUL"),
        (b"visit\n" + b"1" * (17 << 20), HSC, "16,777,216 bytes"),
        ("visit\n1..99999999999\n", HSC, "more than 50,000,000"),
    ],
)
def test_csv_that_is_refused(content: bytes | str, given: dict[str, Any], words: str) -> None:
    assert words in told(content, "csv", constants=given)


def test_a_header_alone_is_an_empty_set() -> None:
    assert len(read("instrument,visit\n", "csv")) == 0


def test_constants_that_agree_and_columns_to_ignore() -> None:
    content = "visit,instrument,seeing\n1,HSC,0.7\n2,HSC,x\n"
    assert len(read(content, "csv", constants=HSC, ignore=["seeing"])) == 2
    assert "seeing" in told(content, "csv", constants=HSC)


def test_only_one_column_is_the_reason() -> None:
    assert pairs(read("visit,reason,comment\n1,a,b\n", "csv", constants=HSC, ignore=["comment"])) == [(1, "a")]
    assert "comment is no dimension" in told("visit,reason,comment\n1,a,b\n", "csv", constants=HSC, dimensions=["visit"])


def test_ecsv_of_astropy_with_blanks_between(tmp_path: Path) -> None:
    path = tmp_path / "a.ecsv"
    table = astropy.table.Table({"visit": np.array([1, 2], dtype="uint64"), "reason": ["a b", 'c "d"']}, meta={"x": {"y": [1]}})
    table.write(path)
    assert pairs(read_data_ids(path, universe=UNIVERSE, constants=HSC)) == [(1, "a b"), (2, 'c "d"')]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("visit\n1\n", "must begin"),
        ("", "empty"),
        ("# %ECSV 1.0\n# ---\n# datatype: [\nvisit\n1\n", "not valid YAML"),
        ("# %ECSV 1.0\n# ---\n# datatype: 3\nvisit\n1\n", "does not name"),
        ("# %ECSV 1.0\n# ---\n# datatype: [{name: exposure}]\nvisit\n1\n", "above they are exposure"),
        ("# %ECSV 1.0\n# ---\n# delimiter: ;\n# datatype: [{name: visit}]\nvisit\n1\n", "delimiter"),
        ("# %ECSV 1.0\n# ---\n# !!python/object/apply:os.system [x]\nvisit\n1\n", "does not name"),
        ("# %ECSV 1.0\n# ---\n# datatype: [{name: visit}]\nvisit\n1\nx\n", "line 6, visit"),
        (f"# %ECSV 1.0\n# ---\n{MERGES}# datatype: 3\nvisit\n1\n", "does not name"),
        ("# %ECSV 1.0\n# " + "[" * 50_000 + "\nvisit\n", "YAML"),
    ],
)
def test_ecsv_that_is_refused(content: str, words: str) -> None:
    assert words in told(content, "ecsv", constants=HSC)


# ---- text


def test_text_of_one_column() -> None:
    table = read("\ufeff# bad ones\n 12 # trailed\r\n\n20..24:2\n1, 2\n", "text", dimensions=["exposure"], constants=HSC)
    assert table.arrow.column("exposure").to_pylist() == [1, 2, 12, 20, 22, 24]
    names = read("#x\na..b\n r#1 \n", "text", dimensions=["physical_filter"], constants=HSC)
    assert names.arrow.column("physical_filter").to_pylist() == ["a..b", "r#1"]


def test_text_that_is_refused() -> None:
    assert "Name the dimension" in told("1\n", "text", constants=HSC)
    assert "one dimension" in told("1\n", "text", dimensions=["visit", "detector"], constants=HSC)
    assert "line 2, visit" in told("1\nx\n", "text", dimensions=["visit"], constants=HSC)


# ---- Parquet


@pytest.mark.parametrize("type_", [pa.int8(), pa.int32(), pa.uint64(), pa.dictionary(pa.int8(), pa.int32())])
@pytest.mark.parametrize("text", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.large_string())])
def test_parquet_of_many_types(type_: pa.DataType, text: pa.DataType) -> None:
    data = parquet(
        visit=pa.array([3, 1]).cast(pa.int32() if pa.types.is_dictionary(type_) else type_), comments=pa.array(["a", None], text)
    )
    assert pairs(read(data, "parquet", constants=HSC)) == [(1, None), (3, "a")]


@pytest.mark.parametrize(
    ("visits", "words"),
    [
        (pa.array([1, None]), "row 2, visit"),
        (pa.array([1, 2**63], pa.uint64()), "row 2, visit: The value of visit does not fit"),
        (pa.array([1.0]), "not double"),
        (pa.array(["1"]), "not string"),
        (pa.array([True]), "not bool"),
        (pa.array([1]).cast(pa.decimal128(20)), "not decimal"),
        (pa.array([[1]]), "not list"),
        (pa.array([None]), "row 1, visit"),
    ],
)
def test_parquet_that_is_refused(visits: pa.Array, words: str) -> None:
    assert words in told(parquet(visit=visits), "parquet", constants=HSC)


def test_damaged_parquet() -> None:
    data = parquet(visit=list(range(1000)))
    for bad in (b"", data[:-5], data[: len(data) // 2], b"PAR1", data[:50] + b"\xff" * 50 + data[100:]):
        assert "cannot be read" in told(bad, "parquet", constants=HSC)


def test_parquet_is_bounded() -> None:
    assert "more than 5 data IDs" in told(parquet(visit=list(range(6))), "parquet", constants=HSC, limit_rows=5)
    assert "bytes" in told(parquet(visit=list(range(60_000))), "parquet", constants=HSC, limit_bytes=10_000)


# ---- VOTable


def test_votable_of_astropy_in_every_form(tmp_path: Path) -> None:
    table = astropy.table.Table({"visit": np.array([1, 2]), "reason": ["a", "é b"]})
    for form in ("tabledata", "binary", "binary2"):
        path = tmp_path / f"{form}.vot"
        table.write(path, format="votable", tabledata_format=form)
        assert pairs(read_data_ids(path, universe=UNIVERSE, constants=HSC)) == [(1, "a"), (2, "é b")], form


def test_a_masked_value_is_missing() -> None:
    fields = '<FIELD name="visit" datatype="int"><VALUES null="-9"/></FIELD>'
    body = "<TABLEDATA><TR><TD>1</TD></TR><TR><TD>-9</TD></TR><TR><TD/></TR></TABLEDATA>"
    assert told(votable(body, fields), "votable", constants=HSC).count("There is no value of visit") == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (votable("", head='<!DOCTYPE x [<!ENTITY a "b">]>'), "document type"),
        (votable('<BINARY><STREAM href="file:///etc/passwd"/></BINARY>'), "not in this file"),
        (votable('<FITS><STREAM href="http://x/"/></FITS>'), "not in this file"),
        (votable("<TABLEDATA><TR><TD>1</TD><TD>2</TD></TR></TABLEDATA>"), "number of values"),
        (votable("<TABLEDATA><TR><TD>x</TD></TR></TABLEDATA>"), "line 1, visit"),
        (votable("<BINARY><STREAM encoding='base64'>AAA</STREAM></BINARY>"), "cannot be read"),
        (votable("", '<FIELD name="visit" datatype="double"/>'), "not double"),
        (votable("").replace("<TABLE>", '<TABLE nrows="99999999999">'), "more than"),
        (votable("").replace("<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-7'?>"), "UTF-8"),
        ("<VOTABLE></VOTABLE>", "no table"),
        ("<html></html>", "no VOTable"),
        ("<VOTABLE>" + "<RESOURCE>" * 1000, "nested"),
        ("", "not valid XML"),
        (votable("<TABLEDATA/>").replace("</RESOURCE>", "<TABLE><DATA/></TABLE></RESOURCE>"), "several"),
    ],
)
def test_votables_that_are_refused(content: str, words: str) -> None:
    assert words in told(content, "votable", constants=HSC)


# ---- files


def test_what_is_no_file(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path, "folder"),
        (tmp_path / "none.csv", "no such file"),
        ("a\0.csv", "cannot be opened"),
        ("x", "no format"),
    ):
        with pytest.raises(DataIdFileError, match=words):
            read_data_ids(path, universe=UNIVERSE, format="csv" if path == tmp_path else None)
    with pytest.raises(DataIdFileError, match="binary"):
        read_data_ids(io.StringIO("visit\n1\n"), universe=UNIVERSE, format="csv")  # type: ignore[arg-type]
    with pytest.raises(DataIdFileError, match="no format 'xls'"):
        read("", "xls")


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: pa.compress(data, codec="zstd", asbytes=True)])
def test_compression_is_found_by_content_and_bounded(pack: Any) -> None:
    content = b"visit\n" + b"1\n" * 100_000
    packed = pack(content)
    assert len(read(packed, "csv", constants=HSC)) == 1
    assert "bytes here, uncompressed" in told(packed, "csv", constants=HSC, limit_bytes=10_000)
    assert "cannot be read" in told(packed[:-4], "csv", constants=HSC)
    assert "cannot be read" in told(packed[:20] + b"zzzz" + packed[24:], "csv", constants=HSC)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"visit\n1\n")))
    assert len(read_data_ids("-", universe=UNIVERSE, format="csv", constants=HSC)) == 1


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.vot"
    path.write_text("before")
    table = DataIdTable.from_rows([{"instrument": "HSC", "visit": 1, "reason": "\x01"}], universe=UNIVERSE)
    with pytest.raises(DataIdFileError, match="control characters"):
        write_data_ids(table, path)
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.vot"]
    for bad in (tmp_path, tmp_path / "no" / "a.csv", tmp_path / "a.txt", tmp_path / "a.parquet.gz"):
        with pytest.raises(DataIdFileError):
            write_data_ids(table, bad, format="csv" if bad == tmp_path else None)
