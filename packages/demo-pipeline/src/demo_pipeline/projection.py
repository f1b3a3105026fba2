"""The tangent plane (gnomonic) projection of one small image.

Plain numpy, since starting a job matters more here than generality: no distortion, no rotation, north up and east left.
"""

from __future__ import annotations

__all__ = ["TangentPlane"]

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TangentPlane:
    """Map between the sky and the pixels of an image whose centre touches the sphere.

    Parameters
    ----------
    ra_deg, dec_deg : `float`
        ICRS position of the image's centre.
    pixel_scale_arcsec : `float`
        Size of a pixel at the centre.
    shape : `tuple` [`int`, `int`]
        Rows and columns of the image.

    Notes
    -----
    Pixels are counted from zero and integers are pixel centres; the FITS keywords count from one. The formulae are those
    of the ``TAN`` projection of Calabretta & Greisen (2002, A&A 395, 1077).
    """

    ra_deg: float
    dec_deg: float
    pixel_scale_arcsec: float
    shape: tuple[int, int]

    @property
    def centre_pix(self) -> tuple[float, float]:
        """Column and row of the centre (`tuple` [`float`, `float`])."""
        rows, columns = self.shape
        return (columns - 1) / 2, (rows - 1) / 2

    @property
    def scale_deg(self) -> float:
        """Size of a pixel at the centre, in degrees (`float`)."""
        return self.pixel_scale_arcsec / 3600

    def to_pixels(self, ra_deg: np.ndarray, dec_deg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Project sky positions to pixels.

        Parameters
        ----------
        ra_deg, dec_deg : `numpy.ndarray`
            ICRS positions, all on the near hemisphere.

        Returns
        -------
        x_pix, y_pix : `numpy.ndarray`
            Columns and rows, which may lie outside the image.
        """
        delta = np.radians(np.asarray(ra_deg) - self.ra_deg)
        dec, dec0 = np.radians(dec_deg), np.radians(self.dec_deg)
        depth = np.sin(dec0) * np.sin(dec) + np.cos(dec0) * np.cos(dec) * np.cos(delta)
        east = np.cos(dec) * np.sin(delta) / depth
        north = (np.cos(dec0) * np.sin(dec) - np.sin(dec0) * np.cos(dec) * np.cos(delta)) / depth
        x0, y0 = self.centre_pix
        return x0 - np.degrees(east) / self.scale_deg, y0 + np.degrees(north) / self.scale_deg

    def to_sky(self, x_pix: np.ndarray, y_pix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find the sky positions of pixels.

        Parameters
        ----------
        x_pix, y_pix : `numpy.ndarray`
            Columns and rows.

        Returns
        -------
        ra_deg, dec_deg : `numpy.ndarray`
            ICRS positions, right ascension between 0 and 360.
        """
        x0, y0 = self.centre_pix
        east = np.radians((x0 - np.asarray(x_pix)) * self.scale_deg)
        north = np.radians((np.asarray(y_pix) - y0) * self.scale_deg)
        dec0 = np.radians(self.dec_deg)
        depth = np.cos(dec0) - north * np.sin(dec0)
        ra_deg = self.ra_deg + np.degrees(np.arctan2(east, depth))
        dec = np.arctan2(np.sin(dec0) + north * np.cos(dec0), np.hypot(east, depth))
        return ra_deg % 360, np.degrees(dec)

    def to_header(self) -> dict[str, str | float]:
        """Write the projection as FITS world-coordinate keywords.

        Returns
        -------
        header : `dict` [`str`, `str` or `float`]
            Keywords and values.
        """
        x0, y0 = self.centre_pix
        return {
            "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg", "RADESYS": "ICRS",
            "CRVAL1": self.ra_deg, "CRVAL2": self.dec_deg, "CRPIX1": x0 + 1, "CRPIX2": y0 + 1,
            "CDELT1": -self.scale_deg, "CDELT2": self.scale_deg,
        }  # fmt: skip

    @classmethod
    def from_header(cls, header: Mapping[str, float], shape: tuple[int, int]) -> TangentPlane:
        """Read back what `to_header` wrote.

        Parameters
        ----------
        header : `~collections.abc.Mapping` [`str`, `float`]
            FITS keywords and values.
        shape : `tuple` [`int`, `int`]
            Rows and columns of the image.

        Returns
        -------
        plane : `TangentPlane`
            The projection.
        """
        return cls(header["CRVAL1"], header["CRVAL2"], round(header["CDELT2"] * 3600, 9), shape)
