"""Files whose columns are no dimensions: every format gives the same rows, with their lines."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import astropy.table
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataid_sets import DataIdFileError
from dataid_sets.files import Columns, read_columns

FILLER = "y" * 40
NAMES, NUMBERS = ["a b", "c", None], [1, None, 3]


def read(content: bytes | str, format_: str, **given: Any) -> Columns:
    data = content.encode() if isinstance(content, str) else content
    return read_columns(io.BytesIO(data), format=format_, **given)


def told(content: bytes | str, format_: str, **given: Any) -> list[str]:
    with pytest.raises(DataIdFileError) as caught:
        read(content, format_, **given)
    return [f"{problem.where}: {problem.message}" for problem in caught.value.problems]


def made(format_: str) -> bytes:
    """Give a file of the same rows in a format."""
    table = pa.table({"obs_id": NAMES, "seq_num": NUMBERS})
    stream = io.BytesIO()
    match format_:
        case "csv":
            return b"# from the log\nobs_id,seq_num\na b, 1\n\nc,\n,3\n"
        case "json":
            return b'[{"obs_id": "a b", "seq_num": 1},\n{"obs_id": "c"},\n{"seq_num": 3, "obs_id": ""}]'
        case "jsonl":
            return b'{"obs_id": "a b", "seq_num": 1}\n\n{"obs_id": "c"}\n{"seq_num": 3, "obs_id": null}\n'
        case "parquet":
            pq.write_table(table, stream)
        case "ecsv":
            masked = astropy.table.Table({"obs_id": ["a b", "c", ""], "seq_num": [1, 2, 3]}, masked=True)
            masked["seq_num"].mask = [False, True, False]
            text = io.StringIO()
            masked.write(text, format="ascii.ecsv")
            return text.getvalue().encode()
        case _:
            masked = astropy.table.Table({"obs_id": ["a b", "c", ""], "seq_num": [1, 2, 3]}, masked=True)
            masked["seq_num"].mask = [False, True, False]
            form = "tabledata" if format_ == "votable" else "binary2"
            masked.write(stream, format="votable", tabledata_format=form)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("format_", "lines"),
    [
        ("csv", [3, 5, 6]),
        ("json", [1, 2, 3]),
        ("jsonl", [1, 3, 4]),
        ("parquet", None),
        ("ecsv", [8, 9, 10]),
        ("votable", ...),
        ("votable, binary", None),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: pa.compress(data, codec="zstd", asbytes=True)])
def test_every_format_gives_the_rows(format_: str, lines: Any, pack: Any) -> None:
    found = read(pack(made(format_)), format_.partition(",")[0])
    assert found.data["obs_id"].to_pylist() == NAMES
    seq_num = found.data["seq_num"].to_pylist()
    assert [None if number is None else int(number) for number in seq_num] == NUMBERS
    if lines is None:
        assert found.lines is None
    elif lines is not ...:
        assert found.lines is not None
        assert found.lines.tolist() == lines
    else:
        assert found.lines is not None
        assert (found.lines[1:] > found.lines[:-1]).all()


def test_lines_of_many_blocks() -> None:
    """Blocks of several megabytes, some with quotes and empty lines."""
    rows = [f'{number},"x, {number}"' if number % 40_000 == 0 else f"{number},{FILLER}" for number in range(200_000)]
    rows[30_000] = '30000,"two\nlines"'
    rows[40_001] = "\n40001,y"
    found = read("visit,name\n" + "\n".join(rows) + "\n", "csv")
    assert found.lines is not None
    assert found.data["visit"].to_pylist() == [str(number) for number in range(200_000)]
    assert found.lines.tolist() == [number + 2 + (number > 30_000) + (number >= 40_001) for number in range(200_000)]
    assert found.data["name"][30_000].as_py() == "two\nlines"


@pytest.mark.parametrize("sign", ["\t", ";", ","])
def test_spreadsheets_have_tabs_and_semicolons(sign: str) -> None:
    lines = ["day_obs|obs_id ", ' 20260101|"a|b"', '20260102 | c"', "20260103|"]
    found = read("\n".join(lines).replace("|", sign), "csv")
    assert found.data.column_names == ["day_obs", "obs_id"]
    assert found.data["day_obs"].to_pylist() == ["20260101", "20260102", "20260103"]
    assert found.data["obs_id"].to_pylist() == [f"a{sign}b", 'c"', None]
    assert read('"a;b"\n1\n', "csv").data.column_names == ["a;b"]
    assert told(f"a{sign}b\n1{sign}2{sign}3\n", "csv")[0].startswith("line 2: The number of values is 3")


def test_text_has_the_column_that_is_named() -> None:
    found = read("\ufeffa b\n# no\n\n c#d \n", "text", column="obs_id")
    assert (found.data["obs_id"].to_pylist(), found.lines.tolist()) == (["a b", "c#d"], [1, 4])  # type: ignore[union-attr]
    assert told("a\n", "text") == [": The column of a text file has no name."]
    assert told("a\n1\n", "csv", column="a") == [": The columns of this file have names of their own."]


def test_documents_have_constants_and_dimensions() -> None:
    found = read('{"constants": {"instrument": "HSC"}, "dimensions": ["visit"], "data_ids": [{"visit.name": "a"}]}', "json")
    assert (found.constants, found.dimensions) == ({"instrument": "HSC"}, ("visit",))
    assert told('{"constants": {"a": [1], "b": "\\ud800"}, "data_ids": []}', "json") == [
        "constants.a: A constant is a whole number or text, not [1].",
        "constants.b: The value of b is not Unicode text: it is not UTF-8, or has half of a surrogate pair.",
    ]
    assert told('{"data_ids": [], "more": 1}', "json")[0].startswith("more: There is no field more")


def test_columns_to_ignore_and_repeated_ones() -> None:
    assert read("a,b,b\n1,2,3\n", "csv", ignore=["b"]).data.column_names == ["a"]
    assert read('[{"a": 1, "b": {}}]', "json", ignore=["b"]).data.column_names == ["a"]
    assert told("a,b,b\n1,2,3\n", "csv") == ["line 1: There are 2 columns b."]


def test_every_mistake_has_its_line() -> None:
    lines = ['{"a": 1}', '{"a": "x"}', '{"a": [1]}', "5", '{"a": 1, "b": "x\\u0000"}', '{"a": 1.5}', f'{{"a": {2**63}}}', "{"]
    assert [line.partition(": ")[0] for line in told("\n".join(lines), "jsonl")] == [
        "line 2, a",
        "line 3, a",
        "line 4",
        "line 5, b",
        "line 7, a",
        "line 8",
    ]
    assert told(b"a,b\n1,x\n2,\xff\n", "csv")[0].startswith("line 3, b: The value of b is not Unicode")
    assert told("a\n1\n2\n", "csv", limit_rows=1) == [": There are more than 1 rows here."]
    assert read('[{"a": 1}, {"a": 2.5}, {}]', "json").data["a"].to_pylist() == [1.0, 2.5, None]


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "parquet", "ecsv", "votable"])
def test_nothing_and_damage_are_told(format_: str, tmp_path: Path) -> None:
    for data in (b"", b"\0" * 20, made(format_)[:-15] if format_ in {"json", "parquet", "votable"} else b"\xff\xfe\0"):
        try:
            read(data, format_)
        except DataIdFileError as error:
            assert all(problem.message and problem.code for problem in error.problems)
        else:
            assert format_ == "jsonl"
            assert not data
