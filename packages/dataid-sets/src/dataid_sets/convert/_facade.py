"""The part of `DataIdSets` that turns keys into data IDs."""

from __future__ import annotations

__all__ = ("KeyConversion",)

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from lsst.daf.butler import DimensionGroup

from .._part import SetsPart
from ._conversion import convert
from ._problems import Conversion
from ._translation import convert_headers


class KeyConversion(SetsPart):
    """Turns what people know data by into data IDs."""

    def convert(
        self,
        data: Any,
        *,
        to: DimensionGroup | Iterable[str] | None = None,
        constants: Mapping[str, int | str] | None = None,
        ignore: Collection[str] = (),
        multiple: bool = False,
        lines: Sequence[int] | np.ndarray | None = None,
    ) -> Conversion:
        """Turn keys into data IDs, many at once.

        Parameters
        ----------
        data : `pyarrow.Table`, `astropy.table.Table`, or iterable of mapping
            The rows. A column is a dimension (``exposure``), a field of one's records (``obs_id``, ``full_name``, ``raft``,
            ``seq_num``), or such a field with its dimension before it (``visit.name``). Columns ``reason``, or else ``comment``
            or ``comments``, are the reason.
        to : `DimensionGroup` or iterable of `str`, optional
            The dimensions that are wanted. They decide what is meant by a field that several have: ``seq_num`` of exposures or
            of visits. A wanted dimension's own column is taken as it is; other columns find it. By default the columns tell.
        constants : mapping of `str` to `int` or `str`, optional
            What is the same in all rows, by the names that a column could have.
        ignore : collection of `str`, optional
            Columns to leave out.
        multiple : `bool`, optional
            Whether a row may stand for all records that it fits, as a group for its exposures, or a raft for its detectors.
        lines : sequence or array of `int`, optional
            Where each row was found, for problems to say; by default rows are counted from 1.

        Returns
        -------
        conversion : `Conversion`
            The data IDs, and all rows that have none. Two rows of the same data ID are one data ID with both reasons, and a
            warning among the problems.

        Raises
        ------
        DataIdSetValueError
            If a column means nothing or several things, nothing tells a wanted dimension, or a constant fits no record.

        Notes
        -----
        All columns that are used must fit the same record: with ``exposure``, ``day_obs`` and ``seq_num`` the exposure must be
        that of the day and number. Where only primary keys are given they pass unseen; making a set of them looks them up.

        An instrument or sky map that nothing tells is that of the Butler's default data ID, or else the only one of the registry.

        There is one query for each dimension that is looked up (or one for each 500 keys, up to 20,000), never one for each row.
        """
        return convert(self._inside, data, to=to, constants=constants, ignore=ignore, multiple=multiple, lines=lines)

    def convert_headers(
        self,
        headers: Iterable[str | os.PathLike[str] | Mapping[str, Any]],
        *,
        to: DimensionGroup | Iterable[str] = ("exposure", "detector"),
    ) -> Conversion:
        """Find the data IDs of headers, by `astro_metadata_translator`.

        Parameters
        ----------
        headers : iterable of `str`, `os.PathLike` or mapping
            FITS files, headers written out as YAML or JSON, or headers themselves. A file of several detectors gives several data
            IDs.
        to : `DimensionGroup` or iterable of `str`, optional
            The dimensions that are wanted: of instrument, exposure, visit, detector, physical_filter, day_obs and group.

        Returns
        -------
        conversion : `Conversion`
            The data IDs, which the registry has records of, and all files that have none, with their paths and the cause.
            Lines are the files' numbers, from 1.

        Raises
        ------
        DataIdSetValueError
            If `astro_metadata_translator` is missing, or headers do not tell such dimensions.
        """
        return convert_headers(self._inside, headers, to=to)
