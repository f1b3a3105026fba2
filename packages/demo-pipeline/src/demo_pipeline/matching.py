"""Tell which sources of different visits are one object of the sky."""

from __future__ import annotations

__all__ = ["match_nearest", "merge_sources"]

import numpy as np
from astropy.table import Table


def match_nearest(
    ra_deg: np.ndarray, dec_deg: np.ndarray, others_ra_deg: np.ndarray, others_dec_deg: np.ndarray, *, radius_arcsec: float
) -> np.ndarray:
    """Find the nearest of other positions for each position.

    Parameters
    ----------
    ra_deg, dec_deg : `numpy.ndarray`, shape (n,)
        Positions.
    others_ra_deg, others_dec_deg : `numpy.ndarray`, shape (m,)
        The positions to look among.
    radius_arcsec : `float`
        How far apart a match may be; small, since the sky is taken as flat over it.

    Returns
    -------
    nearest : `numpy.ndarray`, shape (n,)
        Index of the nearest other position, or -1 where there is none within the radius.
    """
    nearest = np.full(len(ra_deg), -1)
    others_ra, others_dec = np.asarray(others_ra_deg), np.asarray(others_dec_deg)
    order = np.argsort(others_dec)
    radius_deg = radius_arcsec / 3600
    lows = np.searchsorted(others_dec[order], np.asarray(dec_deg) - radius_deg)
    highs = np.searchsorted(others_dec[order], np.asarray(dec_deg) + radius_deg)
    for index, (ra, dec, low, high) in enumerate(zip(ra_deg, dec_deg, lows, highs, strict=True)):
        candidates = order[low:high]
        east = ((others_ra[candidates] - ra + 180) % 360 - 180) * np.cos(np.radians(dec))
        distance = np.hypot(east, others_dec[candidates] - dec)
        if len(candidates) and distance.min() <= radius_deg:
            nearest[index] = candidates[distance.argmin()]
    return nearest


def merge_sources(catalogues: list[tuple[str, Table]], *, radius_arcsec: float) -> Table:
    """Merge the sources of several images into objects.

    Parameters
    ----------
    catalogues : `list` [`tuple` [`str`, `astropy.table.Table`]]
        Band and sources of each image, with columns ``ra_deg``, ``dec_deg``, ``mag`` and ``is_star``.
    radius_arcsec : `float`
        How far a source may be from its object.

    Returns
    -------
    objects : `astropy.table.Table`
        Columns ``ra_deg``, ``dec_deg`` (where first seen), ``n_images``, ``is_star`` (in at least half of the images) and, for
        each band, ``n_<band>`` and ``mag_<band>`` (the mean; not a number where the band did not see it). In the order in
        which they were first seen.
    """
    bands = sorted({band for band, _ in catalogues})
    ra, dec, index = np.empty(0), np.empty(0), []
    for _, sources in catalogues:
        found = match_nearest(sources["ra_deg"], sources["dec_deg"], ra, dec, radius_arcsec=radius_arcsec)
        new = found < 0
        found[new] = len(ra) + np.arange(new.sum())
        ra = np.concatenate([ra, np.asarray(sources["ra_deg"])[new]])
        dec = np.concatenate([dec, np.asarray(sources["dec_deg"])[new]])
        index.append(found)
    n_images, star_votes = np.zeros(len(ra), dtype=int), np.zeros(len(ra), dtype=int)
    count = {band: np.zeros(len(ra), dtype=int) for band in bands}
    total = {band: np.zeros(len(ra)) for band in bands}
    for (band, sources), found in zip(catalogues, index, strict=True):
        np.add.at(n_images, found, 1)
        np.add.at(star_votes, found, np.asarray(sources["is_star"], dtype=int))
        measured = np.isfinite(np.asarray(sources["mag"]))
        np.add.at(count[band], found[measured], 1)
        np.add.at(total[band], found[measured], np.asarray(sources["mag"])[measured])
    objects = Table({"ra_deg": ra, "dec_deg": dec, "n_images": n_images, "is_star": 2 * star_votes >= n_images})
    for band in bands:
        objects[f"n_{band}"] = count[band]
        objects[f"mag_{band}"] = total[band] / np.where(count[band], count[band], np.nan)
    return objects
