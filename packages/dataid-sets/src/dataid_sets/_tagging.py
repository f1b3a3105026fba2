"""Making TAGGED collections of the datasets that sets allow.

Such a collection works wherever Butler takes one, without any of this package. But it is Butler's, which hides nothing.
"""

from __future__ import annotations

__all__ = ("SetTagging", "Tagged", "Tagging")

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa
from lsst.daf.butler import CollectionType, DatasetType
from lsst.daf.butler.registry import ConflictingDefinitionError, MissingDatasetTypeError

from . import _schema as schema
from ._conditions import Rule, SetCondition
from ._errors import DataIdSetConflictError, DataIdSetPermissionError, DataIdSetValueError, Problem, shortened
from ._html import html_paragraph, html_table
from ._internals import Inside, mistakes_told
from ._query import open_query
from ._querying import Listed, SetQuerying
from ._record import Access, DataIdSet, Reference
from ._tags import ServerTags, StockTags, Tags
from ._uses import SetUses, UseKind

SHOWN = 10
"""How many conflicting data IDs an error names, and a result."""

_LONGEST_NAME = 255
_CONFLICT_REMEDY = "Tag into another collection, or take the others out of this one (`butler prune-datasets --disassociate`)."

_POSTPROCESSED = "Butler filters this query's rows in Python, by their regions"
_OBSCORE = "the registry keeps an ObsCore table beside its datasets"
_ASKED = "the stock way was asked for"


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """What became of the datasets of one type.

    Attributes
    ----------
    dataset_type : `str`
        The dataset type.
    found : `int`
        How many datasets the sets and collections give.
    added : `int`
        How many of them the collection lacked.
    way : `str`
        ``server``: one INSERT … SELECT in the database; ``stock``: a query and Butler's own ``associate``.
    why : `str`
        Why the stock way was taken; empty for the other.
    n_conflicts : `int`
        For how many of them the collection has another dataset of the same data ID. Only a dry run comes to an end with any.
    conflicts : `tuple` [`dict`, ...]
        The first of these data IDs.
    """

    dataset_type: str
    found: int
    added: int
    way: str
    why: str = ""
    n_conflicts: int = 0
    conflicts: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """What a TAGGED collection was given, or would be.

    Attributes
    ----------
    collection : `str`
        The collection.
    created : `bool`
        Whether it did not exist before.
    dry_run : `bool`
        Whether nothing was done.
    tagged : `tuple` [`Tagged`, ...]
        What became of each dataset type.
    warnings : `tuple` [`Problem`, ...]
        What one should know.
    """

    collection: str
    created: bool
    dry_run: bool
    tagged: tuple[Tagged, ...]
    warnings: tuple[Problem, ...] = field(default=())

    @property
    def found(self) -> int:
        """How many datasets the sets and collections give (`int`)."""
        return sum(each.found for each in self.tagged)

    @property
    def added(self) -> int:
        """How many of them the collection lacked (`int`)."""
        return sum(each.added for each in self.tagged)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON has it (`dict`)."""
        return {**asdict(self), "found": self.found, "added": self.added}

    def _repr_html_(self) -> str:
        done = "would be added (a dry run)" if self.dry_run else "added"
        made = " It did not exist before." if self.created else ""
        told = f"{self.collection}: {self.found:,} datasets found, {self.added:,} {done}.{made}"
        heads = ("dataset type", "found", "added", "conflicts", "way", "why")
        rows = [(each.dataset_type, each.found, each.added, each.n_conflicts, each.way, each.why) for each in self.tagged]
        return html_paragraph(told) + html_table(heads, rows) + "".join(html_paragraph(str(each)) for each in self.warnings)


class TagConflictError(DataIdSetConflictError, ConflictingDefinitionError):
    """A collection has another dataset of a data ID; for Butler it is the error that `associate` raises."""


class SetTagging(SetQuerying, SetUses):
    """The making of TAGGED collections; `DataIdSets` has it."""

    def tag(
        self,
        collection: str,
        *,
        dataset_types: str | DatasetType | Iterable[str | DatasetType],
        collections: str | Iterable[str],
        include: Iterable[Listed] = (),
        exclude: Iterable[Listed] = (),
        rule: Rule | str = Rule.ANY,
        visit_system: int | None = None,
        dry_run: bool = False,
        stock: bool = False,
    ) -> Tagging:
        """Put the datasets that sets allow into a TAGGED collection.

        Parameters
        ----------
        collection : `str`
            The TAGGED collection; made if there is none. ``<instrument>/raw/<ticket>`` is a usual name.
        dataset_types : `str`, `DatasetType`, or iterable of these
            Which datasets.
        collections : `str` or iterable of `str`
            Where they are searched for, in this order; of several with one data ID, the first is taken.
        include, exclude, rule, visit_system
            As for `query`.
        dry_run : `bool`, optional
            Only tell what would be done.
        stock : `bool`, optional
            Ask Butler for the datasets and have it associate them, one by one. This is done of itself where it must be.

        Returns
        -------
        tagging : `Tagging`
            What was done. What the collection has already stays as it is.

        Raises
        ------
        ConflictingDefinitionError
            If the collection has another dataset of a data ID; this is Butler's error, and a `DataIdSetConflictError`, too. Then
            nothing was done.
        DataIdSetConflictError
            If `collection` is a RUN, CHAINED or CALIBRATION collection.
        DataIdSetValueError
            If there is no such dataset type, or no such collection to search.
        DataIdSetPermissionError
            If the Butler may not write, or a quota is used up.

        Notes
        -----
        What is tagged from sets not open to everyone counts against the caller's quota until the collection is removed.
        """
        _check_collection(collection)
        if not dry_run:
            self._require_writeable()
        included, excluded = [*map(self._found, include)], [*map(self._found, exclude)]
        work = _Work(
            inside=self._inside,
            collection=collection,
            types=_checked_types(self._inside, dataset_types),
            searched=[collections] if isinstance(collections, str) else list(collections),
            conditions=self.conditions(include=included, exclude=excluded, rule=rule, visit_system=visit_system),
            stock=stock,
        )
        created = work.check_target(dry_run=dry_run)
        used = [each for each in (*included, *excluded) if isinstance(each, DataIdSet)]
        if dry_run:
            tagged = work.run(dry_run=True, existed=not created)
        else:
            with work.collection_for(created=created), self._inside.atomic() as connection:
                tagged = work.run(dry_run=False, existed=not created)
                if created:
                    self._free(connection, collection)
                self._record_tags(connection, work, used, sum(each.added for each in tagged))
        warnings = tuple(_warnings(collection, _hidden(used)))
        return Tagging(collection=collection, created=created, dry_run=dry_run, tagged=tagged, warnings=warnings)

    def _found(self, listed: Listed) -> Listed:
        return self.find(listed) if isinstance(listed, str | DataIdSet | Reference) else listed

    def _free(self, connection: sa.Connection, collection: str) -> None:
        """Let no rows count that an earlier collection of the name had: SQLite may have given the new one its number."""
        if not self._inside.is_postgresql:
            use = self._installation.table(schema.USE)
            connection.execute(sa.update(use).where(use.c.collection == collection).values(n_rows=None))

    def _record_tags(self, connection: sa.Connection, work: _Work, used: Sequence[DataIdSet], added: int) -> None:
        """Write down the sets that were used; what they gave counts once, with the first that is not open to everyone."""
        hidden = _hidden(used)
        if hidden:
            self._headers.quotas.require(connection, added)
        charged = hidden[0] if hidden and added else None
        for condition in work.conditions:
            found = next((each for each in used if each.id == condition.set_id), None)
            if found is not None:
                self._write_use(
                    found,
                    kind=UseKind.TAGGED,
                    collection=work.collection,
                    role=condition.role,
                    translation={"rule": condition.rule.value, "visit_system": condition.visit_system},
                    n_rows=added if found is charged else 0,
                )
                charged = None if found is charged else charged


@dataclass(frozen=True, kw_only=True)
class _Work:
    """One call of `SetTagging.tag`."""

    inside: Inside
    collection: str
    types: list[DatasetType]
    searched: list[str]
    conditions: list[SetCondition]
    stock: bool

    def check_target(self, *, dry_run: bool) -> bool:
        """See that datasets can be put into the collection; tells whether it must be made."""
        found = self.inside.collection_type(self.collection)
        if found not in (None, CollectionType.TAGGED):
            told = f"{self.collection} is a {found.name} collection; datasets are tagged only in TAGGED ones."
            raise DataIdSetConflictError(told, where="collection", remedy="Choose another name.")
        if found is None and not dry_run and self.inside.in_transaction:
            told = f"There is no collection {self.collection}, and a transaction is open, in which Butler makes none."
            raise DataIdSetConflictError(told, where="collection", remedy="Register it first, or tag outside the transaction.")
        return found is None

    @contextmanager
    def collection_for(self, *, created: bool) -> Iterator[None]:
        """Make the collection if need be, and remove it again if nothing comes of it."""
        if created:
            with _right_to_make_collections(self.collection):
                self.inside.butler.collections.register(self.collection, CollectionType.TAGGED)
        try:
            yield
        except BaseException:
            if created:
                self.inside.butler.collections.x_remove(self.collection)
            raise
        self.inside.forget_summary(self.collection)

    def run(self, *, dry_run: bool, existed: bool) -> tuple[Tagged, ...]:
        """Find the datasets of all types, look for conflicts, and only then put them into the collection."""
        with open_query(self.inside, self.conditions) as query, ExitStack() as stack:
            found: list[tuple[Tags, str]] = []
            for dataset_type in self.types:
                with mistakes_told(where="collections", remedy="`butler query-collections REPO` lists them."):
                    results = query.datasets(dataset_type.name, self.searched)
                    select = self.inside.datasets_select(results)
                why = _ASKED if self.stock else _OBSCORE if self.inside.has_obscore else _POSTPROCESSED if select is None else ""
                if select is None or why:
                    found.append((StockTags(self.inside, dataset_type, results), why))
                else:
                    found.append((stack.enter_context(ServerTags.staged(self.inside, dataset_type, select)), why))
            told = [self._compared(tags, why, existed=existed) for tags, why in found]
            if not dry_run:
                _require_no_conflicts(self.collection, told)
                for tags, _ in found:
                    self._insert(tags)
            return tuple(told)

    def _compared(self, tags: Tags, why: str, *, existed: bool) -> Tagged:
        there, n_conflicts, conflicts = tags.compare(self.collection, SHOWN) if existed else (0, 0, ())
        return Tagged(
            dataset_type=tags.dataset_type.name,
            found=tags.count,
            added=tags.count - there - n_conflicts,
            way="stock" if why else "server",
            why=why,
            n_conflicts=n_conflicts,
            conflicts=tuple(conflicts),
        )

    def _insert(self, tags: Tags) -> None:
        try:
            tags.insert(self.collection)
        except sa.exc.IntegrityError as error:
            # Somebody tagged at the same moment, or two of the datasets found have one data ID.
            raise TagConflictError(
                f"Datasets of type {tags.dataset_type.name} contradict what is in {self.collection}, or each other: "
                "a collection has one dataset of each type and data ID.",
                where=self.collection,
                remedy=_CONFLICT_REMEDY,
            ) from error


def _check_collection(name: str) -> None:
    """Refuse what is no name for a collection, or would be taken for a pattern."""
    told = ""
    if not name.strip():
        told = "The collection has no name."
    elif len(name) > _LONGEST_NAME:
        told = f"The collection's name has {len(name):,} characters; {_LONGEST_NAME} fit."
    elif "*" in name:
        told = f"{shortened(name)} is a pattern, not the name of one collection."
    elif not name.isprintable():
        told = f"{shortened(name)!r} has control characters, or such as nobody can see."
    if told:
        raise DataIdSetValueError(
            told, where="collection", remedy="Name one TAGGED collection, for example u/ana/good or LSSTCam/raw/DM-12345."
        )


def _checked_types(inside: Inside, given: str | DatasetType | Iterable[str | DatasetType]) -> list[DatasetType]:
    """Find the dataset types, or say which there are not."""
    listed = [given] if isinstance(given, str | DatasetType) else list(given)
    names = list(dict.fromkeys(each if isinstance(each, str) else each.name for each in listed))
    found, problems = [], []
    for name in names:
        told = ""
        try:
            found.append(inside.butler.get_dataset_type(name))
            if found[-1].isComponent():
                told = f"{name} is a component; a collection has whole datasets."
        except MissingDatasetTypeError:
            told = f"There is no dataset type {shortened(name)}."
        if told:
            remedy = "`butler query-dataset-types REPO` lists them."
            problems.append(Problem(code="no_such_dataset_type", where="dataset_types", message=told, remedy=remedy))
    if not names:
        problems.append(Problem(code="no_dataset_types", where="dataset_types", message="No dataset type is named."))
    if problems:
        raise DataIdSetValueError(problems)
    return found


def _require_no_conflicts(collection: str, told: Iterable[Tagged]) -> None:
    lines = []
    for each in told:
        if each.n_conflicts:
            shown = "; ".join(", ".join(f"{key}={value}" for key, value in data_id.items()) for data_id in each.conflicts)
            more = ", ..." if each.n_conflicts > len(each.conflicts) else ""
            lines.append(
                f"{each.n_conflicts:,} other datasets of type {each.dataset_type} with the same data IDs ({shown}{more})"
            )
    if lines:
        message = f"Collection {collection} has {', and '.join(lines)}; nothing was done."
        raise TagConflictError(message, where=collection, remedy=_CONFLICT_REMEDY)


def _hidden(used: Iterable[DataIdSet]) -> list[DataIdSet]:
    """Give those sets that are not open to everyone."""
    return [each for each in used if each.access is not Access.EVERYONE]


@contextmanager
def _right_to_make_collections(collection: str) -> Iterator[None]:
    """Say which right is lacking, since it is Butler's own tables and sequences that are refused here."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        # The state is called pgcode by psycopg 2.
        if (getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)) != "42501":
            raise
        told = f"You may not make collections here: {str(error.orig).strip().splitlines()[0]}."
        remedy = "Ask an administrator for the rights on Butler's tables and their sequences; or name a collection that is there."
        raise DataIdSetPermissionError(
            Problem(code="not_allowed", where=f"collection {collection}", message=told, remedy=remedy)
        ) from error


def _warnings(collection: str, hidden: Sequence[DataIdSet]) -> Iterator[Problem]:
    if hidden:
        named = ", ".join(dict.fromkeys(map(str, hidden)))
        yield Problem(
            code="not_hidden",
            where=collection,
            message=f"{named} may be read by few, but Butler hides no collection: everyone sees which datasets this one has.",
            remedy="Remove the collection if that is not wanted (`butler remove-collections`).",
        )
