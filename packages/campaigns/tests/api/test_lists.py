"""Cursors: what comes back is what was given, and nothing else is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.api.lists import cut, decode_cursor, encode_cursor
from campaigns.domain.errors import InvalidInput

NUMBERS = st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(NUMBERS, NAMES)
def test_cursor_gives_back_the_key(number: int, name: str) -> None:
    assert decode_cursor(encode_cursor(number, name), int, str) == (number, name)


@given(st.text())
def test_anything_else_is_refused(cursor: str) -> None:
    try:
        key = decode_cursor(cursor, int, str)
    except InvalidInput:
        return
    assert [type(part) for part in key] == [int, str]


@pytest.mark.parametrize(
    "cursor",
    [
        encode_cursor("a", "b"),
        encode_cursor(1),
        encode_cursor(True, "a"),
        encode_cursor(2**63, "a"),
        encode_cursor(1, "\0"),
        "",
        "x",
        "Ä",
        "bnVsbA",
    ],
)
def test_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(cursor, int, str)


def test_cut() -> None:
    assert cut([1, 2], limit=2, key=lambda item: (item,)) == ([1, 2], None)
    assert cut([1, 2, 3], limit=2, key=lambda item: (item,)) == ([1, 2], encode_cursor(2))
