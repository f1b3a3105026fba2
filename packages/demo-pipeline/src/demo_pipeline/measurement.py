"""Measure an image: background, detection, shapes, stars, seeing, zero point and depth.

Plain functions of arrays and tables on top of SEP, the library form of SExtractor; no Butler here.
"""

from __future__ import annotations

__all__ = [
    "N_EFF_PER_FWHM2",
    "depth_mag",
    "detect_sources",
    "fit_zero_point",
    "select_stars",
    "star_fwhm_pix",
    "subtract_background",
]

import numpy as np
import sep
from astropy.table import Table

from .simulation import FWHM_PER_SIGMA

N_EFF_PER_FWHM2 = 2.266
"""Pixels that a Gaussian star effectively covers, per square pixel of its FWHM: pi / (2 ln 2)."""

_HALF_LIGHT_PER_SIGMA = np.sqrt(2 * np.log(2))


def subtract_background(pixels: np.ndarray, *, mesh_pix: int) -> tuple[np.ndarray, float, float]:
    """Take the sky out of an image.

    Parameters
    ----------
    pixels : `numpy.ndarray`, shape (rows, columns)
        The image, in any unit.
    mesh_pix : `int`
        Size of the cells in which the sky is estimated.

    Returns
    -------
    subtracted : `numpy.ndarray`, shape (rows, columns)
        The image without its sky, 32-bit floats.
    level : `float`
        Median sky, in the image's unit.
    noise : `float`
        Standard deviation of a sky pixel, in the image's unit.
    """
    image = np.ascontiguousarray(pixels, dtype=np.float32)
    background = sep.Background(image, bw=mesh_pix, bh=mesh_pix, fw=3, fh=3)
    return image - background.back(), float(np.median(background.back())), float(background.globalrms)


def detect_sources(image: np.ndarray, *, noise: float, threshold_sigma: float, aperture_pix: float) -> Table:
    """Find the sources of a background-subtracted image and measure them.

    Parameters
    ----------
    image : `numpy.ndarray`, shape (rows, columns)
        The image in electrons, 32-bit floats.
    noise : `float`
        Standard deviation of a sky pixel, in electrons.
    threshold_sigma : `float`
        Height above the sky that makes a detection, in units of ``noise``.
    aperture_pix : `float`
        Radius of the circle in which flux is measured.

    Returns
    -------
    sources : `astropy.table.Table`
        Columns ``x_pix``, ``y_pix``, ``flux_e``, ``flux_error_e``, ``snr``, ``axis_ratio``, ``half_light_radius_pix`` and
        ``flag`` (as of SEP, 0 for a clean measurement), in the order of detection.
    """
    found = sep.extract(image, threshold_sigma, err=noise, minarea=5)
    x, y = found["x"], found["y"]
    flux, error, flag = sep.sum_circle(image, x, y, aperture_pix, err=noise, gain=1.0)
    radius, radius_flag = sep.flux_radius(image, x, y, np.full(len(x), 2 * aperture_pix), 0.5, normflux=flux, subpix=5)
    return Table(
        {
            "x_pix": x,
            "y_pix": y,
            "flux_e": flux,
            "flux_error_e": error,
            "snr": flux / error,
            "axis_ratio": found["b"] / found["a"],
            "half_light_radius_pix": radius,
            "flag": (found["flag"] | flag | radius_flag).astype(np.int32),
        }
    )


def select_stars(sources: Table, *, min_axis_ratio: float, min_snr: float, size_tolerance: float) -> np.ndarray:
    """Choose the stars among the sources, by shape alone.

    Parameters
    ----------
    sources : `astropy.table.Table`
        What `detect_sources` found.
    min_axis_ratio : `float`
        Least minor over major axis of a round source.
    min_snr : `float`
        Least signal to noise of a source whose shape can be trusted.
    size_tolerance : `float`
        How far a star's half-light radius may be from that of the smallest round sources, as a fraction.

    Returns
    -------
    is_star : `numpy.ndarray`, shape (len(sources),)
        Mask of the stars: round, well measured, and of one size.

    Notes
    -----
    All stars have the same size, galaxies are larger. The lower quartile of the sizes of round sources lies among the
    stars; the median of the sources near it is then the size of a star.
    """
    sizes = np.asarray(sources["half_light_radius_pix"])
    round_ones = (sources["axis_ratio"] > min_axis_ratio) & (sources["snr"] > min_snr) & (sources["flag"] == 0)
    round_ones = np.asarray(round_ones) & np.isfinite(sizes)
    if not round_ones.any():
        return round_ones
    size = np.quantile(sizes[round_ones], 0.25)
    near = round_ones & (np.abs(sizes / size - 1) < size_tolerance)
    size = np.median(sizes[near])
    return round_ones & (np.abs(sizes / size - 1) < size_tolerance)


def star_fwhm_pix(half_light_radius_pix: np.ndarray) -> float:
    """Find the seeing from the sizes of stars.

    Parameters
    ----------
    half_light_radius_pix : `numpy.ndarray`
        Half-light radii of stars.

    Returns
    -------
    fwhm_pix : `float`
        Full width at half maximum of a Gaussian with the median radius, corrected for the extent of a pixel, whose variance
        along an axis is 1/12 of its square.
    """
    sigma2 = (np.median(half_light_radius_pix) / _HALF_LIGHT_PER_SIGMA) ** 2 - 1 / 12
    return float(FWHM_PER_SIGMA * np.sqrt(max(sigma2, 0.0)))


def fit_zero_point(flux_e_per_s: np.ndarray, reference_mag: np.ndarray) -> tuple[float, float]:
    """Find the magnitude of a source that gives one electron per second.

    Parameters
    ----------
    flux_e_per_s : `numpy.ndarray`
        Fluxes of stars, at least one.
    reference_mag : `numpy.ndarray`
        AB magnitudes of the same stars.

    Returns
    -------
    zero_point : `float`
        Median zero point.
    scatter : `float`
        Scatter of the stars about it, 1.4826 times the median absolute deviation.
    """
    each = reference_mag + 2.5 * np.log10(flux_e_per_s)
    middle = float(np.median(each))
    return middle, float(1.4826 * np.median(np.abs(each - middle)))


def depth_mag(*, zero_point: float, noise_e: float, fwhm_pix: float, exposure_time_s: float) -> float:
    """Find the magnitude of a star that is just seen at five sigma.

    Parameters
    ----------
    zero_point : `float`
        AB magnitude that gives one electron per second.
    noise_e : `float`
        Standard deviation of a sky pixel, in electrons.
    fwhm_pix : `float`
        Seeing.
    exposure_time_s : `float`
        Total exposure time.

    Returns
    -------
    depth : `float`
        AB magnitude.
    """
    limit_e = 5 * noise_e * np.sqrt(N_EFF_PER_FWHM2) * fwhm_pix
    return float(zero_point - 2.5 * np.log10(limit_e / exposure_time_s))
