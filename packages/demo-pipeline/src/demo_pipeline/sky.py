"""The model sky: stars and galaxies that are the same in whichever visit looks at them.

Objects are drawn cell by cell on the HTM pixelization from a generator seeded by the cell's own number, so any part of the
sky can be made alone and always comes out alike. The sky is richer in stars than the real Stripe 82, because the images
are small and each must hold enough stars to measure its seeing.
"""

from __future__ import annotations

__all__ = ["CELL_LEVEL", "SkyObjects", "objects_in_cell", "objects_near", "reference_stars"]

from dataclasses import dataclass, fields

import numpy as np
from astropy.table import Table
from lsst.sphgeom import Angle, Circle, HtmPixelization, LonLat, UnitVector3d

CELL_LEVEL = 10
"""HTM level of the cells that objects are drawn in, about 5 arcmin across (`int`)."""

STARS_PER_ARCMIN2 = 25.0
GALAXIES_PER_ARCMIN2 = 12.0
STAR_MAGNITUDES = (17.5, 24.5, 0.15)
GALAXY_MAGNITUDES = (19.0, 24.5, 0.35)
"""Brightest and faintest r magnitude (AB), and the slope of log10 counts per magnitude."""

_ARCMIN2_PER_SR = (180 * 60 / np.pi) ** 2


@dataclass(frozen=True)
class SkyObjects:
    """Objects of the model sky, one element of every array for each.

    Parameters
    ----------
    ra_deg, dec_deg : `numpy.ndarray`
        ICRS position.
    mag_r, mag_i : `numpy.ndarray`
        AB magnitudes above the atmosphere.
    radius_arcsec : `numpy.ndarray`
        Gaussian sigma along the major axis; zero for a star.
    axis_ratio : `numpy.ndarray`
        Minor over major axis.
    angle_deg : `numpy.ndarray`
        Direction of the major axis, from west to north.
    """

    ra_deg: np.ndarray
    dec_deg: np.ndarray
    mag_r: np.ndarray
    mag_i: np.ndarray
    radius_arcsec: np.ndarray
    axis_ratio: np.ndarray
    angle_deg: np.ndarray

    def __len__(self) -> int:
        return len(self.ra_deg)

    def select(self, chosen: np.ndarray) -> SkyObjects:
        """Keep some of the objects.

        Parameters
        ----------
        chosen : `numpy.ndarray`
            Mask or indices.

        Returns
        -------
        objects : `SkyObjects`
            The chosen objects, in order.
        """
        return SkyObjects(**{column.name: getattr(self, column.name)[chosen] for column in fields(self)})

    @classmethod
    def join(cls, parts: list[SkyObjects]) -> SkyObjects:
        """Put several sets of objects together.

        Parameters
        ----------
        parts : `list` [`SkyObjects`]
            The sets, at least one.

        Returns
        -------
        objects : `SkyObjects`
            All objects, in the order given.
        """
        return cls(**{c.name: np.concatenate([getattr(part, c.name) for part in parts]) for c in fields(cls)})


def objects_in_cell(cell: int) -> SkyObjects:
    """Draw the objects of one cell.

    Parameters
    ----------
    cell : `int`
        HTM index at `CELL_LEVEL`.

    Returns
    -------
    objects : `SkyObjects`
        Stars first, then galaxies; the same on every call.
    """
    corners = np.array([[*corner] for corner in HtmPixelization(CELL_LEVEL).triangle(cell).getVertices()])
    area_sr = np.linalg.norm(np.cross(corners[1] - corners[0], corners[2] - corners[0])) / 2
    rng = np.random.default_rng([82, cell])
    n_stars = rng.poisson(STARS_PER_ARCMIN2 * area_sr * _ARCMIN2_PER_SR)
    n_galaxies = rng.poisson(GALAXIES_PER_ARCMIN2 * area_sr * _ARCMIN2_PER_SR)
    n_all = n_stars + n_galaxies
    ra_deg, dec_deg = _draw_positions(rng, corners, n_all)
    is_galaxy = np.arange(n_all) >= n_stars
    mag_r = np.concatenate(
        [_draw_magnitudes(rng, n_stars, *STAR_MAGNITUDES), _draw_magnitudes(rng, n_galaxies, *GALAXY_MAGNITUDES)]
    )
    colour = np.where(is_galaxy, rng.normal(0.35, 0.12, n_all), rng.gamma(1.5, 0.25, n_all))
    return SkyObjects(
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        mag_r=mag_r,
        mag_i=mag_r - colour,
        radius_arcsec=np.where(is_galaxy, rng.lognormal(np.log(0.45), 0.3, n_all), 0.0),
        axis_ratio=np.where(is_galaxy, rng.uniform(0.35, 0.95, n_all), 1.0),
        angle_deg=rng.uniform(0, 180, n_all),
    )


def objects_near(ra_deg: float, dec_deg: float, radius_deg: float) -> SkyObjects:
    """Draw the objects around a position.

    Parameters
    ----------
    ra_deg, dec_deg : `float`
        ICRS position.
    radius_deg : `float`
        How far to look.

    Returns
    -------
    objects : `SkyObjects`
        Every object within the radius, and some beyond it, in the order of their cells.
    """
    circle = Circle(UnitVector3d(LonLat.fromDegrees(ra_deg, dec_deg)), Angle.fromDegrees(radius_deg))
    ranges = HtmPixelization(CELL_LEVEL).envelope(circle)
    return SkyObjects.join([objects_in_cell(cell) for begin, end in ranges for cell in range(begin, end)])


def reference_stars(htm7: int, *, faintest_mag_r: float = 21.5, scatter_mag: float = 0.02) -> Table:
    """Make the reference catalogue of one HTM level 7 pixel: the model's brighter stars, imperfectly known.

    Parameters
    ----------
    htm7 : `int`
        HTM index at level 7, the Butler's common sky pixelization.
    faintest_mag_r : `float`, optional
        Where the catalogue ends.
    scatter_mag : `float`, optional
        Standard deviation of the catalogue's own error.

    Returns
    -------
    stars : `astropy.table.Table`
        Columns ``ra_deg``, ``dec_deg``, ``mag_r``, ``mag_i``.
    """
    n_cells = 4 ** (CELL_LEVEL - 7)
    everything = SkyObjects.join([objects_in_cell(htm7 * n_cells + index) for index in range(n_cells)])
    stars = everything.select((everything.radius_arcsec == 0) & (everything.mag_r < faintest_mag_r))
    rng = np.random.default_rng([7, htm7])
    return Table(
        {
            "ra_deg": stars.ra_deg,
            "dec_deg": stars.dec_deg,
            "mag_r": stars.mag_r + rng.normal(0, scatter_mag, len(stars)),
            "mag_i": stars.mag_i + rng.normal(0, scatter_mag, len(stars)),
        }
    )


def _draw_positions(rng: np.random.Generator, corners: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw ICRS positions in degrees, uniform over a small triangle of unit vectors, shape (3, 3)."""
    first, second = rng.uniform(size=(2, count))
    outside = first + second > 1
    first, second = np.where(outside, 1 - first, first), np.where(outside, 1 - second, second)
    vectors = corners[0] + np.outer(first, corners[1] - corners[0]) + np.outer(second, corners[2] - corners[0])
    x, y, z = vectors.T
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))


def _draw_magnitudes(rng: np.random.Generator, count: int, bright: float, faint: float, slope: float) -> np.ndarray:
    """Draw magnitudes whose counts grow as 10**(slope * magnitude)."""
    low, high = 10 ** (slope * bright), 10 ** (slope * faint)
    return np.log10(rng.uniform(low, high, count)) / slope
