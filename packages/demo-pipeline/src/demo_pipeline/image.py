"""An image that knows where on the sky it lies, and the Butler formatter that keeps it as FITS.

Rubin's own image classes need a newer Python than the rest of the stack; this one is enough for a window of one detector
and for a map. The repository's configuration names the storage class and the formatter (see `demo_pipeline.repository`).
"""

from __future__ import annotations

__all__ = ["STORAGE_CLASS", "SkyImage", "SkyImageFormatter"]

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy.io import fits
from lsst.daf.butler import FormatterV2
from lsst.resources import ResourcePath

from .projection import TangentPlane

STORAGE_CLASS = "SkyImage"
"""Name of the Butler storage class for `SkyImage` (`str`)."""


@dataclass(frozen=True)
class SkyImage:
    """Pixels on the sky.

    Parameters
    ----------
    pixels : `numpy.ndarray`, shape (rows, columns)
        The values, in ``unit``.
    plane : `TangentPlane`
        Where the pixels lie.
    unit : `str`
        Unit of the values, as FITS spells it.
    header : `dict` [`str`, `str`, `int`, `float` or `bool`], optional
        Further FITS keywords, eight characters or fewer each.
    """

    pixels: np.ndarray
    plane: TangentPlane
    unit: str
    header: dict[str, Any] = field(default_factory=dict)

    def to_fits(self) -> fits.HDUList:
        """Make the FITS file's contents.

        Returns
        -------
        hdus : `astropy.io.fits.HDUList`
            One image; unsigned integers are kept as such.
        """
        hdu = fits.PrimaryHDU(self.pixels)
        hdu.header["BUNIT"] = self.unit
        hdu.header.update(self.plane.to_header())
        for name in sorted(self.header):
            hdu.header[name] = self.header[name]
        hdu.header["KEYWORDS"] = (",".join(sorted(self.header)), "further keywords of this image")
        return fits.HDUList([hdu])

    @classmethod
    def from_fits(cls, hdus: fits.HDUList) -> SkyImage:
        """Read back what `to_fits` made.

        Parameters
        ----------
        hdus : `astropy.io.fits.HDUList`
            One image.

        Returns
        -------
        image : `SkyImage`
            The image, its pixels in the machine's own byte order.
        """
        hdu = hdus[0]
        pixels = hdu.data.astype(hdu.data.dtype.newbyteorder("="))
        names = [name for name in hdu.header["KEYWORDS"].split(",") if name]
        extra = {name: hdu.header[name] for name in names}
        return cls(pixels, TangentPlane.from_header(hdu.header, pixels.shape), hdu.header["BUNIT"], extra)


class SkyImageFormatter(FormatterV2):
    """Keep a `SkyImage` as a FITS file in a Butler datastore."""

    default_extension = ".fits"
    can_read_from_local_file = True

    def read_from_local_file(
        self,
        path: str,
        component: str | None = None,  # noqa: ARG002 (an image has no components)
        expected_size: int = -1,  # noqa: ARG002
    ) -> SkyImage:
        """Read an image, as the base class describes it."""
        with fits.open(path, memmap=False) as hdus:
            return SkyImage.from_fits(hdus)

    def write_local_file(self, in_memory_dataset: SkyImage, uri: ResourcePath) -> None:
        """Write an image, as the base class describes it."""
        in_memory_dataset.to_fits().writeto(uri.ospath, overwrite=True)
