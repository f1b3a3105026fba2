"""Damaged and made-up files of every format: each gives the right rows or problems in words, and never anything else."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import random
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from lsst.daf.butler import DimensionUniverse

from dataid_sets import DataIdFileError, DataIdTable
from dataid_sets.files import Columns, _csv, read_columns, read_data_ids, write_data_ids

UNIVERSE = DimensionUniverse()
SEED = 20261122
FORMATS = ("json", "jsonl", "csv", "ecsv", "parquet", "votable")
REASONS = (None, "trailed", ' a "b", c', "x\ny", "<&>é😀", "#no", "0x1F", "'", "1..3")
BITS = (
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"..",
    b":",
    b"[",
    b"{",
    b"}",
    b"]",
    b"-",
    b"9" * 30,
    b"\xff",
    b"\xef\xbb\xbf",
    b" ",
    b"0x",
)
BITS += (
    b"<TD>",
    b"</TR>",
    b"<!DOCTYPE a>",
    b"&a;",
    b"null",
    b"true",
    b"NaN",
    b"1e5",
    b"# ",
    b"visit",
    b"reason",
    b"\\ud800",
    b"!!python/x",
)


def _table(rng: random.Random) -> DataIdTable:
    rows = [
        {
            "instrument": rng.choice(["HSC", "LSSTCam"]),
            "visit": rng.randrange(100),
            "detector": rng.randrange(9),
            "reason": rng.choice(REASONS),
        }
        for _ in range(rng.randrange(6))
    ]
    return DataIdTable.from_rows(rows, universe=UNIVERSE, dimensions=["visit", "detector"])


def _mutated(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 5))):
        place, end = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
        match rng.randrange(7):
            case 0:
                data = data[:place]
            case 1:
                data = data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
            case 2:
                data = data[:place] + rng.choice(BITS) + data[place:]
            case 3:
                data = data[:place] + data[end:]
            case 4:
                data = data[:place] + data[place:end] * 2 + data[end:]
            case 5:
                data = data.replace(rng.choice(BITS), rng.choice(BITS), rng.choice((1, -1)))
            case _:
                lines = data.split(b"\n")
                rng.shuffle(lines)
                data = b"\n".join(lines)
    return data


def _read(data: bytes, format_: str, **given: Any) -> DataIdTable | DataIdFileError:
    try:
        return read_data_ids(
            io.BytesIO(data), universe=UNIVERSE, format=format_, limit_rows=100_000, limit_bytes=1 << 24, **given
        )
    except DataIdFileError as error:
        assert error.problems
        assert all(problem.message and problem.code for problem in error.problems)
        str(error).encode()
        return error


def _damaged(rng: random.Random, files: dict[str, bytes]) -> None:
    """Read a damaged file; whatever it gives must be whole."""
    format_ = rng.choice((*FORMATS, "text"))
    if format_ == "text":
        lines = _mutated(rng, b"# bad\n1\n2..5 # x\n\r\n7, 9\n")
        _read(lines, format_, dimensions=["visit"], constants={"instrument": "HSC"})
        return
    data = files[format_]
    if rng.random() < 0.1:
        packed = gzip.compress(data, 1) if rng.random() < 0.5 else pa.compress(data, codec="zstd", asbytes=True)
        found = _read(_mutated(rng, packed), format_)
    else:
        data = _mutated(rng, data)
        found = _read(data, format_)
        if format_ in {"csv", "ecsv"}:
            _same_slowly(found, data, format_)
    if isinstance(found, DataIdTable):
        again = io.BytesIO()
        write_data_ids(found, again, format="parquet")
        assert _read(again.getvalue(), "parquet") == found


def _same_slowly(found: DataIdTable | DataIdFileError, data: bytes, format_: str) -> None:
    """Compare with the reading of each line for itself."""
    quickly = _csv._Rows.add_block
    _csv._Rows.add_block = lambda *_: False
    try:
        slowly = _read(data, format_)
    finally:
        _csv._Rows.add_block = quickly
    if isinstance(found, DataIdTable):
        assert found == slowly
    else:
        assert isinstance(slowly, DataIdFileError)
        assert found.problems == slowly.problems


def _piece(rng: random.Random) -> tuple[Any, list[int] | None]:
    """Make a number or a range, or something that is neither."""
    begin, size, stride = rng.randrange(-3, 40), rng.randrange(5), rng.randrange(1, 4)
    match rng.randrange(12):
        case 0:
            return f"{begin}..{begin + size}", list(range(begin, begin + size + 1))
        case 1:
            return f"{begin} .. {begin + size} : {stride}", list(range(begin, begin + size + 1, stride))
        case 2 if rng.random() < 0.2:
            return rng.choice(["x", "1...3", "3..1", "1..2:0", "9" * 40, "1.0", "", "1e3", "0x2", "١", "1..3:2:1", "--1"]), None
        case _:
            return begin, [begin]


def _value(rng: random.Random) -> tuple[list[Any], list[int] | None]:
    pieces = [_piece(rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    good = all(values is not None for _, values in pieces)
    return [written for written, _ in pieces], [value for _, values in pieces for value in values or ()] if good else None


def _made_up(rng: random.Random) -> None:
    """Read rows with lists and ranges, and compare with their product."""
    expected: set[tuple[int, int]] | None = set()
    rows = []
    for _ in range(rng.randrange(1, 5)):
        (visits, meant_visits), (detectors, meant_detectors) = _value(rng), _value(rng)
        rows.append((visits, detectors))
        if meant_visits is None or meant_detectors is None:
            expected = None
        elif expected is not None:
            expected.update(itertools.product(meant_visits, meant_detectors))
    if rng.random() < 0.5:
        listed = [{"visit": value if len(value) > 1 else value[0], "detector": detector} for value, detector in rows]
        form = {"constants": {"instrument": "HSC"}, "data_ids": listed}
        found = _read(json.dumps(form).encode(), "json")
    else:
        blank = rng.choice(("", " "))
        lines = [f'{blank}"{", ".join(map(str, visits))}"{blank},"{",".join(map(str, detectors))}"' for visits, detectors in rows]
        end = rng.choice(("\n", "\r\n", "\r"))
        found = _read(end.join(["visit,detector", *lines]).encode(), "csv", constants={"instrument": "HSC"})
    if expected is None:
        assert isinstance(found, DataIdFileError)
    else:
        assert isinstance(found, DataIdTable), found
        columns = found.arrow.to_pydict()
        assert set(zip(columns["visit"], columns["detector"], strict=True)) == expected


def _run(n_cases: int) -> None:
    files: dict[str, bytes] = {}
    for case in range(n_cases):
        rng = random.Random(SEED + case)
        if case % 20 == 0:
            table = _table(random.Random(SEED - case))
            for format_ in FORMATS:
                stream = io.BytesIO()
                write_data_ids(table, stream, format=format_)
                files[format_] = stream.getvalue()
                assert _read(files[format_], format_, dimensions=["visit", "detector"]) == table
        try:
            _made_up(rng) if case % 4 == 0 else _damaged(rng, files)
        except BaseException as error:
            error.add_note(f"case {case}: random.Random({SEED + case})")
            raise


def _columns(data: bytes, format_: str) -> Columns | DataIdFileError:
    try:
        return read_columns(io.BytesIO(data), format=format_, limit_rows=100_000, limit_bytes=1 << 24)
    except DataIdFileError as error:
        assert all(problem.message and problem.code for problem in error.problems)
        str(error).encode()
        return error


@pytest.mark.parametrize("format_", FORMATS)
def test_damaged_files_of_any_columns_give_rows_or_problems(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, n_read = random.Random(SEED), 0
    stream = io.BytesIO()
    write_data_ids(_table(random.Random(SEED - 1)), stream, format=format_)
    for _ in range(300):
        data = _mutated(rng, stream.getvalue())
        found = _columns(data, format_)
        with monkeypatch.context() as patched:
            patched.setattr(_csv._Rows, "add_block", lambda *_: False)
            slowly = _columns(data, format_)
        if isinstance(found, DataIdFileError):
            assert isinstance(slowly, DataIdFileError), data
            assert found.problems == slowly.problems
        else:
            assert isinstance(slowly, Columns), data
            assert found.data.to_pylist() == slowly.data.to_pylist()
            assert (found.lines is None) == (slowly.lines is None)
            assert found.lines is None or found.lines.tolist() == slowly.lines.tolist()  # type: ignore[union-attr]
            n_read += 1
    assert n_read


def test_damaged_files_give_rows_or_problems() -> None:
    _run(2_000)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_many_damaged_files_give_rows_or_problems() -> None:
    _run(100_000)
