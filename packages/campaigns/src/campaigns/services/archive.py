"""The file in which a campaign travels: a zip with tables as JSON Lines, files by their digests, and a manifest.

What the rows mean is not known here. Reading checks all that can be checked without a database: nothing is believed of a file
that comes from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import SEEK_END
from pathlib import Path
from typing import IO, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from campaigns import __version__
from campaigns.domain.errors import InvalidArchive, NewerArchive, TooLarge
from campaigns.storage.belongings import MAX_TIME_US

__all__ = ("FORMAT", "FORMAT_VERSION", "ArchiveReader", "ArchiveWriter", "Manifest", "canonical")

FORMAT: Final = "rubin-campaign"

FORMAT_VERSION: Final = 1
"""Goes up when an older program would misread what a newer one writes. New tables and columns need no new version: a program
that does not know them refuses them."""

MANIFEST: Final = "manifest.json"
MAX_MEMBERS: Final = 40_000
MAX_MANIFEST_BYTES: Final = 8_000_000
"""Each member takes less than 200 of them."""

MAX_UNPACKED_BYTES: Final = 8_000_000_000
MAX_LINE_BYTES: Final = 32_000_000
MAX_MARKS: Final = 500_000
"""How many brackets, braces and commas a JSON text may have: each makes an object in memory, many times as large."""

MAX_RATIO: Final = 200
ALWAYS_ALLOWED_BYTES: Final = 100_000_000
"""Contents of more than this may be at most so many times as large as the file."""

ALWAYS: Final = (1980, 1, 1, 0, 0, 0)
"""When each member says that it was written: the same content gives the same bytes."""

PIECE: Final = 1 << 20

_MEMBER = re.compile(r"tables/[a-z_]{1,60}\.jsonl|files/[0-9a-f]{64}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_Part):
    """One member of the archive, less the manifest."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, le=MAX_UNPACKED_BYTES)


class Manifest(_Part):
    """What an archive says of itself; ``made_us`` is the time of the newest event in it, by which it is as it is."""

    format: str
    version: int = Field(ge=1)
    program: str = Field(max_length=64)
    made_us: int = Field(ge=0, lt=MAX_TIME_US)
    uuid: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    origin: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    number: int = Field(ge=1, lt=10**9)
    name: str = Field(max_length=200)
    members: dict[str, Member] = Field(max_length=MAX_MEMBERS)
    missing: list[str] = Field(default_factory=list, max_length=MAX_MEMBERS)

    @property
    def alias(self) -> str:
        """The campaign's name at its origin, such as ``usdf:C-42`` (`str`)."""
        return f"{self.origin}:C-{self.number}"


def canonical(value: Any) -> str:
    """Write a value as JSON on one line, the same whichever database it comes from."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """Write numbers as PostgreSQL's documents give them back: none negative and zero, and large ones in all their digits."""
    match value:
        case float():
            return int(value) if value.is_integer() and abs(value) >= 1e16 else value or 0.0
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value


class ArchiveWriter:
    """Writes an archive, member by member; the manifest comes last.

    Parameters
    ----------
    target : file object
        Where to, in binary.
    """

    def __init__(self, target: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=6)
        self._members: dict[str, Member] = {}
        self._missing: list[str] = []

    def add_table(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the rows of a table."""
        with self._member(f"tables/{name}.jsonl") as put:
            for row in rows:
                put(canonical(dict(row)).encode() + b"\n")

    def add_file(self, sha256: str, path: Path) -> None:
        """Write a file's content; one that is not there, or not what it should be, is told of in the manifest."""
        if not path.is_file() or _digest(path) != sha256:
            self._missing.append(sha256)
            return
        with self._member(f"files/{sha256}") as put, path.open("rb") as content:
            while piece := content.read(PIECE):
                put(piece)

    def close(self, *, made_us: int, uuid: str, origin: str, number: int, name: str) -> Manifest:
        """Write the manifest, and end."""
        if len(self._members) + len(self._missing) >= MAX_MEMBERS:
            raise TooLarge(f"The campaign has more than {MAX_MEMBERS:,} files.", remedy="Export it as an RO-Crate.")
        manifest = Manifest(
            format=FORMAT,
            version=FORMAT_VERSION,
            program=__version__,
            made_us=made_us,
            uuid=uuid,
            origin=origin,
            number=number,
            name=name,
            members=self._members,
            missing=self._missing,
        )
        text = json.dumps(manifest.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False)
        self._zip.writestr(_info(MANIFEST), text.encode())
        self._zip.close()
        return manifest

    @contextmanager
    def _member(self, name: str) -> Iterator[Any]:
        digest, size = hashlib.sha256(), 0
        with self._zip.open(_info(name), "w", force_zip64=True) as stream:

            def put(piece: bytes) -> None:
                nonlocal size
                digest.update(piece)
                size += len(piece)
                stream.write(piece)

            yield put
        self._members[name] = Member(sha256=digest.hexdigest(), size=size)


class ArchiveReader:
    """An archive that has been looked at as a whole: every member is there, is what the manifest says, and nothing else is.

    Parameters
    ----------
    source : file object
        The file, in binary, to be read at any place; it stays open.

    Raises
    ------
    InvalidArchive
        If it is none, or not whole, or has been changed.
    NewerArchive
        If a newer version of the program wrote it.
    TooLarge
        If what is packed in it is too large.
    """

    def __init__(self, source: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
            raise InvalidArchive("The file is no exported campaign: it is not a zip file, or not whole.") from error
        try:
            self.manifest = self._check(source.seek(0, SEEK_END))
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    @property
    def tables(self) -> list[str]:
        """The names of the tables that it has rows of (`list` [`str`])."""
        return [name[len("tables/") : -len(".jsonl")] for name in self.manifest.members if name.startswith("tables/")]

    @property
    def files(self) -> list[str]:
        """The digests of the files that it has (`list` [`str`])."""
        return [name.removeprefix("files/") for name in self.manifest.members if name.startswith("files/")]

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """Read the rows of a table; none if it has no such table.

        Raises
        ------
        InvalidArchive
            If a line is not a JSON object.
        """
        name = f"tables/{table}.jsonl"
        if name not in self.manifest.members:
            return
        with self._zip.open(name) as stream:
            number = 0
            while line := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                where = f"{name} line {number}"
                if len(line) > MAX_LINE_BYTES:
                    raise TooLarge("A row is too long.", where=where)
                yield _object(line, where)

    @contextmanager
    def file(self, sha256: str) -> Iterator[IO[bytes]]:
        """Open a file's content."""
        with self._zip.open(f"files/{sha256}") as stream:
            yield stream

    def _check(self, packed: int) -> Manifest:
        listed = self._zip.infolist()
        if len(listed) > MAX_MEMBERS:
            raise TooLarge(f"The file has {len(listed):,} members; at most {MAX_MEMBERS:,} are read.", where=MANIFEST)
        unpacked = sum(info.file_size for info in listed)
        if unpacked > min(MAX_UNPACKED_BYTES, max(MAX_RATIO * packed, ALWAYS_ALLOWED_BYTES)):
            raise TooLarge(
                f"What is packed in the file takes {unpacked:,} bytes.",
                where=MANIFEST,
                remedy="Export the campaign again; a file that was made by the service does not grow so.",
            )
        manifest = self._manifest()
        names = [info.filename for info in listed]
        if sorted(names) != sorted([MANIFEST, *manifest.members]):
            odd = sorted({*names} ^ {MANIFEST, *manifest.members}) or [name for name in names if names.count(name) > 1]
            raise InvalidArchive(f"{odd[0]} is in the file or in its manifest, but not once in both.", where=odd[0])
        for name, member in manifest.members.items():
            self._check_member(name, member)
        return manifest

    def _manifest(self) -> Manifest:
        try:
            info = self._zip.getinfo(MANIFEST)
        except KeyError:
            raise InvalidArchive("The file is no exported campaign: it has no manifest.", where=MANIFEST) from None
        if info.file_size > MAX_MANIFEST_BYTES:
            raise TooLarge("The manifest is too long.", where=MANIFEST)
        told = _object(self._read(info), MANIFEST)
        if told.get("format") != FORMAT:
            raise InvalidArchive("The file is no exported campaign.", where=f"{MANIFEST} format")
        version = told.get("version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise NewerArchive(
                f"The file has the format {version}; this server knows {FORMAT_VERSION}.", where=f"{MANIFEST} version"
            )
        try:
            return Manifest.model_validate(told)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise InvalidArchive(f"The manifest is not valid: {first['msg']}.", where=f"{MANIFEST} {where}") from None

    def _check_member(self, name: str, member: Member) -> None:
        if not _MEMBER.fullmatch(name):
            raise InvalidArchive("A member has a name that no exported campaign has.", where=name)
        if name.startswith("files/") and name.removeprefix("files/") != member.sha256:
            raise InvalidArchive("A file is not named by its digest.", where=name)
        info = self._zip.getinfo(name)
        digest = hashlib.sha256()
        if info.file_size == member.size:
            for piece in self._pieces(info):
                digest.update(piece)
        if digest.hexdigest() != member.sha256:
            raise InvalidArchive("A member is not what the manifest says: the file was changed, or is not whole.", where=name)

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        return b"".join(self._pieces(info))

    def _pieces(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._zip.open(info) as stream:
                while piece := stream.read(PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
            raise InvalidArchive("A member cannot be unpacked.", where=info.filename) from error


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, ALWAYS)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _object(line: bytes, where: str) -> dict[str, Any]:
    if sum(map(line.count, (b"[", b"]", b"{", b"}", b","))) > MAX_MARKS:
        raise InvalidArchive("There are too many values.", where=where)
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise InvalidArchive("There is something else than a JSON object.", where=where)
    return told


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
