"""Combine the visits of one tract."""

from __future__ import annotations

__all__ = ["CombineVisitsConfig", "CombineVisitsConnections", "CombineVisitsTask"]

from typing import Any

import numpy as np
from astropy.table import Table, vstack
from lsst.pex.config import RangeField
from lsst.pipe.base import (
    InputQuantizedConnection,
    OutputQuantizedConnection,
    PipelineTaskConfig,
    PipelineTaskConnections,
    QuantumContext,
    Struct,
)
from lsst.pipe.base import connectionTypes as cT

from ..matching import merge_sources
from .demo_task import DemoTask


class CombineVisitsConnections(PipelineTaskConnections, dimensions=("skymap", "tract")):
    """What `CombineVisitsTask` reads and writes."""

    summaries = cT.Input(
        doc="Quality of each visit.",
        name="demo_visit_summary",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit"),
        multiple=True,
        minimum=1,
    )
    sources = cT.Input(
        doc="Sources of each image.",
        name="demo_sources",
        storageClass="ArrowAstropy",
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        minimum=1,
    )
    visits = cT.Output(
        doc="Quality of all visits, in the order of time.",
        name="demo_tract_visits",
        storageClass="ArrowAstropy",
        dimensions=("skymap", "tract"),
    )
    objects = cT.Output(
        doc="Objects of the tract, with their mean magnitude in each band.",
        name="demo_tract_objects",
        storageClass="ArrowAstropy",
        dimensions=("skymap", "tract"),
    )
    statistics = cT.Output(
        doc="Overall statistics, for all visits and for each band.",
        name="demo_tract_statistics",
        storageClass="StructuredDataDict",
        dimensions=("skymap", "tract"),
    )


class CombineVisitsConfig(PipelineTaskConfig, pipelineConnections=CombineVisitsConnections):
    """Configuration of `CombineVisitsTask`."""

    match_arcsec = RangeField[float](doc="How far apart two sources may be that are one object, arcsec.", default=0.7, min=0.0)


class CombineVisitsTask(DemoTask):
    """Put the visits of a tract in one table, merge their sources into objects and give overall statistics."""

    ConfigClass = CombineVisitsConfig
    _DefaultName = "combineVisits"

    def runQuantum(
        self, butlerQC: QuantumContext, inputRefs: InputQuantizedConnection, outputRefs: OutputQuantizedConnection
    ) -> None:
        """Read summaries and sources, combine them and keep what came of it."""
        refs = sorted(inputRefs.sources, key=lambda ref: (ref.dataId["visit"], ref.dataId["detector"]))
        catalogues = [(ref.dataId["band"], butlerQC.get(ref)) for ref in refs]
        butlerQC.put(self.run(butlerQC.get(inputRefs.summaries), catalogues), outputRefs)

    def run(self, summaries: list[Table], catalogues: list[tuple[str, Table]]) -> Struct:
        """Combine visits.

        Parameters
        ----------
        summaries : `list` [`astropy.table.Table`]
            One row for each visit, as `~demo_pipeline.tasks.summarize_visit.SummarizeVisitTask` gives it.
        catalogues : `list` [`tuple` [`str`, `astropy.table.Table`]]
            Band and sources of each image.

        Returns
        -------
        result : `lsst.pipe.base.Struct`
            ``visits`` and ``objects`` (`astropy.table.Table`) and ``statistics`` (`dict`), as the connections describe them.
        """
        visits = vstack(summaries)
        visits.sort("mid_mjd_tai")
        objects = merge_sources(catalogues, radius_arcsec=self.config.match_arcsec)
        statistics = summarize_tract(visits, objects)
        self.metadata.set_dict("statistics", statistics)
        for band, numbers in statistics["bands"].items():
            self.log.info(
                "%d visits in %s: median seeing %.2f arcsec, median depth %.2f mag, worst %.2f mag.",
                numbers["n_visits"],
                band,
                numbers["fwhm_arcsec"],
                numbers["depth_mag"],
                numbers["worst_depth_mag"],
            )
        self.log.info("%d visits with %d images and %d objects.", len(visits), statistics["n_detectors"], statistics["n_objects"])
        return Struct(visits=visits, objects=objects, statistics=statistics)


def summarize_tract(visits: Table, objects: Table) -> dict[str, Any]:
    """Give overall statistics of a tract.

    Parameters
    ----------
    visits : `astropy.table.Table`
        One row for each visit.
    objects : `astropy.table.Table`
        What `~demo_pipeline.matching.merge_sources` gives.

    Returns
    -------
    statistics : `dict`
        Plain numbers; those of each band are under ``bands``.
    """
    bands = {}
    for band in sorted({str(band) for band in visits["band"]}):
        chosen = visits[np.asarray(visits["band"]) == band]
        bands[band] = {
            "n_visits": len(chosen),
            "n_objects": int((objects[f"n_{band}"] > 0).sum()),
            "fwhm_arcsec": float(np.median(chosen["fwhm_arcsec"])),
            "sky_mag_arcsec2": float(np.median(chosen["sky_mag_arcsec2"])),
            "zero_point_mag": float(np.median(chosen["zero_point_mag"])),
            "depth_mag": float(np.median(chosen["depth_mag"])),
            "worst_depth_mag": float(np.min(chosen["depth_mag"])),
        }
    return {
        "n_visits": len(visits),
        "n_detectors": int(np.sum(visits["n_detectors"])),
        "n_objects": len(objects),
        "n_repeated_objects": int((objects["n_images"] > 1).sum()),
        "bands": bands,
    }
