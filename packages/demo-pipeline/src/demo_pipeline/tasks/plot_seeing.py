"""Plot how the quality of the visits went with time."""

from __future__ import annotations

__all__ = ["PlotSeeingConfig", "PlotSeeingConnections", "PlotSeeingTask"]

from astropy.table import Table
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


class PlotSeeingConnections(PipelineTaskConnections, dimensions=("skymap", "tract")):
    """What `PlotSeeingTask` reads and writes."""

    visits = cT.Input(
        doc="Quality of all visits, in the order of time.",
        name="demo_tract_visits",
        storageClass="ArrowAstropy",
        dimensions=("skymap", "tract"),
    )
    plot = cT.Output(
        doc="Seeing, sky brightness and depth of each visit against time.",
        name="demo_seeing_plot",
        storageClass="Plot",
        dimensions=("skymap", "tract"),
    )


class PlotSeeingConfig(PipelineTaskConfig, pipelineConnections=PlotSeeingConnections):
    """Configuration of `PlotSeeingTask`, which has nothing to choose."""


class PlotSeeingTask(DemoTask):
    """Plot seeing, sky brightness and depth of each visit, night by night."""

    ConfigClass = PlotSeeingConfig
    _DefaultName = "plotSeeing"

    def runQuantum(
        self, butlerQC: QuantumContext, inputRefs: InputQuantizedConnection, outputRefs: OutputQuantizedConnection
    ) -> None:
        """Read the table, make the plot and keep it."""
        butlerQC.put(self.run(butlerQC.get(inputRefs.visits), data_id=butlerQC.quantum.dataId), outputRefs)

    def run(self, visits: Table, *, data_id: DataCoordinate) -> Struct:
        """Make the plot.

        Parameters
        ----------
        visits : `astropy.table.Table`
            One row for each visit, in the order of time.
        data_id : `lsst.daf.butler.DataCoordinate`
            The tract.

        Returns
        -------
        result : `lsst.pipe.base.Struct`
            ``plot``: `matplotlib.figure.Figure`.
        """
        from ..drawing.visit_quality import draw_visit_quality  # noqa: PLC0415 (only the job itself needs matplotlib)

        figure = draw_visit_quality(visits, place=f"tract {data_id['tract']} of {data_id['skymap']}")
        self.metadata["n_visits"] = len(visits)
        self.log.info("Plotted the quality of %d visits.", len(visits))
        return Struct(plot=figure)
