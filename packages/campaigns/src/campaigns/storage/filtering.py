"""What a filter's tree means in SQL. Nothing in it is ever null, so that ``NOT`` gives just the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, assert_never

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, not_, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import String

from campaigns.domain.filtering import Among, And, Compare, Condition, Empty, Field, FieldKind, Not, Operator, Or, Text
from campaigns.domain.filtering.tree import Interval, Value
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.campaign_word import CampaignWordRow
from campaigns.schema.note import NoteRow
from campaigns.storage.textindex import TextIndex

__all__ = ("condition_sql", "sort_key")


class _folded(FunctionElement[str]):  # noqa: N801 - it reads as a function
    """Small letters for capitals, of a to z only, and nothing for null: the same in both databases."""

    type = String()
    inherit_cache = True


@compiles(_folded)
def _fold(element: Any, compiler: Any, **kwargs: Any) -> str:
    return f"lower(coalesce({compiler.process(element.clauses, **kwargs)}, ''))"


@compiles(_folded, "postgresql")
def _fold_postgresql(element: Any, compiler: Any, **kwargs: Any) -> str:
    return f"lower(coalesce({compiler.process(element.clauses, **kwargs)}, '') COLLATE \"C\")"


_COLUMNS: Final[dict[str, InstrumentedAttribute[Any]]] = {
    "id": CampaignRow.number,
    "created": CampaignRow.created_us,
    "updated": CampaignRow.updated_us,
    "started": CampaignRow.started_us,
    "ended": CampaignRow.ended_us,
    "waits": CampaignRow.waiting,
    **{
        name: getattr(CampaignRow, name)
        for name in ("name", "title", "kind", "status", "lead", "owner", "team", "ticket", "site", "stack", "butler")
    },
    **{name: getattr(CampaignRow, name) for name in ("instrument", "output", "revision", "held", "adopted")},
}
"""Where the value of each field stands; those of which there may be several have a table of their own."""


_LINES: Final[dict[str, InstrumentedAttribute[Any]]] = {"parent": CampaignRow.parent_id, "root": CampaignRow.root_id}
"""Campaigns that a campaign derives from: the columns have their UUIDs, people write their numbers."""


def sort_key(field: Field) -> ColumnElement[Any]:
    """Give the expression that a list is ordered by; there is an index for each, ``sort_`` and the field's name."""
    column = _COLUMNS[field.name]
    key: ColumnElement[Any] = column.expression
    match field.kind:
        case FieldKind.WORD | FieldKind.CHOICE:
            return _folded(column)
        case FieldKind.TIME if column.nullable:
            return func.coalesce(column, literal(-1, literal_execute=True), type_=column.type)
        case _:
            return key


def condition_sql(condition: Condition, index: TextIndex) -> ColumnElement[bool]:
    """Give a filter as SQL.

    Parameters
    ----------
    condition : `Condition`
        The filter's tree.
    index : `TextIndex`
        Finds texts.
    """
    match condition:
        case And(parts):
            return and_(true(), *(condition_sql(part, index) for part in parts))
        case Or(parts):
            return or_(false(), *(condition_sql(part, index) for part in parts))
        case Not(part):
            return not_(condition_sql(part, index))
        case Text(wanted):
            return index.condition(wanted)
        case Compare(field, operator, value):
            return _compared(field, operator, value, index)
        case Among(field, values):
            return _among(field, values, index)
        case Empty(field):
            return _empty(field, index)
        case _:
            assert_never(condition)


def _compared(field: Field, operator: Operator, value: Value, index: TextIndex) -> ColumnElement[bool]:
    if field.name in _LINES:
        return _derives(_LINES[field.name], operator, value)
    if isinstance(value, Interval):
        return _held_against(_COLUMNS[field.name], operator, value)
    if field.kind is FieldKind.FLAG:
        return _flag(field) if value == "yes" else not_(_flag(field))
    if field.is_many:
        word = _word_of(field)
        return _has_word(field, word == value if operator is Operator.EQUAL else word.contains(value, autoescape=True), index)
    folded = sort_key(field)
    return folded == value if operator is Operator.EQUAL else folded.contains(value, autoescape=True)


def _derives(column: InstrumentedAttribute[Any], operator: Operator, value: Value) -> ColumnElement[bool]:
    """Tell whether what a campaign derives from has such a number; by a list, so that the index serves."""
    if not isinstance(value, Interval):
        return false()
    other = aliased(CampaignRow)
    return and_(column.is_not(None), column.in_(select(other.id).where(_held_against(other.number, operator, value))))


def _held_against(column: InstrumentedAttribute[Any], operator: Operator, value: Interval) -> ColumnElement[bool]:
    there = column.is_not(None)
    match operator:
        case Operator.LESS:
            return false() if value.low is None else and_(there, column < value.low)
        case Operator.AT_MOST:
            return there if value.end is None else and_(there, column < value.end)
        case Operator.MORE:
            return false() if value.end is None else and_(there, column >= value.end)
        case Operator.AT_LEAST:
            return there if value.low is None else and_(there, column >= value.low)
        case _:
            ends = [column >= value.low] if value.low is not None else []
            ends += [column < value.end] if value.end is not None else []
            return and_(there, *ends)


def _among(field: Field, values: Sequence[Value], index: TextIndex) -> ColumnElement[bool]:
    words = [value for value in values if isinstance(value, str)]
    if field.kind is FieldKind.FLAG or not words:
        return or_(false(), *(_compared(field, Operator.EQUAL, value, index) for value in values))
    if field.is_many:
        return _has_word(field, _word_of(field).in_(words), index)
    return sort_key(field).in_(words)


def _empty(field: Field, index: TextIndex) -> ColumnElement[bool]:
    if field.is_many:
        return not_(_has_word(field, true(), index))
    if field.kind in (FieldKind.WORD, FieldKind.CHOICE):
        return sort_key(field) == ""
    return false() if field.kind is FieldKind.FLAG else {**_COLUMNS, **_LINES}[field.name].is_(None)


def _flag(field: Field) -> ColumnElement[bool]:
    if field.name == "signed":
        return func.coalesce(CampaignRow.signed_revision, 0) == CampaignRow.revision
    return _COLUMNS[field.name].is_(true())


def _word_of(field: Field) -> ColumnElement[str]:
    return _folded(NoteRow.body) if field.name == "note" else CampaignWordRow.word.expression


def _has_word(field: Field, condition: ColumnElement[bool], index: TextIndex) -> ColumnElement[bool]:
    if field.name == "note":
        standing = (NoteRow.campaign_id == CampaignRow.id, ~NoteRow.replaced, NoteRow.withdrawn_us.is_(None))
        return exists().where(*standing, condition)
    return index.word_condition(field.name, condition)
