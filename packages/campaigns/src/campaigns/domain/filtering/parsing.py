"""Reading a filter: text to a tree, with every name and value checked, or an error that points at the place."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from campaigns.domain.errors import Fault, InvalidFilter
from campaigns.domain.filtering.fields import ALIASES, CLOSE, FIELDS, Field, FieldKind
from campaigns.domain.filtering.texts import fold_text
from campaigns.domain.filtering.tree import (
    EVERYTHING,
    Among,
    And,
    Compare,
    Condition,
    Empty,
    Interval,
    Not,
    Operator,
    Or,
    Text,
    Value,
    folded,
)
from campaigns.domain.filtering.values import RANGE, BadValue, is_uuid, read_value

__all__ = ("MAX_FILTER", "parse_filter")

MAX_FILTER: Final = 4000
"""How many letters a filter has at most."""

MAX_PARTS: Final = 200
"""How many comparisons and words a filter has at most; the databases' own limits lie above."""

MAX_VALUES: Final = 200
"""How many values there are at most in all its lists together."""

MAX_TEXTS: Final = 20
"""How many texts are looked for within others, as words of their own or by ``~``: SQLite goes through all campaigns for each."""

MAX_COSTLY: Final = 10
"""How many of its parts may look through more than the campaigns themselves."""

MAX_SEARCHED: Final = 200
"""How many letters a text has at most that is looked for within others."""

MAX_DEPTH: Final = 30


@dataclass(frozen=True, slots=True)
class _Limit:
    """How many there may be of something, and what to do where there are more."""

    most: int
    of: str
    remedy: str


_PARTS: Final = _Limit(MAX_PARTS, "parts", "Make it shorter.")
_VALUES: Final = _Limit(MAX_VALUES, "values in lists", "Give fewer, or a range such as C-40..C-49.")
_TEXTS: Final = _Limit(MAX_TEXTS, "texts to look for", "Leave some out, or put words that stand together in quotes.")
_COSTLY: Final = _Limit(
    MAX_COSTLY, "parts that look into notes, words or lines", "Ask for fewer, or list words: `label in (one, two)`."
)

_ORDERED = (FieldKind.ID, FieldKind.NUMBER, FieldKind.TIME)
_RELATIONS: Final = (Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST)
_OPERATORS_OF: Final = {
    FieldKind.WORD: (Operator.EQUAL, Operator.UNEQUAL, Operator.HAS),
    FieldKind.CHOICE: (Operator.EQUAL, Operator.UNEQUAL),
    FieldKind.FLAG: (Operator.EQUAL, Operator.UNEQUAL),
    FieldKind.UUID: (Operator.EQUAL, Operator.UNEQUAL),
    **dict.fromkeys(_ORDERED, tuple(operator for operator in Operator if operator is not Operator.HAS)),
}


def parse_filter(text: str, *, now_us: int, me: str | None = None) -> Condition:
    """Read a filter.

    Parameters
    ----------
    text : `str`
        What somebody wrote; of nothing, everything is found.
    now_us : `int`
        The moment from which ``-7d`` is counted, UTC microseconds.
    me : `str`, optional
        Who ``me`` is.

    Returns
    -------
    condition : `Condition`
        What it asks.

    Raises
    ------
    InvalidFilter
        If it is not in the language, names a field that does not exist, or a value that the field cannot have. The first such
        place is told if the text cannot be parsed, and all of them otherwise.
    """
    if len(text) > MAX_FILTER:
        raise InvalidFilter(
            [_fault("too_long", f"The filter has {len(text)} letters; {MAX_FILTER} are taken.", MAX_FILTER, "Make it shorter.")]
        )
    depth = _depth(text)
    if depth is not None:
        raise InvalidFilter(
            [
                _fault(
                    "too_deep",
                    f"There are more than {MAX_DEPTH} brackets or `not` within each other.",
                    depth,
                    "Write it more simply.",
                )
            ]
        )
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise InvalidFilter([_syntax_fault(error, text)]) from None
    reading = _Reading(now_us=now_us, me=me)
    condition = reading.condition(tree)
    if reading.faults:
        raise InvalidFilter(reading.faults)
    return condition


@cache
def _parser() -> Lark:
    grammar = files("campaigns.domain.filtering").joinpath("grammar.lark").read_text()
    return Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False)


def _depth(text: str) -> int | None:
    """Give the column where a text nests too deeply, if it does; the parser and the databases have limits of their own."""
    depth = nots = 0
    for match in re.finditer(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\bnot\b|[()]|[^\s()]+?", text, re.IGNORECASE):
        word = match[0].lower()
        if word == "not":
            nots += 1
        elif word != "(":
            nots = 0
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth + nots > MAX_DEPTH:
            return match.start() + 1
    return None


class _Reading:
    """Makes conditions of the parser's tree, and gathers what is wrong."""

    def __init__(self, *, now_us: int, me: str | None) -> None:
        self.faults: list[Fault] = []
        self._now_us = now_us
        self._me = me
        self._counts: Counter[_Limit] = Counter()

    def condition(self, tree: Tree[Token]) -> Condition:
        parts = [child for child in tree.children if isinstance(child, Tree)]
        match tree.data:
            case "start":
                return self.condition(parts[0]) if parts else EVERYTHING
            case "any":
                return Or(tuple(map(self.condition, parts)))
            case "all":
                return And(tuple(map(self.condition, parts)))
            case "negation":
                return Not(self.condition(parts[0]))
            case _:
                return self._single(tree, parts)

    def _single(self, tree: Tree[Token], parts: Sequence[Tree[Token]]) -> Condition:
        first = _token(parts[0] if parts else tree)
        self._count(_PARTS, first)
        if tree.data == "text":
            return self._text(first)
        field = self._field(first)
        if field is None:
            return EVERYTHING
        signs = [child for child in tree.children if isinstance(child, Token)]
        if _is_costly(field, tree.data, signs):
            self._count(_COSTLY, first)
        match tree.data:
            case "comparison":
                return self._comparison(field, signs[0], _token(parts[1]))
            case "membership":
                return self._membership(field, parts[1])
            case "exclusion":
                return Not(self._membership(field, parts[1]))
            case "emptiness":
                return Empty(field)
            case _:
                return Not(Empty(field))

    def _text(self, token: Token) -> Condition:
        self._count(_TEXTS, token)
        text = _plain(token)
        found = Text(self._searched(fold_text(text), token))
        return Or((found, Compare(FIELDS["uuid"], Operator.EQUAL, text.lower()))) if is_uuid(text) else found

    def _field(self, token: Token) -> Field | None:
        name = folded(str(token))
        if (field := FIELDS.get(ALIASES.get(name, name))) is None:
            close = difflib.get_close_matches(name, FIELDS, n=1, cutoff=CLOSE)
            remedy = f"Did you mean `{close[0]}`?" if close else f"There are: {', '.join(FIELDS)}."
            self.faults.append(_fault("unknown_field", f"There is no field {_shown(token)}.", token.column, remedy))
        return field

    def _comparison(self, field: Field, operator: Token, token: Token) -> Condition:
        negated = operator == "!~"
        wanted = Operator.HAS if negated else Operator(str(operator))
        possible = _OPERATORS_OF[field.kind]
        if wanted not in possible:
            signs = ", ".join(possible) + (", !~" if Operator.HAS in possible else "")
            self.faults.append(
                _fault("bad_operator", f"`{operator}` does not go with {field.name}.", operator.column, f"Possible are {signs}.")
            )
            return EVERYTHING
        if wanted in _RELATIONS and RANGE in token:
            remedy = f"Give one end after `{operator}`, or write `{field.name} in {_plain(token)[:60]}`."
            self.faults.append(
                _fault("bad_value", f"{_shown(token)} is a range, and `{operator}` takes one value.", token.column, remedy)
            )
            return EVERYTHING
        value = self._value(field, token)
        if wanted is Operator.HAS and isinstance(value, str):
            self._count(_TEXTS, token)
            self._searched(value, token)
        if wanted is Operator.UNEQUAL:
            return Not(Compare(field, Operator.EQUAL, value))
        return Not(Compare(field, wanted, value)) if negated else Compare(field, wanted, value)

    def _membership(self, field: Field, listed: Tree[Token]) -> Condition:
        tokens = [_token(child) for child in listed.children if isinstance(child, Tree)]
        for token in tokens:
            self._count(_VALUES, token)
        return Among(field, tuple(self._value(field, token) for token in tokens))

    def _value(self, field: Field, token: Token) -> Value:
        try:
            return read_value(field, _plain(token), quoted=token.type == "QUOTED", now_us=self._now_us, me=self._me)
        except BadValue as error:
            self.faults.append(_fault("bad_value", f"{_shown(token)} {error.told}", token.column, error.remedy))
            return Interval(0, 0) if field.kind in _ORDERED else ""

    def _count(self, limit: _Limit, token: Token) -> None:
        self._counts[limit] += 1
        if self._counts[limit] == limit.most + 1:
            told = f"The filter has more than {limit.most} {limit.of}."
            self.faults.append(_fault("too_long", told, token.column, limit.remedy))

    def _searched(self, text: str, token: Token) -> str:
        if len(text) > MAX_SEARCHED:
            told = f"The text has {len(text)} letters; texts of at most {MAX_SEARCHED} are looked for."
            self.faults.append(_fault("too_long", told, token.column, "Give a shorter piece of it."))
        return text


def _is_costly(field: Field, form: str, signs: Sequence[Token]) -> bool:
    """Tell whether a part looks through other tables than that of the campaigns, or all the words of a kind."""
    if field.name in ("note", "parent", "root"):
        return True
    return field.is_many and form not in ("membership", "exclusion") and not {"=", "!="}.intersection(signs)


def _token(tree: Tree[Token]) -> Token:
    found = tree.children[0]
    while isinstance(found, Tree):
        found = found.children[0]
    return found


def _plain(token: Token) -> str:
    """Give the text of a word, without quotes and what escapes them."""
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL) if token.type == "QUOTED" else str(token)


def _syntax_fault(error: UnexpectedInput, text: str) -> Fault:
    column = _column(error, text)
    match error:
        case UnexpectedCharacters():
            letter = text[column - 1 : column]
            if letter in ("'", '"'):
                return _fault("bad_filter", "There is a quote that nothing closes.", column, f"Close it with {letter}.")
            return _fault("bad_filter", f"{letter!r} cannot stand here.", column, "Put text that has such signs in quotes.")
        case UnexpectedEOF():
            return _fault("bad_filter", "The filter ends too early.", column, _expected(error.expected))
        case UnexpectedToken() if error.token.type == "$END":
            return _fault("bad_filter", "The filter ends too early.", column, _expected(error.accepts or error.expected))
        case UnexpectedToken():
            return _fault(
                "bad_filter", f"{_shown(error.token)} cannot stand here.", column, _expected(error.accepts or error.expected)
            )
        case _:
            return _fault("bad_filter", "This is no filter.", column, "Write such as `status = running`.")


def _column(error: UnexpectedInput, text: str) -> int:
    place = getattr(error, "pos_in_stream", None)
    at_end = isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END")
    return len(text) + 1 if at_end or place is None else int(place) + 1


_NAMES: Final = {
    "WORD": "a word",
    "QUOTED": "a text in quotes",
    "OPERATOR": "a sign such as `=`",
    "_IN": "`in`",
    "_IS_EMPTY": "`is empty`",
    "_NOT": "`not`",
    "_AND": "`and`",
    "_OR": "`or`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COMMA": "a comma",
}


def _expected(names: Sequence[str] | set[str]) -> str:
    listed = [told for name, told in _NAMES.items() if name in names]
    return f"What can follow: {', '.join(listed)}." if listed else "It could end before."


def _shown(token: str) -> str:
    text = str(token)
    return f"`{text if len(text) <= 60 else text[:57] + '…'}`"


def _fault(code: str, message: str, column: int | None, remedy: str) -> Fault:
    return Fault(code, message, f"filter, column {column or 1}", remedy)
