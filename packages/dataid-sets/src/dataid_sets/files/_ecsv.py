"""The header of ECSV: YAML in comments above a table.

Only the columns' names and the delimiter are taken from it, and nothing that YAML's tags could make is made.
"""

from __future__ import annotations

__all__ = ("read_ecsv", "write_header")

from collections.abc import Mapping
from typing import Any

import yaml

from ._csv import read_csv
from ._mistakes import Mistake, Mistakes
from ._source import Source
from ._target import Gatherer, Target

_FIRST = b"# %ECSV "
_LARGEST_HEADER = 1 << 18
_WIDTH = 1 << 30
_DELIMITERS = {",": b",", " ": b" "}


class _Loader(yaml.SafeLoader):
    """Knows no tags: whatever has one becomes nothing."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge nothing: a few lines of merges of merges could ask for billions of entries."""


def _nothing(*_: Any) -> None:
    return None


_Loader.add_multi_constructor("!", _nothing)
_Loader.add_multi_constructor("tag:", _nothing)


class _Dumper(yaml.SafeDumper):
    """Writes each text in one line: readers of ECSV drop empty lines of comments."""


def _in_one_line(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if len(text.splitlines()) > 1 else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _in_one_line)


def read_ecsv(source: Source, target: Target, mistakes: Mistakes) -> Gatherer:
    """Read an ECSV file, as `FormatReader` says."""
    lines, rest = _header(source)
    first = lines[0].removeprefix(b"\xef\xbb\xbf") if lines else b""
    if not lines and not rest:
        raise Mistake("empty_file", "The file is empty.")
    if not first.startswith(_FIRST):
        raise Mistake(
            "invalid_header", "This is no ECSV: the first line must begin with `# %ECSV`.", "If it is plain CSV, say so."
        )
    try:
        text = b"\n".join(line[1:].removeprefix(b" ") for line in lines[1:]).decode()
        header = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe loader
    except (
        yaml.YAMLError,
        UnicodeDecodeError,
        RecursionError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
        LookupError,
    ) as error:
        # PyYAML lets go of errors of Python's when tags and values do not fit.
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 2}" if mark is not None else "header"
        problem = getattr(error, "problem", None)
        told = "The header is not valid YAML" + (f": {problem}" if isinstance(problem, str) else "")
        raise mistakes.fail(Mistake("invalid_header", f"{told}."), place) from None
    return read_csv(source, target, mistakes, delimiter=_delimiter(header), header_lines=lines, names=_names(header), start=rest)


def write_header(columns: Mapping[str, str], metadata: Mapping[str, Any]) -> bytes:
    """Make the lines above the table.

    Parameters
    ----------
    columns : mapping of `str` to `str`
        The columns' names and types, such as ``int64`` and ``string``.
    metadata : mapping
        What to say of the whole.
    """
    header: dict[str, Any] = {
        "delimiter": ",",
        "datatype": [{"name": name, "datatype": type_} for name, type_ in columns.items()],
    }
    if metadata:
        header["meta"] = dict(metadata)
    header["schema"] = "astropy-2.0"
    text = yaml.dump(header, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=_WIDTH)
    return ("# %ECSV 1.0\n# ---\n" + "".join(f"# {line}\n" for line in text.splitlines())).encode()


def _header(source: Source) -> tuple[list[bytes], bytes]:
    """Read the lines that begin with ``#``, and what was read after them."""
    data, lines = b"", []
    while True:
        more = source.read(1 << 16)
        data += more
        while b"\n" in data and data.removeprefix(b"\xef\xbb\xbf").startswith(b"#"):
            line, _, data = data.partition(b"\n")
            lines.append(line.removesuffix(b"\r"))
        if not more or (data and not b"\xef\xbb\xbf#".startswith(data[:1]) and not data.startswith((b"\xef", b"#"))):
            return lines, data
        if len(data) + sum(map(len, lines)) > _LARGEST_HEADER:
            raise Mistake("invalid_header", f"The header has more than {_LARGEST_HEADER:,} bytes.")


def _delimiter(header: Any) -> bytes:
    if not isinstance(header, dict):
        raise Mistake("invalid_header", "The header does not name its columns.", "ECSV has `datatype` there.")
    delimiter = header.get("delimiter", " ")
    if not isinstance(delimiter, str) or delimiter not in _DELIMITERS:
        raise Mistake("invalid_header", "The delimiter must be a comma or a blank.")
    return _DELIMITERS[delimiter]


def _names(header: dict[Any, Any]) -> list[str]:
    columns = header.get("datatype")
    listed = columns if isinstance(columns, list) else []
    given = [column.get("name") for column in listed if isinstance(column, dict)]
    names = [name for name in given if isinstance(name, str)]
    if not names or len(names) != len(listed):
        raise Mistake(
            "invalid_header", "The header does not name its columns.", "ECSV has a list of names and types, `datatype`."
        )
    return names
