"""Whether a set keeps a data ID out."""

from __future__ import annotations

__all__ = ("UsedSet", "entries_of", "judge_sets", "used_sets")

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from lsst.daf.butler import DimensionGroup
from lsst.daf.butler.queries import Query

from .._conditions import Fit, Fitness, Role, Rule, SetCondition
from .._errors import DataIdSetError
from .._internals import Inside
from .._query import open_query
from .._record import DataIdSet
from .._settled import settled
from .._table import DataIdTable
from .._uses import Use
from ..files import read_data_ids
from ._explanation import Evidence, Verdict
from ._question import Question

if TYPE_CHECKING:
    from ._facade import SetExplaining
    from ._graph import KnownGraph

_TOLD = 10
_USED = (Fitness.APPLIED, Fitness.TRANSLATED)


@dataclass(frozen=True, kw_only=True)
class UsedSet:
    """A set that an output was made under.

    Attributes
    ----------
    entry : mapping
        What the graph's header or the record of uses says of it.
    condition : `SetCondition` or `None`
        The set, if it is still there and may be read.
    header : `DataIdSet` or `None`
        Its header, which may be all that is left of it.
    """

    entry: Mapping[str, Any]
    condition: SetCondition | None
    header: DataIdSet | None = None

    def __str__(self) -> str:
        version = self.entry.get("version")
        return self.entry["name"] if version is None else f"{self.entry['name']}@{version}"

    def gone(self, question: Question) -> Evidence:
        """Say why nobody can tell what it did."""
        owner = "" if self.header is None else f" of {self.header.owner}"
        what = "may not be read or was removed"
        if self.entry.get("version") is None:
            what = "is a file that was changed or removed"
        elif self.header is not None:
            what = "has other data IDs now"
            if self.header.removed is not None:
                what = f"was removed on {self.header.removed:%Y-%m-%d}"
        told = f"{self}{owner} ({self.entry['role']}) {what}; whether it kept {question} out cannot be told."
        removed = None if self.header is None or self.header.removed is None else self.header.removed
        return self.evidence(told, gone=True, removed=None if removed is None else removed.isoformat(timespec="seconds"))

    def evidence(self, message: str, **facts: Any) -> Evidence:
        """Say something of it."""
        known: dict[str, Any] = {"set": str(self), "role": self.entry["role"], "path": list(self.entry.get("path") or ())}
        if self.header is not None:
            known |= {"owner": self.header.owner, "created": self.header.created.isoformat(timespec="seconds")}
        return Evidence("set", message, {**known, **facts})


def used_sets(sets: SetExplaining, question: Question, entries: Iterable[Mapping[str, Any]]) -> list[UsedSet]:
    """Look up the sets that an output was made under."""
    return [_looked_up(sets, question, entry) for entry in entries]


def entries_of(uses: Iterable[Use]) -> list[dict[str, Any]]:
    """Give what a graph's header would say of sets, from the record of uses."""
    return [
        {"name": use.name, "version": use.version, "role": use.role.value, "digest": use.digest, "source": "registry"}
        | {key: use.translation.get(key) for key in ("rule", "visit_system", "path")}
        for use in uses
    ]


def _looked_up(sets: SetExplaining, question: Question, entry: Mapping[str, Any]) -> UsedSet:
    header: DataIdSet | None = None
    try:
        if entry.get("version") is None:
            governors = question.data_id.universe.governor_dimensions.names
            constants = {name: question.data_id[name] for name in question.data_id.dimensions.required if name in governors}
            listed: Any = (entry["name"], _read_again(sets, entry, constants))
        else:
            listed = header = sets.find(f"{entry['name']}@{entry['version']}")
        role = Role(entry["role"])
        (condition,) = sets.conditions(
            include=[listed] if role is Role.INCLUDE else [],
            exclude=[listed] if role is Role.EXCLUDE else [],
            rule=entry.get("rule") or Rule.ANY,
            visit_system=entry.get("visit_system"),
        )
    except DataIdSetError:
        return UsedSet(entry=entry, condition=None, header=_header_left(sets, entry))
    same = condition.digest == entry.get("digest")
    return UsedSet(entry=entry, condition=condition if same else None, header=header)


def _header_left(sets: SetExplaining, entry: Mapping[str, Any]) -> DataIdSet | None:
    try:
        return None if entry.get("version") is None else sets.find(f"{entry['name']}@{entry['version']}", removed=True)
    except DataIdSetError:
        return None


def _read_again(sets: SetExplaining, entry: Mapping[str, Any], constants: Mapping[str, Any]) -> Any:
    """Read a file once more; its digest tells whether it is the one that was used."""
    try:
        return read_data_ids(entry["source"], universe=sets.universe)
    except DataIdSetError:
        return read_data_ids(entry["source"], universe=sets.universe, constants=constants)


# ---- what they do to the data ID


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Dimensions in which sets and data ID meet: of a part of a pipeline, or of the set and the data ID alone."""

    dimensions: DimensionGroup
    narrow: Callable[[Query], Query]

    def fit(self, used: UsedSet, condition: SetCondition) -> Fit:
        """Judge a set as it was judged when the graph was made."""
        path = tuple(used.entry.get("path") or ())
        names = self.dimensions.names
        if path and path[-1] in names:
            return Fit(Fitness.APPLIED if path[0] in names else Fitness.TRANSLATED, path)
        return condition.fit(names)

    def leaves(self, inside: Inside, conditions: Sequence[SetCondition]) -> bool:
        """Tell whether conditions leave anything of the data ID."""
        with open_query(inside, conditions) as query:
            return self.narrow(query).data_ids(self.dimensions).any()


def judge_sets(
    sets: SetExplaining, question: Question, used: Sequence[UsedSet], graph: KnownGraph | None, inputs: Sequence[str]
) -> tuple[Verdict | None, list[Evidence]]:
    """Find the sets that keep the data ID out.

    Parameters
    ----------
    sets : `SetExplaining`
        The registry's sets.
    question : `Question`
        What is asked.
    used : sequence of `UsedSet`
        The sets.
    graph : `KnownGraph` or `None`
        The graph; without one, data ID and set are held against each other alone.
    inputs : sequence of `str`
        The input collections.

    Returns
    -------
    verdict : `Verdict` or `None`
        Whether they exclude it, or do not include it, or nobody can tell since one of them is gone, or neither.
    evidence : `list` [`Evidence`]
        What each does to it; those that keep it out, or else those that are gone, come first.
    """
    inside = Inside(sets.butler)
    guilty: list[tuple[UsedSet, Evidence]] = []
    others: list[Evidence] = []
    gone: list[Evidence] = []
    for each in used:
        if each.condition is None:
            gone.append(each.gone(question))
            continue
        rows = _listed_rows(sets, inside, question, each, each.condition)
        evidence = _told(each, rows)
        if any(_keeps_out(inside, place, [each]) for place in _places(question, each.condition, graph, inputs)):
            guilty.append((each, evidence))
        else:
            others.append(evidence)
    if not guilty and graph is not None:
        readable = [each for each in used if each.condition is not None]
        places = list(_places(question, None, graph, inputs))
        if len(readable) > 1 and places and all(_keeps_out(inside, place, readable) for place in places):
            guilty = [(each, each.evidence(f"{each} and the others keep it out together.")) for each in readable]
    if not guilty:
        return Verdict.SET_GONE if gone else None, [*gone, *others]
    roles = {Role(each.entry["role"]) for each, _ in guilty}
    verdict = Verdict.EXCLUDED if Role.EXCLUDE in roles else Verdict.NOT_INCLUDED
    return verdict, [*(evidence for _, evidence in guilty), *others, *gone]


def _places(
    question: Question, condition: SetCondition | None, graph: KnownGraph | None, inputs: Sequence[str]
) -> Iterator[_Place]:
    if graph is not None:
        # Without a graph nothing of pipe_base is needed.
        from ._absence import first_query

        for part in graph.parts(question):
            narrow = partial(first_query, question=question, graph=graph, part=part, inputs=inputs)
            yield _Place(dimensions=part.get_all_dimensions(prerequisites=False), narrow=narrow)
    elif condition is not None:
        yield _bare_place(question, condition)


def _bare_place(question: Question, condition: SetCondition) -> _Place:
    universe, own = question.data_id.universe, question.data_id.dimensions
    fit = condition.fit(own.names)
    wide = own if fit.fitness is Fitness.TRANSLATED else universe.conform({*own.names, *condition.dimensions.names})
    return _Place(dimensions=wide, narrow=lambda query: query.join_dimensions(wide).where(question.data_id))


def _keeps_out(inside: Inside, place: _Place, used: Sequence[UsedSet]) -> bool:
    fits = [(each.condition, place.fit(each, each.condition)) for each in used if each.condition is not None]
    conditions = [settled(condition, fit) for condition, fit in fits if fit.fitness in _USED]
    return bool(conditions) and not place.leaves(inside, conditions) and place.leaves(inside, [])


def _told(used: UsedSet, rows: Sequence[Mapping[str, Any]]) -> Evidence:
    """Say which of a set's rows have to do with the data ID."""
    owner = "" if used.header is None else f", of {used.header.owner}, made {used.header.created:%Y-%m-%d}"
    path = used.entry.get("path") or ()
    over = f"; {path[0]}s stand for {path[-1]}s by the rule `{used.entry.get('rule')}`" if path else ""
    role = used.entry["role"]
    if not rows:
        return used.evidence(f"{used} ({role}{owner}) has no data ID of it{over}.", rows=[])
    shown = "; ".join(_row(row) for row in rows[:_TOLD]) + ("; and more" if len(rows) > _TOLD else "")
    return used.evidence(f"{used}{owner} {role}s {shown}{over}.", rows=[dict(row) for row in rows])


def _row(row: Mapping[str, Any]) -> str:
    named = ", ".join(f"{name}={value}" for name, value in row.items() if name not in ("reason", "instrument", "skymap"))
    return f"{named} ({row['reason']})" if row.get("reason") else named


def _listed_rows(
    sets: SetExplaining, inside: Inside, question: Question, used: UsedSet, condition: SetCondition
) -> list[dict[str, Any]]:
    """Give the rows of a set that have to do with the data ID, with their reasons; one more than are shown."""
    names = sorted(condition.dimensions.required)
    shared = {name: question.values[name] for name in names if name in question.values}
    if path := tuple(used.entry.get("path") or ()):
        # Of an exposure that is missing, another one of its visit may be listed.
        shared[path[0]] = question.siblings(path)
    if not set(shared) - set(question.data_id.universe.governor_dimensions.names):
        return []
    if condition.table is not None:
        return _rows_of_file(condition.table, shared)
    if condition.rows is None or used.header is None:
        return []
    rows = condition.rows
    terms = [rows.c[name].in_(sorted(values)) for name, values in shared.items()]
    select = sa.select(*[rows.c[name] for name in names], rows.c.reason_id).where(rows.c.set_id == condition.set_id, *terms)
    with inside.reading() as connection:
        listed = connection.execute(select.order_by(*[rows.c[name] for name in names]).limit(_TOLD + 1)).mappings().all()
    reasons = sets._headers.reasons(used.header.id) if any(row["reason_id"] is not None for row in listed) else {}
    return [{**{name: row[name] for name in names}, "reason": reasons.get(row["reason_id"])} for row in listed]


def _rows_of_file(table: DataIdTable, shared: Mapping[str, set[Any]]) -> list[dict[str, Any]]:
    arrow = table.arrow
    for name, values in shared.items():
        column = arrow.column(name)
        plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        arrow = arrow.filter(pc.is_in(plain, pa.array(sorted(values), plain.type)))
    found: list[dict[str, Any]] = arrow.slice(0, _TOLD + 1).to_pylist()
    return found
