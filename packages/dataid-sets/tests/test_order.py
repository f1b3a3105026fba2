"""Sorting rows and joining repeated ones, against the plainest way of doing it."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dataid_sets import _order

LARGE = st.sampled_from([-(2**63), -1, 0, 1, 2**62, 2**63 - 1])
ROW = st.tuples(st.sampled_from("äbc"), st.integers(0, 3) | LARGE, LARGE | st.integers(5, 6), st.none() | st.sampled_from("xyz"))


def by_hand(rows: list[tuple[str, int, int, str | None]]) -> list[tuple[str, int, int, str | None]]:
    reasons: dict[tuple[str, int, int], set[str]] = {}
    for *key, reason in rows:
        reasons.setdefault(tuple(key), set()).update([] if reason is None else [reason])
    order = sorted(reasons, key=lambda key: (key[0].encode(), *key[1:]))
    return [(*key, "; ".join(sorted(reasons[key])) or None) for key in order]


def in_chunks(rows: list[tuple[str, int, int, str | None]], at: int) -> pa.Table:
    types = {"text": pa.string(), "a": pa.int64(), "b": pa.int64(), "reason": pa.string()}
    parts = []
    for part in (rows[:at], rows[at:]):
        columns = list(zip(*part, strict=True)) or [()] * 4
        arrays = [pa.array(values, type_) for values, type_ in zip(columns, types.values(), strict=True)]
        parts.append(pa.table([each.dictionary_encode() if each.type == pa.string() else each for each in arrays], list(types)))
    return pa.concat_tables(parts)


@given(rows=st.lists(ROW, max_size=30), at=st.integers(0, 30), small=st.booleans())
def test_rows_come_out_as_by_hand(rows: list[tuple[str, int, int, str | None]], at: int, small: bool) -> None:
    if small:
        rows = [(text, a % 4, b % 7, reason) for text, a, b, reason in rows]
    for given_rows in (rows, by_hand(rows)):
        found = _order.sorted_distinct(in_chunks(given_rows, at), ["text", "a", "b"])
        assert [tuple(row.values()) for row in found.to_pylist()] == by_hand(rows)


def test_a_dictionary_may_have_a_word_twice() -> None:
    reasons = pa.DictionaryArray.from_arrays(pa.array([1, 0, 2], pa.int32()), pa.array(["x", "x", "y"]))
    found = _order.sorted_distinct(pa.table({"a": [2, 1, 1], "reason": reasons}), ["a"])
    assert found.to_pylist() == [{"a": 1, "reason": "x; y"}, {"a": 2, "reason": "x"}]


def test_a_repeated_value_takes_the_memory_of_one_chunk() -> None:
    found = _order.repeated(pa.array(["LSSTCam"]).dictionary_encode(), 10 * _order._PART + 3)
    assert len(found) == 10 * _order._PART + 3
    assert found.slice(len(found) - 1).to_pylist() == ["LSSTCam"]
    assert len({chunk.buffers()[1].address for chunk in found.chunks}) == 1
    assert len(_order.repeated(pa.array([1]), 0)) == 0
