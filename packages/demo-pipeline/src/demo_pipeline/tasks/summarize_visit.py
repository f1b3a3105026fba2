"""Sum up the quality of one visit."""

from __future__ import annotations

__all__ = ["SummarizeVisitConfig", "SummarizeVisitConnections", "SummarizeVisitTask"]

from typing import Any

import numpy as np
from astropy.table import Table
from lsst.daf.butler import DimensionRecord
from lsst.pipe.base import (
    InputQuantizedConnection,
    OutputQuantizedConnection,
    PipelineTaskConfig,
    PipelineTaskConnections,
    QuantumContext,
    Struct,
)
from lsst.pipe.base import connectionTypes as cT

from .demo_task import DemoTask

MEDIANS = ("fwhm_arcsec", "axis_ratio", "sky_mag_arcsec2", "zero_point_mag", "depth_mag")
SPREADS = ("fwhm_arcsec", "sky_mag_arcsec2", "zero_point_mag", "depth_mag")
TOTALS = ("n_sources", "n_stars")


class SummarizeVisitConnections(PipelineTaskConnections, dimensions=("instrument", "visit")):
    """What `SummarizeVisitTask` reads and writes."""

    qualities = cT.Input(
        doc="Quality of the visit's images; detectors may be missing.",
        name="demo_detector_quality",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        minimum=1,
    )
    summary = cT.Output(
        doc="Quality of the visit: a table of one row.",
        name="demo_visit_summary",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit"),
    )


class SummarizeVisitConfig(PipelineTaskConfig, pipelineConnections=SummarizeVisitConnections):
    """Configuration of `SummarizeVisitTask`, which has nothing to choose."""


class SummarizeVisitTask(DemoTask):
    """Take medians over the detectors of one visit, however many there are."""

    ConfigClass = SummarizeVisitConfig
    _DefaultName = "summarizeVisit"

    def runQuantum(
        self, butlerQC: QuantumContext, inputRefs: InputQuantizedConnection, outputRefs: OutputQuantizedConnection
    ) -> None:
        """Read the qualities, sum them up and keep the summary."""
        visit = butlerQC.quantum.dataId.records["visit"]
        band = butlerQC.quantum.dataId["band"]
        butlerQC.put(self.run(butlerQC.get(inputRefs.qualities), visit=visit, band=band), outputRefs)

    def run(self, qualities: list[dict[str, Any]], *, visit: DimensionRecord, band: str) -> Struct:
        """Sum up a visit.

        Parameters
        ----------
        qualities : `list` [`dict`]
            Quality of each image, as `~demo_pipeline.tasks.measure_detector.MeasureDetectorTask` gives it.
        visit : `lsst.daf.butler.DimensionRecord`
            The visit: its id, day and time.
        band : `str`
            Filter band.

        Returns
        -------
        result : `lsst.pipe.base.Struct`
            ``summary``: `astropy.table.Table` of one row. Plain names hold the median over detectors, ``<name>_spread`` half
            of the range over them, ``n_…`` the sum; ``mid_mjd_tai`` is the middle of the visit.
        """
        begin, end = visit.timespan.begin, visit.timespan.end
        row: dict[str, Any] = {
            "visit": visit.id,
            "day_obs": visit.day_obs,
            "band": band,
            "mid_mjd_tai": float((begin.tai.mjd + end.tai.mjd) / 2),
            "exposure_time_s": float(qualities[0]["exposure_time_s"]),
            "n_exposures": int(qualities[0]["n_exposures"]),
            "n_detectors": len(qualities),
        }
        row |= {name: int(sum(quality[name] for quality in qualities)) for name in TOTALS}
        row |= {name: float(np.median([quality[name] for quality in qualities])) for name in MEDIANS}
        row |= {f"{name}_spread": float(np.ptp([quality[name] for quality in qualities]) / 2) for name in SPREADS}
        for name, value in row.items():
            self.metadata[name] = value
        self.log.info(
            "Visit %(visit)d in %(band)s, %(n_detectors)d detectors: seeing %(fwhm_arcsec).2f arcsec, sky "
            "%(sky_mag_arcsec2).2f mag/arcsec2, depth %(depth_mag).2f mag, %(n_stars)d stars.",
            row,
        )
        return Struct(summary=Table([row]))
