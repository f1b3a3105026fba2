"""The digest of data IDs: equal for equal sets, wherever and from whatever they were made."""

from __future__ import annotations

__all__ = ("DIGEST_FORMAT", "Digester")

import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import DimensionGroup

from ._columns import REASON, column_type

DIGEST_FORMAT = "dataid-set-1"


class Digester:
    """Computes the digests of sorted data IDs, batch by batch.

    Parameters
    ----------
    dimensions : `lsst.daf.butler.DimensionGroup`
        The dimensions.

    Notes
    -----
    Each column has a SHA-256 of its own: integers as 64-bit little-endian, text as its length in bytes (32-bit little-
    endian) and its UTF-8, a missing reason as the length 0xFFFFFFFF. The digest is the SHA-256 of a JSON document, without
    blanks and with sorted keys, of the format, the number of rows, and each column's name, type and digest; so it can be
    made in one pass over any number of rows, and by anyone.
    """

    def __init__(self, dimensions: DimensionGroup) -> None:
        self._types = {name: column_type(dimensions, name) for name in sorted(dimensions.required)}
        self._hashes = {name: hashlib.sha256() for name in (*self._types, REASON)}
        self._n_rows = 0

    def add(self, arrow: pa.Table | pa.RecordBatch) -> None:
        """Add sorted rows that follow those added before."""
        self._n_rows += arrow.num_rows
        for name, hashed in self._hashes.items():
            column = arrow.column(name)
            for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
                if self._types.get(name) == pa.int64():
                    hashed.update(np.ascontiguousarray(chunk.to_numpy(), dtype="<i8").data)
                else:
                    _hash_text(hashed, chunk)

    def finish(self) -> tuple[str, str]:
        """Give the digest of the data IDs and that of data IDs and reasons, in hexadecimal."""
        columns = [
            [name, "int" if type_ == pa.int64() else "str", self._hashes[name].hexdigest()] for name, type_ in self._types.items()
        ]
        document: dict[str, Any] = {"format": DIGEST_FORMAT, "rows": self._n_rows, "columns": columns}
        plain = _json_digest(document)
        return plain, _json_digest({**document, REASON: self._hashes[REASON].hexdigest()})


def _json_digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _hash_text(hashed: Any, chunk: pa.Array) -> None:
    """Hash dictionary text; runs of one value, as sorted rows have them, are written as one piece."""
    if not len(chunk):
        return
    encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    words = [_framed(value) for value in encoded.dictionary.to_pylist()]
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    words.append(_framed(None))
    starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    if len(starts) > len(codes) // 4:
        hashed.update(b"".join([words[code] for code in codes.tolist()]))
        return
    lengths = np.diff(np.append(starts, len(codes)))
    for code, length in zip(codes[starts].tolist(), lengths.tolist(), strict=True):
        for done in range(0, length, 65536):
            hashed.update(words[code] * min(65536, length - done))


def _framed(value: str | None) -> bytes:
    if value is None:
        return b"\xff\xff\xff\xff"
    data = value.encode()
    return len(data).to_bytes(4, "little") + data
