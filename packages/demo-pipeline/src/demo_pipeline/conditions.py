"""What the telescope and the sky were like while an exposure was taken.

The repository keeps these conditions as the input of the pipeline; images are simulated from them, and nothing later in
the pipeline may look at them: what goes wrong with a visit must be found in its images.
"""

from __future__ import annotations

__all__ = ["SKY_MAG_ARCSEC2", "ZERO_POINT_MAG", "Conditions", "typical_conditions"]

import dataclasses
from typing import Any

import numpy as np

ZERO_POINT_MAG = {"r": 27.4, "i": 27.1}
"""AB magnitude that gives one electron per second above the atmosphere, about that of Hyper Suprime-Cam."""

SKY_MAG_ARCSEC2 = {"r": 20.8, "i": 19.9}
"""Surface brightness of a dark sky on Maunakea, AB magnitudes per square arcsecond."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conditions:
    """Conditions of one detector during one exposure.

    Parameters
    ----------
    ra_deg, dec_deg : `float`
        ICRS position of the detector's centre.
    band : `str`
        Filter band.
    exposure_time_s : `float`
        Time with the shutter open.
    seeing_fwhm_arcsec : `float`
        Full width at half maximum of a star's image, along its major axis.
    psf_axis_ratio : `float`
        Minor over major axis of a star's image.
    psf_angle_deg : `float`
        Direction of the major axis, from west to north.
    sky_mag_arcsec2 : `float`
        Brightness of the sky at the detector's centre.
    sky_gradient : `float`
        Change of the sky's brightness across the image, as a fraction.
    extinction_mag : `float`
        Light lost to the atmosphere and thin cloud.
    drift_arcsec : `float`
        How far the telescope drifted while the shutter was open.
    drift_angle_deg : `float`
        Direction of the drift, from west to north.
    """

    ra_deg: float
    dec_deg: float
    band: str
    exposure_time_s: float
    seeing_fwhm_arcsec: float
    psf_axis_ratio: float
    psf_angle_deg: float
    sky_mag_arcsec2: float
    sky_gradient: float
    extinction_mag: float
    drift_arcsec: float = 0.0
    drift_angle_deg: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Write the conditions as plain values, to keep in a Butler as a ``StructuredDataDict``."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Conditions:
        """Read back what `to_dict` wrote."""
        return cls(**values)


def typical_conditions(
    *, exposure: int, detector: int, band: str, ra_deg: float, dec_deg: float, exposure_time_s: float
) -> Conditions:
    """Draw the conditions of an ordinary exposure.

    Parameters
    ----------
    exposure, detector : `int`
        What is observed; the same pair always gives the same conditions.
    band : `str`
        Filter band, ``r`` or ``i``.
    ra_deg, dec_deg : `float`
        ICRS position of the detector's centre.
    exposure_time_s : `float`
        Time with the shutter open.

    Returns
    -------
    conditions : `Conditions`
        Conditions that differ from exposure to exposure, and a little between the detectors of one.
    """
    night = np.random.default_rng([2013, exposure])
    local = np.random.default_rng([2013, exposure, detector])
    seeing_arcsec = night.lognormal(np.log(0.72 if band == "r" else 0.62), 0.14) * local.normal(1, 0.015)
    return Conditions(
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        band=band,
        exposure_time_s=exposure_time_s,
        seeing_fwhm_arcsec=float(np.clip(seeing_arcsec, 0.5, 1.2)),
        psf_axis_ratio=float(night.uniform(0.90, 0.97)),
        psf_angle_deg=float(night.uniform(0, 180)),
        sky_mag_arcsec2=float(SKY_MAG_ARCSEC2[band] + night.normal(0, 0.12)),
        sky_gradient=float(night.uniform(-0.02, 0.02)),
        extinction_mag=float(0.08 + night.exponential(0.03)),
    )
