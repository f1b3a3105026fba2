"""What a filter's tree means in SQL. Nothing in it is ever null, so that ``NOT`` gives just the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, assert_never

from sqlalchemy import BigInteger, ColumnElement, UnaryExpression, and_, false, func, literal, not_, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import String

from campaigns.domain.filtering import Among, And, Compare, Condition, Empty, Field, FieldKind, Not, Operator, Or, Text
from campaigns.domain.filtering.tree import Interval, Value
from campaigns.domain.identity import Identity
from campaigns.schema.campaign import CampaignRow
from campaigns.schema.campaign_word import CampaignWordRow
from campaigns.schema.note import NoteRow
from campaigns.schema.note_mention import NoteMentionRow
from campaigns.storage.textindex import TextIndex
from campaigns.storage.visibility import may_see_campaign

__all__ = ("FilterSql", "sort_key")


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
    **{
        name: getattr(CampaignRow, name)
        for name in (
            *("instrument", "output", "revision", "held", "adopted"),
            *("reason", "description", "status_reason", "data_query", "skymap", "origin"),
        )
    },
    "uuid": CampaignRow.id,
    "submissions": CampaignRow.n_submissions,
    **{name: getattr(CampaignRow, f"n_{name}") for name in ("quanta", "succeeded", "failed")},
}
"""Where the value of each field stands; those of which there may be several have a table of their own."""


_SEARCHED: Final = frozenset({"name", "title", "reason", "description", "ticket", "lead", "team", "output"})
"""What a search for words looks at, of which a campaign has one."""

_NOTED: Final = ("note", "mention")
"""What campaigns have by their notes."""

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


class FilterSql:
    """Filters as SQL.

    Parameters
    ----------
    index : `TextIndex`
        Finds texts and words; where it says that the list is walked through, conditions on columns of the campaigns use no index.
    identity : `Identity`
        Who asks: what a campaign derives from is found only where they may see that too.
    """

    def __init__(self, index: TextIndex, identity: Identity) -> None:
        self._index = index
        self._identity = identity

    def condition(self, condition: Condition) -> ColumnElement[bool]:
        """Give a filter's tree as SQL."""
        match condition:
            case And(parts):
                return and_(true(), *map(self.condition, parts))
            case Or(parts):
                return or_(false(), *map(self.condition, parts))
            case Not(part):
                return not_(self.condition(part))
            case Text(wanted):
                return self._index.condition(wanted)
            case Compare(field, operator, value):
                return self._compared(field, operator, value)
            case Among(field, values):
                return self._among(field, values)
            case Empty(field):
                return self._empty(field)
            case _:
                assert_never(condition)

    def _compared(self, field: Field, operator: Operator, value: Value) -> ColumnElement[bool]:
        if field.name in _LINES:
            return self._derives(field, operator, (value,))
        if isinstance(value, Interval):
            return _held_against(self._value(field), operator, value)
        if field.kind is FieldKind.FLAG:
            return self._flag(field) if value == "yes" else not_(self._flag(field))
        if field.is_many:
            word = _word_of(field)
            if operator is Operator.EQUAL:
                return self._has_word(field, word == value)
            is_noted = field.name in _NOTED
            has = word.contains(value, autoescape=True) if is_noted else self._index.word_contains(field.name, value)
            return self._has_word(field, has)
        if field.name == "visibility":
            return self._of_team() if value == "team" else not_(self._of_team())
        folded = self._word(field)
        return folded == value if operator is Operator.EQUAL else self._contains(field, folded, value)

    def _contains(self, field: Field, folded: ColumnElement[Any], value: str) -> ColumnElement[bool]:
        """Tell whether a word has another in it; for what is searched for words too, the index of texts narrows it down.

        Notes
        -----
        Of letters of ASCII all but the last stand in the folded text just as they are; the last may have become one letter with
        an accent behind it.
        """
        has = folded.contains(value, autoescape=True)
        near = self._index.narrowing(value[:-1].replace("\n", " ")) if field.name in _SEARCHED and value.isascii() else None
        return has if near is None else and_(near, has)

    def _derives(self, field: Field, operator: Operator, values: Sequence[Value]) -> ColumnElement[bool]:
        """Tell whether what a campaign derives from has such a number; by a list, so that the index serves."""
        other, column = aliased(CampaignRow), self._value(field)
        fits = (_held_against(other.number, operator, value) for value in values if isinstance(value, Interval))
        named = select(other.id).where(or_(false(), *fits), may_see_campaign(self._identity, other))
        return and_(column.is_not(None), column.in_(named))

    def _among(self, field: Field, values: Sequence[Value]) -> ColumnElement[bool]:
        if field.name in _LINES:
            return self._derives(field, Operator.EQUAL, values)
        words = [value for value in values if isinstance(value, str)]
        if field.kind is FieldKind.FLAG or field.name == "visibility" or not words:
            return or_(false(), *(self._compared(field, Operator.EQUAL, value) for value in values))
        if field.is_many:
            return self._has_word(field, _word_of(field).in_(words))
        return self._word(field).in_(words)

    def _empty(self, field: Field) -> ColumnElement[bool]:
        if field.is_many:
            return not_(self._has_word(field, true()))
        if field.name == "visibility" or field.kind in (FieldKind.FLAG, FieldKind.UUID):
            return false()
        if field.kind in (FieldKind.WORD, FieldKind.CHOICE):
            return self._word(field) == ""
        return self._value(field).is_(None)

    def _word(self, field: Field) -> ColumnElement[Any]:
        """Give a value as a word to compare."""
        return self._value(field) if field.kind is FieldKind.UUID else self._plain(sort_key(field))

    def _of_team(self) -> ColumnElement[bool]:
        """Tell whether only a team may see a campaign; by a comparison, for which SQLite has an index."""
        team = self._plain(CampaignRow.visible_to.expression)
        return and_(team.is_not(None), team >= "")

    def _flag(self, field: Field) -> ColumnElement[bool]:
        if field.name == "signed":
            return func.coalesce(CampaignRow.signed_revision, 0) == self._plain(CampaignRow.revision.expression)
        return self._value(field).is_(true())

    def _has_word(self, field: Field, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        if field.name in _NOTED:
            # By a list that is made once: most campaigns have no notes, and none should be asked for them one by one.
            noted = select(NoteRow.campaign_id).where(~NoteRow.replaced, NoteRow.withdrawn_us.is_(None), condition)
            if field.name == "mention":
                noted = noted.join(NoteMentionRow, NoteMentionRow.note_id == NoteRow.id)
            return self._plain(CampaignRow.id.expression).in_(noted)
        found = self._index.word_condition(field.name, condition)
        # One that was imported has the words of its origin, and waits for nothing.
        return and_(self._plain(CampaignRow.waiting.expression).is_(True), found) if field.name == "waits_for" else found

    def _value(self, field: Field) -> ColumnElement[Any]:
        return self._plain((_COLUMNS | _LINES)[field.name].expression)

    def _plain(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        # A plus before it is how SQLite is told not to look for an index.
        return UnaryExpression(value, operator=_PLUS, type_=value.type) if self._index.walking else value


_PLUS: Final[custom_op[Any]] = custom_op("+")


def _held_against(
    column: ColumnElement[Any] | InstrumentedAttribute[Any], operator: Operator, value: Interval
) -> ColumnElement[bool]:
    there = column.is_not(None)
    # People may write larger numbers than a column has; PostgreSQL would not take these for one of its own.
    low, end = (None if edge is None else literal(edge, BigInteger) for edge in (value.low, value.end))
    match operator:
        case Operator.LESS:
            return false() if low is None else and_(there, column < low)
        case Operator.AT_MOST:
            return there if end is None else and_(there, column < end)
        case Operator.MORE:
            return false() if end is None else and_(there, column >= end)
        case Operator.AT_LEAST:
            return there if low is None else and_(there, column >= low)
        case _:
            ends = [column >= low] if low is not None else []
            ends += [column < end] if end is not None else []
            return and_(there, *ends)


def _word_of(field: Field) -> ColumnElement[str]:
    match field.name:
        case "note":
            return _folded(NoteRow.body)
        case "mention":
            # Users are called by small letters alone.
            return NoteMentionRow.user_name.expression
        case _:
            return CampaignWordRow.word.expression
