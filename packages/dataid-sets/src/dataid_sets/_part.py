"""What all parts of `DataIdSets` stand on: the registry's inside, its tables and its headers."""

from __future__ import annotations

__all__ = ("SetsPart",)

from lsst.daf.butler import Butler, DimensionUniverse

from ._errors import DataIdSetPermissionError
from ._headers import Headers
from ._installation import Installation
from ._internals import Inside
from ._record import DataIdSet, Reference


class SetsPart:
    """The sets of a Butler's registry, as far as all parts of `DataIdSets` need them.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The Butler; one that may not write can still use the sets it may read.

    Raises
    ------
    UnsupportedButlerError
        If the Butler has no registry database of its own.
    """

    def __init__(self, butler: Butler) -> None:
        self._inside = Inside(butler)
        self._installation = Installation(self._inside)
        self._headers = Headers(self._inside, self._installation)

    @property
    def butler(self) -> Butler:
        """The Butler (`lsst.daf.butler.Butler`)."""
        return self._inside.butler

    @property
    def universe(self) -> DimensionUniverse:
        """The dimensions there are (`lsst.daf.butler.DimensionUniverse`)."""
        return self._inside.universe

    def find(self, reference: str | Reference | DataIdSet, *, removed: bool = False) -> DataIdSet:
        """Find a set by its name and version, or the newest of its name.

        Parameters
        ----------
        reference : `str`, `Reference` or `DataIdSet`
            What people call it: ``demo/bad@1``, or ``demo/bad`` for its newest version.
        removed : `bool`, optional
            Whether a set will do of which only the header is kept.

        Returns
        -------
        found : `DataIdSet`
            What is known of it beside its rows.

        Raises
        ------
        DataIdSetSchemaError
            If the registry has no tables for sets, or newer or older ones.
        DataIdSetValueError
            If the reference is neither a name nor a name with a version.
        NoSuchDataIdSetError
            If there is none, the caller may not read it, or its rows were removed.
        """
        return self._headers.find(reference, removed=removed)

    def _require_writeable(self) -> None:
        """Refuse to change anything by a Butler that may not write."""
        if not self._inside.writeable:
            raise DataIdSetPermissionError("This Butler may not write.", remedy="Open it with writeable=True.")
