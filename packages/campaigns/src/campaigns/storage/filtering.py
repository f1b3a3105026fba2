"""What a filter's tree means in SQL. Nothing in it is ever null, so that ``NOT`` gives just the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, assert_never

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, not_, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import String

from campaigns.domain.filtering import Among, And, Compare, Condition, Empty, Field, FieldKind, Not, Operator, Or, Text
from campaigns.domain.filtering.tree import Interval, Value
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.campaign_word import CampaignWordRow
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
    **{name: getattr(CampaignRow, name) for name in ("instrument", "output", "revision", "held")},
}
"""Where the value of each field stands; those of which there may be several have a table of their own."""


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
            return _compared(field, operator, value)
        case Among(field, values):
            return _among(field, values)
        case Empty(field):
            return _empty(field)
        case _:
            assert_never(condition)


def _compared(field: Field, operator: Operator, value: Value) -> ColumnElement[bool]:
    if isinstance(value, Interval):
        return _held_against(_COLUMNS[field.name], operator, value)
    if field.kind is FieldKind.FLAG:
        return _flag(field) if value == "yes" else not_(_flag(field))
    if field.is_many:
        word = CampaignWordRow.word
        return _has_word(field, word == value if operator is Operator.EQUAL else word.contains(value, autoescape=True))
    folded = sort_key(field)
    return folded == value if operator is Operator.EQUAL else folded.contains(value, autoescape=True)


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


def _among(field: Field, values: Sequence[Value]) -> ColumnElement[bool]:
    words = [value for value in values if isinstance(value, str)]
    if field.kind is FieldKind.FLAG or not words:
        return or_(false(), *(_compared(field, Operator.EQUAL, value) for value in values))
    if field.is_many:
        return _has_word(field, CampaignWordRow.word.in_(words))
    return sort_key(field).in_(words)


def _empty(field: Field) -> ColumnElement[bool]:
    if field.is_many:
        return not_(_has_word(field, true()))
    if field.kind in (FieldKind.WORD, FieldKind.CHOICE):
        return sort_key(field) == ""
    return false() if field.kind is FieldKind.FLAG else _COLUMNS[field.name].is_(None)


def _flag(field: Field) -> ColumnElement[bool]:
    if field.name == "signed":
        return func.coalesce(CampaignRow.signed_revision, 0) == CampaignRow.revision
    return _COLUMNS[field.name].is_(true())


def _has_word(field: Field, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(CampaignWordRow.campaign_id == CampaignRow.id, CampaignWordRow.kind == field.name, condition)
