"""Reading repositories for people: campaign files at tags, lists of data IDs, how far branches moved. No transaction is open."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.domain.definition import Definition, Specification
from campaigns.domain.document import dump_yaml, read_yaml
from campaigns.domain.errors import Fault, InvalidDefinition
from campaigns.domain.keeping import unkeepable
from campaigns.domain.specifications import CAMPAIGN_FILE, Move, NamedList, SpecError, SpecPin, SpecRole
from campaigns.gateways.git import GitGateway

__all__ = (
    "DataIdFile",
    "LookedAt",
    "ReadFile",
    "SentDataIds",
    "at_home",
    "data_id_files",
    "loaded",
    "look",
    "moves",
    "read_campaign_file",
    "set_name_of",
    "text_of_list",
)

MAX_FILES = 50
"""How many files in JSON of a data specification are looked at: each takes a moment."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A campaign file as it was read.

    Attributes
    ----------
    definition : `Definition`
        With its specifications in the repository that it was read from, where it names no other.
    commit : `str`
        What the reference stands for now.
    text : `str`
        The definition as YAML, with a line that says where it is from.
    """

    definition: Definition
    commit: str
    text: str


@dataclass(frozen=True, slots=True)
class DataIdFile:
    """A file with data IDs, in a data specification.

    Attributes
    ----------
    path : `str`
        From the repository's root.
    data_ids : `tuple` [`dict`, ...]
        What it has, with what it says of all of them.
    named_in : `tuple` [`str`, ...]
        The places in the definition that name it as a set.
    """

    path: str
    data_ids: tuple[dict[str, Any], ...]
    named_in: tuple[str, ...] = ()

    @property
    def n_data_ids(self) -> int:
        """How many it has (`int`)."""
        return len(self.data_ids)


@dataclass(frozen=True, slots=True)
class SentDataIds:
    """The text of a list of data IDs, and where it is from."""

    pin: SpecPin
    path: str
    text: str

    def as_list(self, name: str = "") -> NamedList:
        """Give it as the list of a set, by default of that which is called like the file."""
        pin = self.pin
        return NamedList(
            name=name.strip() or set_name_of(self.path),
            repository=pin.repository,
            reference=pin.reference,
            commit=pin.commit,
            path=self.path,
            text=self.text,
        )


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What repositories say of a campaign's specifications now.

    Attributes
    ----------
    moves : `tuple` [`Move`, ...]
        Those of the newest resolved revision.
    older : `tuple` [`SpecPin`, ...]
        Those of earlier revisions.
    files : `tuple` [`DataIdFile`, ...]
        The lists of data IDs.
    n_left_out : `int`
        How many files were not looked at, since there are too many.
    problem : `str`, optional
        Why there may be lists that are not told.
    pinned : `bool`
        Whether the commits are kept; otherwise they were looked up now, and the start looks them up anew.
    faults : `tuple` [`Fault`, ...]
        Why a specification cannot be looked at.
    """

    moves: tuple[Move, ...]
    older: tuple[SpecPin, ...]
    files: tuple[DataIdFile, ...]
    n_left_out: int = 0
    problem: str | None = None
    pinned: bool = True
    faults: tuple[Fault, ...] = ()


def look(git: GitGateway, pins: Sequence[SpecPin]) -> LookedAt:
    """Look at the repositories of a campaign's specifications, of which the newest revisions' stand first."""
    if not pins:
        return LookedAt((), (), ())
    newest = [pin for pin in pins if pin.revision == pins[0].revision]
    older = tuple(pin for pin in pins if pin not in newest)
    moved = tuple(moves(git, newest))
    try:
        files, n_left_out = data_id_files(git, newest)
    except SpecError as error:
        return LookedAt(moved, older, (), problem=error.message)
    return LookedAt(moved, older, tuple(files), n_left_out)


def set_name_of(path: str) -> str:
    """Give the name of a set that is made of a file, such as ``data/bad-seeing`` of ``data/bad seeing.json``."""
    return re.sub(r"[^A-Za-z0-9_.+/-]+", "-", path.removesuffix(".json")).strip("-./") or "set"


def read_campaign_file(git: GitGateway, source: Specification) -> ReadFile:
    """Read a campaign file at a tag.

    Parameters
    ----------
    git : `GitGateway`
        What reads repositories.
    source : `Specification`
        Where it is; without a path, ``campaign.yaml`` at the root.

    Raises
    ------
    SpecError
        If the repository, the reference or the file cannot be had.
    InvalidDefinition
        If the file has mistakes; places are in the file, with lines.
    """
    path = source.path or CAMPAIGN_FILE
    commit = git.resolve(source.repository, source.reference)
    content = git.read(source.repository, commit, path)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InvalidDefinition([Fault("not_text", f"{path} is not UTF-8 text.", path, "Save it as UTF-8.")]) from None
    definition = read_yaml(text, prepare=lambda document: at_home(document, source))
    where = f"# From {source.repository} at {source.reference}, {commit[:10]}: {path}\n"
    return ReadFile(definition, commit, where + dump_yaml(definition))


def at_home(document: Any, source: Specification) -> Any:
    """Have specifications that name no repository be in the one that the document was read from.

    Parameters
    ----------
    document : `typing.Any`
        A campaign file's document.
    source : `Specification`
        Where it was read from.

    Returns
    -------
    document : `typing.Any`
        The same, completed. Without a processing specification, that is the repository itself.
    """
    if not isinstance(document, dict):
        return document
    home = {"repository": source.repository, "reference": source.reference}
    completed = dict(document)
    for name in ("data_spec", "processing_spec"):
        spec = completed.get(name)
        if isinstance(spec, str):
            spec = {"path": spec}
        if isinstance(spec, dict) and "repository" not in spec:
            completed[name] = {**home, **spec}
    return {**completed, "processing_spec": completed.get("processing_spec") or home}


def moves(git: GitGateway, pins: Sequence[SpecPin]) -> list[Move]:
    """Tell how far the references of specifications have moved since they were resolved."""
    found = []
    for pin in pins:
        try:
            found.append(Move(pin, git.moved(pin.repository, pin.reference, pin.commit)))
        except SpecError as error:
            found.append(Move(pin, fault=error.as_fault()))
    return found


def data_id_files(git: GitGateway, pins: Sequence[SpecPin]) -> tuple[list[DataIdFile], int]:
    """List the files with data IDs of data specifications, at their commits; what is something else is passed over.

    Returns
    -------
    files : `list` [`DataIdFile`]
        Those among the first files in JSON, by path.
    n_left_out : `int`
        How many more files in JSON there are, which were not looked at.
    """
    found, n_left_out = [], 0
    for pin in pins:
        if pin.role is SpecRole.DATA:
            paths = [path for path, _ in git.files(pin.repository, pin.commit, pin.path, suffix=".json")]
            n_left_out += len(paths[MAX_FILES:])
            for path in paths[:MAX_FILES]:
                data_ids = _listed(git, pin, path)
                if data_ids:
                    found.append(DataIdFile(path, data_ids))
    return found, n_left_out


def text_of_list(git: GitGateway, pin: SpecPin, path: str) -> str:
    """Give the text of a file in JSON; raises `SpecError` if it is none."""
    content = git.read(pin.repository, pin.commit, path)
    loaded(content, path)
    return content.decode("utf-8-sig")


def loaded(content: bytes, path: str) -> Any:
    """Give the document of a file in JSON; raises `SpecError`, with the line, if it is none."""
    remedy = "Give a DataId file in JSON."
    try:
        return json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}, column {error.colno}"
        raise SpecError(f"{path} is not JSON: {error.msg}.", where=where, remedy=remedy) from None
    except (ValueError, RecursionError):
        raise SpecError(f"{path} is not JSON.", where=path, remedy=remedy) from None


def _listed(git: GitGateway, pin: SpecPin, path: str) -> tuple[dict[str, Any], ...]:
    try:
        document = loaded(git.read(pin.repository, pin.commit, path), path)
    except SpecError:
        return ()
    constants = document.get("constants") if isinstance(document, dict) else None
    rows = document.get("data_ids") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return ()
    shared = constants if isinstance(constants, dict) else {}
    # A half of a letter goes into no answer; making a set of it says where it stands.
    return () if unkeepable({"constants": shared, "data_ids": rows}) else tuple({**shared, **row} for row in rows)
