"""Make a window of a detector's image from the model sky and the conditions of the exposure.

The window lies at the centre of the detector and has Hyper Suprime-Cam's pixels, gain and read noise, binned two by two.
"""

from __future__ import annotations

__all__ = ["FWHM_PER_SIGMA", "GAIN_E_PER_ADU", "PIXEL_SCALE_ARCSEC", "READ_NOISE_E", "simulate_image"]

import numpy as np

from .conditions import ZERO_POINT_MAG, Conditions
from .image import SkyImage
from .projection import TangentPlane
from .sky import SkyObjects, objects_near

PIXEL_SCALE_ARCSEC = 0.336
"""Two of the camera's pixels of 0.168 arcsec (`float`)."""

GAIN_E_PER_ADU = 3.0
READ_NOISE_E = 9.0
"""Read noise of four pixels of 4.5 electrons, added up (`float`)."""

SATURATION_ADU = 65535
FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))


def simulate_image(conditions: Conditions, *, seed: list[int], size_pix: int) -> SkyImage:
    """Expose one window of the sky.

    Parameters
    ----------
    conditions : `Conditions`
        What the telescope and the sky were like.
    seed : `list` [`int`]
        Seed of the noise.
    size_pix : `int`
        Rows and columns of the image.

    Returns
    -------
    image : `SkyImage`
        Counts in ADU as unsigned 16-bit integers, not background-subtracted.
    """
    plane = TangentPlane(conditions.ra_deg, conditions.dec_deg, PIXEL_SCALE_ARCSEC, (size_pix, size_pix))
    electrons = sky_electrons(conditions, size_pix)
    reach_deg = (size_pix * PIXEL_SCALE_ARCSEC + conditions.drift_arcsec) / 3600
    add_objects(electrons, objects_near(conditions.ra_deg, conditions.dec_deg, reach_deg), plane, conditions)
    rng = np.random.default_rng(seed)
    counts = (rng.poisson(electrons) + rng.normal(0, READ_NOISE_E, electrons.shape)) / GAIN_E_PER_ADU
    pixels = np.clip(np.rint(counts), 0, SATURATION_ADU).astype(np.uint16)
    header = {"EXPTIME": conditions.exposure_time_s, "GAIN": GAIN_E_PER_ADU, "FILTER": conditions.band, "SIMULATE": True}
    return SkyImage(pixels, plane, "adu", header)


def sky_electrons(conditions: Conditions, size_pix: int) -> np.ndarray:
    """Light of the sky in each pixel.

    Parameters
    ----------
    conditions : `Conditions`
        Brightness and gradient of the sky, filter and exposure time.
    size_pix : `int`
        Rows and columns of the image.

    Returns
    -------
    electrons : `numpy.ndarray`, shape (size_pix, size_pix)
        Expected electrons.
    """
    rate_e_s_arcsec2 = 10 ** (0.4 * (ZERO_POINT_MAG[conditions.band] - conditions.sky_mag_arcsec2))
    level_e = rate_e_s_arcsec2 * conditions.exposure_time_s * PIXEL_SCALE_ARCSEC**2
    slope = 1 + conditions.sky_gradient * np.linspace(-0.5, 0.5, size_pix)
    return level_e * np.tile(slope, (size_pix, 1))


def add_objects(electrons: np.ndarray, objects: SkyObjects, plane: TangentPlane, conditions: Conditions) -> None:
    """Add the light of stars and galaxies to an image.

    Parameters
    ----------
    electrons : `numpy.ndarray`
        The image, in electrons; changed in place.
    objects : `SkyObjects`
        Objects inside and around the image.
    plane : `TangentPlane`
        Where the image lies.
    conditions : `Conditions`
        Seeing, extinction, drift, filter and exposure time.

    Notes
    -----
    All profiles are Gaussian, so that convolving with the seeing adds covariances. A drift of the telescope spreads the
    light of every object evenly over a line, one step for every half pixel.
    """
    magnitudes = {"r": objects.mag_r, "i": objects.mag_i}[conditions.band] + conditions.extinction_mag
    flux_e = 10 ** (0.4 * (ZERO_POINT_MAG[conditions.band] - magnitudes)) * conditions.exposure_time_s
    x_pix, y_pix = plane.to_pixels(objects.ra_deg, objects.dec_deg)
    scale = plane.pixel_scale_arcsec
    seeing = _covariances(
        conditions.seeing_fwhm_arcsec / FWHM_PER_SIGMA / scale, conditions.psf_axis_ratio, conditions.psf_angle_deg
    )
    shapes = _covariances(objects.radius_arcsec / scale, objects.axis_ratio, objects.angle_deg) + seeing
    drift_pix = conditions.drift_arcsec / scale
    steps = np.linspace(-0.5, 0.5, int(2 * drift_pix) + 1) * drift_pix if drift_pix else np.zeros(1)
    angle = np.radians(conditions.drift_angle_deg)
    for x, y, flux, shape in zip(x_pix, y_pix, flux_e, shapes, strict=True):
        if -drift_pix - 20 < x < plane.shape[1] + drift_pix + 20 and -drift_pix - 20 < y < plane.shape[0] + drift_pix + 20:
            for step in steps:
                _add_gaussian(electrons, x + step * np.cos(angle), y + step * np.sin(angle), flux / len(steps), shape)


def _covariances(sigma_pix: np.ndarray | float, axis_ratio: np.ndarray | float, angle_deg: np.ndarray | float) -> np.ndarray:
    """Covariance matrices of elliptical Gaussians, in square pixels, shape (..., 2, 2).

    ``sigma_pix`` is along the major axis; the round object of the same area would have sigma times the root of the ratio.
    """
    angle = np.radians(angle_deg)
    major, minor = np.square(sigma_pix), np.square(np.multiply(sigma_pix, axis_ratio))
    xx = major * np.cos(angle) ** 2 + minor * np.sin(angle) ** 2
    yy = major * np.sin(angle) ** 2 + minor * np.cos(angle) ** 2
    xy = (major - minor) * np.cos(angle) * np.sin(angle)
    return np.moveaxis(np.array([[xx, xy], [xy, yy]]), (0, 1), (-2, -1))


def _add_gaussian(electrons: np.ndarray, x_pix: float, y_pix: float, flux_e: float, covariance: np.ndarray) -> None:
    """Add one Gaussian of a given flux, out to five sigma, where it falls on the image."""
    reach = int(np.ceil(5 * np.sqrt(covariance[[0, 1], [0, 1]].max())))
    left, right = max(0, int(x_pix) - reach), min(electrons.shape[1], int(x_pix) + reach + 2)
    low, high = max(0, int(y_pix) - reach), min(electrons.shape[0], int(y_pix) + reach + 2)
    if left >= right or low >= high:
        return
    determinant = covariance[0, 0] * covariance[1, 1] - covariance[0, 1] ** 2
    dx, dy = np.arange(left, right) - x_pix, np.arange(low, high)[:, np.newaxis] - y_pix
    distance2 = covariance[1, 1] * dx**2 - 2 * covariance[0, 1] * dx * dy + covariance[0, 0] * dy**2
    density = np.exp(-distance2 / (2 * determinant)) / (2 * np.pi * np.sqrt(determinant))
    electrons[low:high, left:right] += flux_e * density
