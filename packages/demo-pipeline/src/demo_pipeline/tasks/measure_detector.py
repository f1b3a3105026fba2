"""Measure what one detector saw during one visit."""

from __future__ import annotations

__all__ = ["MeasureDetectorConfig", "MeasureDetectorConnections", "MeasureDetectorTask", "NoReferenceError", "NoStarsError"]

import numpy as np
from astropy.table import Table, vstack
from lsst.pex.config import RangeField
from lsst.pipe.base import (
    AlgorithmError,
    AnnotatedPartialOutputsError,
    InputQuantizedConnection,
    OutputQuantizedConnection,
    PipelineTaskConfig,
    PipelineTaskConnections,
    QuantumContext,
    Struct,
)
from lsst.pipe.base import connectionTypes as cT

from ..image import STORAGE_CLASS, SkyImage
from ..matching import match_nearest
from ..measurement import (
    depth_mag,
    detect_sources,
    fit_zero_point,
    select_stars,
    star_fwhm_pix,
    subtract_background,
)
from .demo_task import DemoTask


class NoStarsError(AlgorithmError):
    """An image shows too few stars to measure its seeing.

    Parameters
    ----------
    n_detections, n_round, n_stars, n_needed : `int`
        Sources found, those of them that are round and well measured, the stars among these, and the least number needed.
    median_axis_ratio : `float`
        Median minor over major axis of the sources; not a number without any.
    """

    def __init__(self, *, n_detections: int, n_round: int, n_stars: int, n_needed: int, median_axis_ratio: float) -> None:
        self._metadata = {"n_detections": n_detections, "n_round": n_round, "n_stars": n_stars, "n_needed": n_needed}
        if n_detections > 0:
            # Task metadata cannot hold what is not a number.
            self._metadata["median_axis_ratio"] = median_axis_ratio
        if n_detections == 0:
            message = "no stars found: nothing detected"
        elif n_round == 0:
            message = (
                f"no stars found: {n_detections} detections, all elongated or faint (median axis ratio {median_axis_ratio:.2f})"
            )
        else:
            message = f"too few stars found: {n_stars} of {n_detections} detections, {n_needed} needed"
        super().__init__(message)

    @property
    def metadata(self) -> dict[str, int | float]:
        """The counts behind the failure (`dict`)."""
        return self._metadata


class NoReferenceError(AlgorithmError):
    """None of an image's stars is in the reference catalogue.

    Parameters
    ----------
    n_stars, n_reference : `int`
        Stars found, and stars in the parts of the catalogue that were looked at.
    """

    def __init__(self, *, n_stars: int, n_reference: int) -> None:
        self._metadata = {"n_stars": n_stars, "n_reference": n_reference}
        super().__init__(f"no zero point: none of {n_stars} stars is among {n_reference} reference stars")

    @property
    def metadata(self) -> dict[str, int]:
        """The counts behind the failure (`dict`)."""
        return self._metadata


class MeasureDetectorConnections(PipelineTaskConnections, dimensions=("instrument", "visit", "detector")):
    """What `MeasureDetectorTask` reads and writes."""

    raws = cT.Input(
        doc="Images of the visit's exposures.",
        name="demo_raw",
        storageClass=STORAGE_CLASS,
        dimensions=("instrument", "exposure", "detector"),
        multiple=True,
    )
    reference = cT.PrerequisiteInput(
        doc="Catalogue of stars of known brightness.",
        name="demo_reference",
        storageClass="ArrowAstropy",
        dimensions=("htm7",),
        multiple=True,
        minimum=1,
    )
    image = cT.Output(
        doc="Sum of the visit's exposures in electrons, without the sky.",
        name="demo_image",
        storageClass=STORAGE_CLASS,
        dimensions=("instrument", "visit", "detector"),
    )
    sources = cT.Output(
        doc="Sources of the image: positions, fluxes, shapes.",
        name="demo_sources",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit", "detector"),
    )
    quality = cT.Output(
        doc="Quality of the image: seeing, sky, zero point, depth.",
        name="demo_detector_quality",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "visit", "detector"),
    )


class MeasureDetectorConfig(PipelineTaskConfig, pipelineConnections=MeasureDetectorConnections):
    """Configuration of `MeasureDetectorTask`."""

    mesh_pix = RangeField[int](doc="Size of the cells in which the sky is estimated, pixels.", default=64, min=16)
    threshold_sigma = RangeField[float](
        doc="Height above the sky that makes a detection, in standard deviations of a sky pixel.", default=2.5, min=1.0
    )
    aperture_arcsec = RangeField[float](doc="Radius of the circle in which flux is measured, arcsec.", default=1.4, min=0.5)
    min_axis_ratio = RangeField[float](
        doc="Least minor over major axis of a source that may be a star.", default=0.75, min=0.0, max=1.0
    )
    min_snr = RangeField[float](doc="Least signal to noise of a source that may be a star.", default=20.0, min=0.0)
    size_tolerance = RangeField[float](
        doc="How far a star's size may be from that of the others, as a fraction.", default=0.15, min=0.0
    )
    min_stars = RangeField[int](doc="Least number of stars with which the seeing can be measured.", default=3, min=1)
    match_arcsec = RangeField[float](doc="How far a star may be from its reference, arcsec.", default=0.7, min=0.0)


class MeasureDetectorTask(DemoTask):
    """Add up a visit's exposures, take out the sky, find sources and measure the image's quality by its stars."""

    ConfigClass = MeasureDetectorConfig
    _DefaultName = "measureDetector"

    def runQuantum(
        self, butlerQC: QuantumContext, inputRefs: InputQuantizedConnection, outputRefs: OutputQuantizedConnection
    ) -> None:
        """Read images and reference stars, measure, and keep what came of it."""
        band = butlerQC.quantum.dataId["band"]
        try:
            result = self.run(butlerQC.get(inputRefs.raws), vstack(butlerQC.get(inputRefs.reference)), band=band)
        except AlgorithmError as error:
            # Nothing is written: later steps must not mistake trails for sources. The annotation keeps the counts.
            raise AnnotatedPartialOutputsError.annotate(error, self, log=self.log) from error
        butlerQC.put(result, outputRefs)

    def run(self, raws: list[SkyImage], reference: Table, *, band: str) -> Struct:
        """Measure one detector's images.

        Parameters
        ----------
        raws : `list` [`~demo_pipeline.image.SkyImage`]
            Images of one pointing, in ADU.
        reference : `astropy.table.Table`
            Reference stars with columns ``ra_deg``, ``dec_deg`` and ``mag_<band>``.
        band : `str`
            Filter band.

        Returns
        -------
        result : `lsst.pipe.base.Struct`
            ``image`` (`~demo_pipeline.image.SkyImage`, electrons), ``sources`` (`astropy.table.Table`) and ``quality``
            (`dict`), as the connections describe them.

        Raises
        ------
        NoStarsError
            Raised if the image shows fewer stars than the configuration asks for.
        NoReferenceError
            Raised if none of the stars has a reference.
        """
        image, level_e = self._add_exposures(raws)
        plane, exposure_time_s = image.plane, image.header["EXPTIME"]
        sources = detect_sources(
            image.pixels,
            noise=image.header["SKYNOISE"],
            threshold_sigma=self.config.threshold_sigma,
            aperture_pix=self.config.aperture_arcsec / plane.pixel_scale_arcsec,
        )
        sources["is_star"] = self._find_stars(sources)
        sources["ra_deg"], sources["dec_deg"] = plane.to_sky(sources["x_pix"], sources["y_pix"])
        calibration = self._calibrate(sources, reference, f"mag_{band}", exposure_time_s)
        with np.errstate(invalid="ignore", divide="ignore"):
            sources["mag"] = calibration["zero_point_mag"] - 2.5 * np.log10(sources["flux_e"] / exposure_time_s)
            sources["mag_error"] = 2.5 / np.log(10) / sources["snr"]
        quality = {"n_exposures": len(raws)} | calibration | self._judge(image, level_e, sources, calibration["zero_point_mag"])
        for name, value in quality.items():
            self.metadata[name] = value
        self.log.info(
            "Found %(n_sources)d sources, %(n_stars)d of them stars: seeing %(fwhm_arcsec).2f arcsec, sky "
            "%(sky_mag_arcsec2).2f mag/arcsec2, zero point %(zero_point_mag).2f mag, depth %(depth_mag).2f mag.",
            quality,
        )
        return Struct(image=image, sources=sources, quality=quality)

    def _add_exposures(self, raws: list[SkyImage]) -> tuple[SkyImage, float]:
        """Add up exposures in electrons without their sky; also give the summed sky level of a pixel."""
        parts = [subtract_background(raw.pixels * np.float32(raw.header["GAIN"]), mesh_pix=self.config.mesh_pix) for raw in raws]
        noise_e = float(np.sqrt(sum(noise**2 for _, _, noise in parts)))
        header = {"EXPTIME": sum(raw.header["EXPTIME"] for raw in raws), "FILTER": raws[0].header["FILTER"]}
        header |= {"NEXP": len(raws), "SKYNOISE": noise_e}
        pixels = np.sum([subtracted for subtracted, _, _ in parts], axis=0)
        return SkyImage(pixels, raws[0].plane, "electron", header), sum(level for _, level, _ in parts)

    def _find_stars(self, sources: Table) -> np.ndarray:
        """Give the mask of the stars, or raise `NoStarsError`."""
        config = self.config
        is_star = select_stars(
            sources,
            min_axis_ratio=config.min_axis_ratio,
            min_snr=config.min_snr,
            size_tolerance=config.size_tolerance,
        )
        if is_star.sum() < config.min_stars:
            is_round = (sources["axis_ratio"] > config.min_axis_ratio) & (sources["snr"] > config.min_snr)
            raise NoStarsError(
                n_detections=len(sources),
                n_round=int(is_round.sum()),
                n_stars=int(is_star.sum()),
                n_needed=config.min_stars,
                median_axis_ratio=float(np.median(sources["axis_ratio"])) if len(sources) else float("nan"),
            )
        return is_star

    def _calibrate(self, sources: Table, reference: Table, column: str, exposure_time_s: float) -> dict[str, int | float]:
        """Give the zero point, its scatter and the number of stars that it rests on, or raise `NoReferenceError`."""
        stars = sources[sources["is_star"]]
        nearest = match_nearest(
            stars["ra_deg"],
            stars["dec_deg"],
            reference["ra_deg"],
            reference["dec_deg"],
            radius_arcsec=self.config.match_arcsec,
        )
        matched = nearest >= 0
        if not matched.any():
            raise NoReferenceError(n_stars=len(stars), n_reference=len(reference))
        rates = np.asarray(stars["flux_e"][matched]) / exposure_time_s
        zero_point, scatter = fit_zero_point(rates, np.asarray(reference[column])[nearest[matched]])
        return {"n_matched": int(matched.sum()), "zero_point_mag": zero_point, "zero_point_scatter_mag": scatter}

    def _judge(self, image: SkyImage, level_e: float, sources: Table, zero_point_mag: float) -> dict[str, int | float]:
        """Give the image's counts, seeing, sky and depth; ``level_e`` is the sky taken out of a pixel."""
        stars = sources[sources["is_star"]]
        scale_arcsec, exposure_time_s = image.plane.pixel_scale_arcsec, image.header["EXPTIME"]
        fwhm_pix = star_fwhm_pix(np.asarray(stars["half_light_radius_pix"]))
        noise_e = image.header["SKYNOISE"]
        return {
            "exposure_time_s": exposure_time_s,
            "n_sources": len(sources),
            "n_stars": len(stars),
            "fwhm_arcsec": fwhm_pix * scale_arcsec,
            "axis_ratio": float(np.median(stars["axis_ratio"])),
            "sky_e_per_pix": level_e,
            "sky_mag_arcsec2": float(zero_point_mag - 2.5 * np.log10(level_e / exposure_time_s / scale_arcsec**2)),
            "noise_e": noise_e,
            "depth_mag": depth_mag(
                zero_point=zero_point_mag, noise_e=noise_e, fwhm_pix=fwhm_pix, exposure_time_s=exposure_time_s
            ),
        }
