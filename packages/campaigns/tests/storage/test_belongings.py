"""Which tables belong to a campaign, and that what they say is told alike by both databases."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import inspect

from campaigns.services.archive import canonical
from campaigns.storage.belongings import CAMPAIGN, LEFT_OUT, LOCAL, belonging_tables, file_columns, unfit
from campaigns.storage.database import Database
from campaigns.storage.migration import all_tables

NOT_OF_A_CAMPAIGN = {
    "agent", "api_token", "counter", "dataid_set", "idempotency", "link_check", "login_link", "login_session", "saved_query",
    "site", "team", "team_member", "user_account",
}  # fmt: skip
"""Tables that stay at their server."""


def test_every_table_belongs_to_campaigns_or_is_known_to_stay() -> None:
    found = set(belonging_tables())
    of_submissions = {"stored_file", "task_counts", "task_spent", "quantum_failure"}
    assert {CAMPAIGN, "revision", "submission", "event", "note"} | of_submissions <= found
    # A new table that no foreign key ties to a campaign is to be looked at: should it travel?
    assert {table.name for table in all_tables().sorted_tables} - found - LEFT_OUT - NOT_OF_A_CAMPAIGN == set()


def test_numbers_of_this_server_are_referred_to_by_no_row() -> None:
    # Numbers are given anew at another server; what refers to one would have to be given anew too.
    for belonging in belonging_tables().values():
        for key in belonging.table.foreign_keys:
            given_anew = key.column.name == "number" and key.column.table.name in LOCAL
            assert not given_anew, f"{belonging.name}.{key.parent.name}"


def test_columns_of_this_server_are_there() -> None:
    for name, columns in LOCAL.items():
        assert columns <= set(all_tables().tables[name].columns.keys())


def test_every_digest_of_a_file_is_known_by_its_name() -> None:
    tables = belonging_tables()
    assert file_columns(tables["stored_file"]) == ["sha256"]
    assert file_columns(tables["revision"]) == []


def test_tables_come_after_those_they_refer_to(database: Database) -> None:
    order = list(belonging_tables())
    inspector = inspect(database.engine)
    for name in order:
        for key in inspector.get_foreign_keys(name):
            other = key["referred_table"]
            assert other not in order or other == name or order.index(other) < order.index(name)


@pytest.mark.parametrize(
    ("table", "column", "value", "fits"),
    [
        ("campaign", "id", "9b1e8a4e-7a58-4c7e-9d53-0a4d1a2b3c4d", True),
        ("campaign", "id", "9B1E8A4E-7A58-4C7E-9D53-0A4D1A2B3C4D", False),
        ("campaign", "held", 1, False),
        ("campaign", "number", True, False),
        ("campaign", "number", 2**31, False),
        ("campaign", "created_us", 2**40, True),
        ("campaign", "name", "x" * 201, False),
        ("campaign", "reason", "a\0b", False),
        ("campaign", "reason", None, False),
        ("campaign", "lead", None, True),
        ("campaign", "waits", [{"a": "\ud800"}], False),
        ("campaign", "waits", [{"a": [1.5, None]}], True),
    ],
)
def test_what_a_column_cannot_keep_is_told(table: str, column: str, value: object, fits: bool) -> None:
    assert (unfit(all_tables().tables[table].c[column], value) is None) is fits


def test_documents_are_written_alike_whichever_database_they_come_from() -> None:
    # PostgreSQL writes large numbers in all their digits, and knows no negative zero.
    assert canonical({"b": 1e16, "a": -0.0, "c": 1.5}) == '{"a":0.0,"b":10000000000000000,"c":1.5}'
    assert json.loads(canonical({"ü": [True, None, "Σ"]})) == {"ü": [True, None, "Σ"]}
