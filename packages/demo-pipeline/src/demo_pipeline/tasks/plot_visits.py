"""Plot where on the sky the visits lie."""

from __future__ import annotations

__all__ = ["PlotVisitsConfig", "PlotVisitsConnections", "PlotVisitsTask"]

from collections.abc import Iterable

from lsst.daf.butler import DataCoordinate
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


class PlotVisitsConnections(PipelineTaskConnections, dimensions=("skymap", "tract")):
    """What `PlotVisitsTask` reads and writes."""

    qualities = cT.Input(
        doc="Quality of the images; only their data IDs are used.",
        name="demo_detector_quality",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        deferLoad=True,
        minimum=1,
    )
    plot = cT.Output(
        doc="Outlines of the tract, the visits and their detectors on the sky.",
        name="demo_visits_plot",
        storageClass="Plot",
        dimensions=("skymap", "tract"),
    )


class PlotVisitsConfig(PipelineTaskConfig, pipelineConnections=PlotVisitsConnections):
    """Configuration of `PlotVisitsTask`, which has nothing to choose."""


class PlotVisitsTask(DemoTask):
    """Plot the regions of the tract, the visits and the detectors, a panel for each band."""

    ConfigClass = PlotVisitsConfig
    _DefaultName = "plotVisits"

    def runQuantum(
        self, butlerQC: QuantumContext, inputRefs: InputQuantizedConnection, outputRefs: OutputQuantizedConnection
    ) -> None:
        """Make the plot and keep it; no dataset is read."""
        data_ids = [ref.dataId for ref in inputRefs.qualities]
        butlerQC.put(self.run(data_ids, tract=butlerQC.quantum.dataId), outputRefs)

    def run(self, data_ids: Iterable[DataCoordinate], *, tract: DataCoordinate) -> Struct:
        """Make the plot.

        Parameters
        ----------
        data_ids : `~collections.abc.Iterable` [`lsst.daf.butler.DataCoordinate`]
            Visit and detector of each image, with their dimension records.
        tract : `lsst.daf.butler.DataCoordinate`
            The tract, with its dimension record.

        Returns
        -------
        result : `lsst.pipe.base.Struct`
            ``plot``: `matplotlib.figure.Figure`.
        """
        from ..drawing.visit_regions import draw_visit_regions  # noqa: PLC0415 (only the job itself needs matplotlib)

        images = sorted(data_ids, key=lambda data_id: (data_id["visit"], data_id["detector"]))
        n_visits = len({image["visit"] for image in images})
        self.metadata["n_visits"] = n_visits
        self.metadata["n_detectors"] = len(images)
        self.log.info("Plotted the regions of %d visits and %d detectors.", n_visits, len(images))
        return Struct(plot=draw_visit_regions(images, tract=tract))
