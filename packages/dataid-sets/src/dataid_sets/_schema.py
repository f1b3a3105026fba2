"""The tables of sets in a registry.

Rows lie in one table for each group of dimensions, with the types that Butler gives these dimensions, so that joins are plain
equalities. They have no foreign keys: one to the set's header would triple the cost of a load, and those to dimension tables
would forbid data IDs that are listed before they exist.
"""

from __future__ import annotations

__all__ = (
    "GROUP_SIGN",
    "HEADER",
    "HEADER_SPEC",
    "NAME",
    "NAME_SPEC",
    "QUOTA",
    "QUOTA_SPEC",
    "REASON_SPEC",
    "REASON_TABLE",
    "ROWS_PREFIX",
    "SCHEMA_ATTRIBUTE",
    "SCHEMA_VERSION",
    "STATIC",
    "USE",
    "USE_SPEC",
    "rows_spec",
    "rows_table_name",
)

import hashlib

import sqlalchemy as sa
from lsst.daf.butler import DimensionGroup, ddl
from lsst.daf.butler.dimensions import addDimensionForeignKey

SCHEMA_ATTRIBUTE = "version:dataid_sets"
SCHEMA_VERSION = 2
"""Version 2 has other guards on PostgreSQL, for names of groups and for parents; its tables are those of version 1."""
GROUP_SIGN = "@"
"""Stands before the name of the group that owns a name of sets."""

NAME, HEADER, REASON_TABLE, USE, QUOTA = (
    "dataid_set_name",
    "dataid_set",
    "dataid_set_reason",
    "dataid_set_use",
    "dataid_set_quota",
)
ROWS_PREFIX = "dataid_set_rows_"


def _text(name: str, length: int, *, nullable: bool = True, primary_key: bool = False) -> ddl.FieldSpec:
    return ddl.FieldSpec(name, sa.String, length=length, nullable=nullable, primaryKey=primary_key)


def _number(name: str, *, nullable: bool = False, primary_key: bool = False) -> ddl.FieldSpec:
    return ddl.FieldSpec(name, sa.BigInteger, nullable=nullable, primaryKey=primary_key)


def _moment(name: str, *, nullable: bool = False) -> ddl.FieldSpec:
    return ddl.FieldSpec(name, ddl.AstropyTimeNsecTai, nullable=nullable)


NAME_SPEC = ddl.TableSpec(
    fields=[_text("name", 200, primary_key=True, nullable=False), _text("owner", 64, nullable=False), _number("newest")],
    doc="Every name that was ever given, with its newest version, so that no number is given twice. Its owner is a person, or a "
    "group with an @ before its name.",
)

HEADER_SPEC = ddl.TableSpec(
    fields=[
        ddl.FieldSpec("id", sa.BigInteger, autoincrement=True, primaryKey=True),
        _text("name", 200, nullable=False),
        _number("version"),
        _text("dimensions", 500, nullable=False),
        _number("n_rows"),
        _number("n_pending"),
        _text("digest", 64, nullable=False),
        _text("reasons_digest", 64, nullable=False),
        _text("owner", 64, nullable=False),
        _text("access", 16, nullable=False),
        _text("group_name", 64),
        ddl.FieldSpec("description", sa.Text),
        ddl.FieldSpec("source", sa.Text),
        _moment("created"),
        _moment("expires", nullable=True),
        _moment("removed", nullable=True),
        ddl.FieldSpec("parents", sa.Text),
        ddl.FieldSpec("recipe", sa.Text),
    ],
    unique=[("name", "version")],
    doc="One row for each version of each set.",
)

REASON_SPEC = ddl.TableSpec(
    fields=[_number("set_id", primary_key=True), _number("reason_id", primary_key=True), ddl.FieldSpec("reason", sa.Text)],
    doc="The reasons of each set's rows; many rows share few.",
)

USE_SPEC = ddl.TableSpec(
    fields=[
        ddl.FieldSpec("id", sa.BigInteger, autoincrement=True, primaryKey=True),
        _number("set_id"),
        _text("set_name", 200, nullable=False),
        _number("set_version"),
        _text("digest", 64, nullable=False),
        _text("role", 16, nullable=False),
        ddl.FieldSpec("translation", sa.Text),
        _text("kind", 16, nullable=False),
        _text("collection", 255),
        ddl.FieldSpec("graph", sa.Text),
        _number("collection_id", nullable=True),
        _number("n_rows", nullable=True),
        _moment("used"),
        _text("used_by", 64, nullable=False),
    ],
    indexes=[ddl.IndexSpec("set_id"), ddl.IndexSpec("collection"), ddl.IndexSpec("used_by")],
    doc="Which set was used, in what role, for which quantum graph, output run or TAGGED collection; and how many datasets that "
    "collection got from it, where they count against the quota of who did it.",
)

QUOTA_SPEC = ddl.TableSpec(
    fields=[_text("owner", 64, primary_key=True, nullable=False), _number("max_rows")],
    doc="How many rows an owner may keep; the owner * stands for everyone else.",
)

STATIC = {NAME: NAME_SPEC, HEADER: HEADER_SPEC, REASON_TABLE: REASON_SPEC, USE: USE_SPEC, QUOTA: QUOTA_SPEC}


def rows_table_name(dimensions: DimensionGroup) -> str:
    """Give the name of the table that holds rows of these dimensions.

    Governors are left out where others imply them. A name that PostgreSQL would cut is shortened, with a digest of the whole.
    """
    universe, names = dimensions.universe, sorted(dimensions.required)
    shown = [name for name in names if name not in universe.governor_dimensions.names]
    if not shown or universe.conform(shown).required != dimensions.required:
        shown = names
    whole = ROWS_PREFIX + "_".join(shown)
    if len(whole) <= 50:
        return whole
    return f"{whole[:40]}_{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def rows_spec(dimensions: DimensionGroup) -> ddl.TableSpec:
    """Give the columns of the table that holds rows of these dimensions."""
    spec = ddl.TableSpec(fields=[_number("set_id", primary_key=True)])
    for name in sorted(dimensions.required):
        addDimensionForeignKey(spec, dimensions.universe.dimensions[name], primaryKey=True, nullable=False, constraint=False)
    spec.fields.add(_number("reason_id", nullable=True))
    return spec
