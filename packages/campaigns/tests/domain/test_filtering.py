"""The filter language: what it means is tested with the store; here are its forms and its errors."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.domain.errors import InvalidFilter, InvalidInput
from campaigns.domain.filtering import EVERYTHING, FIELDS, Among, And, Compare, Empty, Not, Operator, Or, Text, parse_filter
from campaigns.domain.filtering.ordering import parse_ordering
from campaigns.domain.filtering.tree import Condition, Interval

NOW_US = 1_790_000_000_000_000
DAY_US = 86_400_000_000
UUID_1 = "0b9f6c1e-7d51-4a46-9a5a-1c8f6f0e2d3a"


def read(text: str) -> Condition:
    return parse_filter(text, now_us=NOW_US, me="Mary")


def test_the_example_of_the_contract() -> None:
    found = read('kind = integration and status in (paused, failed) and updated > -7d and "trailed"')
    week_ago = NOW_US - 7 * DAY_US
    assert found == And(
        (
            Compare(FIELDS["kind"], Operator.EQUAL, "integration"),
            Among(FIELDS["status"], ("paused", "failed")),
            Compare(FIELDS["updated"], Operator.MORE, Interval(week_ago, week_ago + 1)),
            Text("trailed"),
        )
    )


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("", EVERYTHING),
        ("   ", EVERYTHING),
        ("a b", And((Text("a"), Text("b")))),
        ("a AND b", And((Text("a"), Text("b")))),
        ("a b or c", Or((And((Text("a"), Text("b"))), Text("c")))),
        ("not a b", And((Not(Text("a")), Text("b")))),
        ("not (a b)", Not(And((Text("a"), Text("b"))))),
        ('"or"', Text("or")),
        (r'"a \"b\" c"', Text('a "b" c')),
        ("'Straße'", Text("strasse")),
        ("android", Text("android")),
        ("or-1", Text("or-1")),
        ("lead = me", Compare(FIELDS["lead"], Operator.EQUAL, "mary")),
        ('lead = "me"', Compare(FIELDS["lead"], Operator.EQUAL, "me")),
        ("lead != Ann", Not(Compare(FIELDS["lead"], Operator.EQUAL, "ann"))),
        ("LEAD ~ an", Compare(FIELDS["lead"], Operator.HAS, "an")),
        ("title !~ x", Not(Compare(FIELDS["title"], Operator.HAS, "x"))),
        ("label not in (a, B)", Not(Among(FIELDS["label"], ("a", "b")))),
        ("ticket is empty", Empty(FIELDS["ticket"])),
        ("ticket IS NOT EMPTY", Not(Empty(FIELDS["ticket"]))),
        ('kind = "data release"', Compare(FIELDS["kind"], Operator.EQUAL, "data_release")),
        ("id in C-3..5", Among(FIELDS["id"], (Interval(3, 6),))),
        ("id >= c-7", Compare(FIELDS["id"], Operator.AT_LEAST, Interval(7, 8))),
        ("created = 1970-01-02", Compare(FIELDS["created"], Operator.EQUAL, Interval(DAY_US, 2 * DAY_US))),
        ("created in 1970-01..1970-01-31", Among(FIELDS["created"], (Interval(0, 31 * DAY_US),))),
        ("created = 1970-01-01T00:01", Compare(FIELDS["created"], Operator.EQUAL, Interval(60_000_000, 120_000_000))),
        ("created in 1970..", Among(FIELDS["created"], (Interval(0, None),))),
        (UUID_1.upper(), Or((Text(UUID_1), Compare(FIELDS["uuid"], Operator.EQUAL, UUID_1)))),
        (f"uuid in ({UUID_1.upper()})", Among(FIELDS["uuid"], (UUID_1,))),
        ("failed > 0", Compare(FIELDS["failed"], Operator.MORE, Interval(0, 1))),
        ("mention = me", Compare(FIELDS["mention"], Operator.EQUAL, "mary")),
        ("signed_by = me", Compare(FIELDS["signed_by"], Operator.EQUAL, "mary")),
        ("waits = yes", Compare(FIELDS["waits"], Operator.EQUAL, "yes")),
    ],
)
def test_forms(text: str, condition: Condition) -> None:
    assert read(text) == condition


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("kin = integration", 1, "Did you mean `kind`?"),
        ("kind = integrations", 8, "There are: data_release"),
        ("a and", 6, "What can follow"),
        ("a and or b", 7, "What can follow"),
        ('lead = "ann', 8, "Close it"),
        ("(a", 3, "`)`"),
        ("a)", 2, "It could end before"),
        ("updated ~ x", 9, "Possible are ="),
        ("updated > yesterdays", 11, "-7d"),
        ("updated > 2026-13", 11, "2026-11-22"),
        ("created in 2026-03..2026-01", 12, "earlier end first"),
        ("id = DM-1", 6, "C-42"),
        ("revision = x", 12, "digits"),
        ("held = maybe", 8, "yes or no"),
        ("status in ()", 12, "a word"),
        ("not", 4, "What can follow"),
        ("description ~ x reasn ~ x", 17, "Did you mean `reason`?"),
        ("zebra = 3", 1, "There are: id, uuid"),
        ("sort = 3", 1, "There are: id, uuid"),
        ("created > 2026-11-28T22:28..", 11, "created in 2026-11-28T22:28.."),
        ("quanta <= '..3'", 11, "Give one end after `<=`"),
        ("id < C-40..C-49", 6, "id in C-40..C-49"),
        ("quanta > many", 10, "digits"),
        ("uuid = 1f6d", 8, "Write the whole of it"),
        ("uuid > 1f6d", 6, "Possible are =, !="),
        ("visibility = nobody", 14, "staff, team"),
        (" ".join(["x"] * 21), 41, "in quotes"),
        (" ".join(["x"] * 10 + ["title !~ xy"] * 11), 150, "in quotes"),
        (" ".join(["id=1"] * 201), 1001, "shorter"),
        ("(" * 31 + "x" + ")" * 31, 31, "more simply"),
        ("not " * 31 + "x", 121, "more simply"),
        ("x" * 4001, 4000, "shorter"),
        ("a " + "x" * 201, 3, "shorter piece"),
        ("\ufdfa" * 12, 1, "shorter piece"),
        (f"title ~ {'x' * 201}", 9, "shorter piece"),
        (f"note !~ '{'x' * 201}'", 9, "shorter piece"),
        (" or ".join(["note ~ ab"] * 11), 131, "Ask for fewer"),
        (" or ".join(["note in (a)"] * 11), 151, "Ask for fewer"),
        (" or ".join(["parent >= 12"] * 11), 161, "Ask for fewer"),
        (" or ".join(["root is empty"] * 11), 171, "Ask for fewer"),
        (" or ".join(["label ~ a", "set !~ ab", "operator is empty"] * 4), 155, "Ask for fewer"),
        (f"id in ({','.join(['1'] * 201)})", 408, "C-40..C-49"),
        (f"lead in ({','.join(['a'] * 101)}) x lead not in ({','.join(['a'] * 100)})", 426, "C-40..C-49"),
    ],
)
def test_errors_point_at_the_place(text: str, column: int, told: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        read(text)
    fault = caught.value.faults[0]
    assert fault.where == f"filter, column {column}"
    assert told in (fault.remedy or "")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 200,
        f"title ~ {'x' * 200}",
        f"title = {'x' * 300}",
        " or ".join(["note ~ ab"] * 10 + ["title ~ ab"] * 5 + ["ab"] * 5),
        " or ".join(["label = ab", "set != ab", "operator in (a, b)", "label not in (a)"] * 20),
        f"id in ({','.join(['1'] * 200)}) " + "id=1 " * 199,
    ],
)
def test_what_is_just_within_the_limits(text: str) -> None:
    assert read(text) != EVERYTHING


def test_all_mistakes_of_names_and_values_are_told_at_once() -> None:
    with pytest.raises(InvalidFilter) as caught:
        read("kin = x or status = gone and revision > many")
    assert [fault.where for fault in caught.value.faults] == [f"filter, column {column}" for column in (1, 21, 41)]


WORDS = st.sampled_from(
    [
        *(
            "and",
            "or",
            "not",
            "in",
            "is",
            "empty",
            "(",
            ")",
            ",",
            "=",
            "!=",
            "~",
            "<",
            ">=",
            '"',
            "'",
            "\\",
            "..",
            "-7d",
            "me",
            "C-1",
        ),
        *(
            "kind",
            "status",
            "updated",
            "label",
            "id",
            "running",
            "2026-11",
            "2026-99",
            "x",
            "Ä",
            "\0",
            "\n",
            "🦋",
            "0",
            "yes",
            "--",
        ),
    ]
)
FILTERS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=25).map(" ".join), st.lists(WORDS, max_size=25).map("".join))


def check(text: str) -> None:
    """A filter is understood, or refused with a place that is in it."""
    try:
        read(text)
    except InvalidFilter as error:
        for fault in error.faults:
            match = re.fullmatch(r"filter, column (\d+)", fault.where or "")
            assert match is not None
            assert 1 <= int(match[1]) <= len(text) + 1
            assert fault.message
            assert fault.remedy


@given(FILTERS)
@settings(max_examples=2000, deadline=None)
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    check(text)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@given(FILTERS)
@settings(max_examples=100_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_hundred_thousand_filters(text: str) -> None:
    check(text)


def test_orders() -> None:
    assert str(parse_ordering(None)) == "-id"
    assert str(parse_ordering("-Updated")) == "-updated"
    with pytest.raises(InvalidInput, match="cannot be ordered by 'label'"):
        parse_ordering("label")
    with pytest.raises(InvalidInput) as caught:
        parse_ordering("updatd")
    assert caught.value.remedy == "Did you mean `updated`?"
