"""Plot how deep a tract has been observed in one band."""

from __future__ import annotations

__all__ = ["PlotDepthConfig", "PlotDepthConnections", "PlotDepthTask"]

import numpy as np
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

from ..image import STORAGE_CLASS, SkyImage
from .demo_task import DemoTask


class PlotDepthConnections(PipelineTaskConnections, dimensions=("skymap", "tract", "band")):
    """What `PlotDepthTask` reads and writes."""

    depth = cT.Input(
        doc="Five-sigma depth, AB magnitudes.",
        name="demo_depth_map",
        storageClass=STORAGE_CLASS,
        dimensions=("skymap", "tract", "band"),
    )
    plot = cT.Output(
        doc="The depth as a map.",
        name="demo_depth_plot",
        storageClass="Plot",
        dimensions=("skymap", "tract", "band"),
    )


class PlotDepthConfig(PipelineTaskConfig, pipelineConnections=PlotDepthConnections):
    """Configuration of `PlotDepthTask`, which has nothing to choose."""


class PlotDepthTask(DemoTask):
    """Draw the depth map of one band."""

    ConfigClass = PlotDepthConfig
    _DefaultName = "plotDepth"

    def runQuantum(
        self, butlerQC: QuantumContext, inputRefs: InputQuantizedConnection, outputRefs: OutputQuantizedConnection
    ) -> None:
        """Read the map, make the plot and keep it."""
        butlerQC.put(self.run(butlerQC.get(inputRefs.depth), data_id=butlerQC.quantum.dataId), outputRefs)

    def run(self, depth: SkyImage, *, data_id: DataCoordinate) -> Struct:
        """Make the plot.

        Parameters
        ----------
        depth : `~demo_pipeline.image.SkyImage`
            The map, magnitudes.
        data_id : `lsst.daf.butler.DataCoordinate`
            The tract.

        Returns
        -------
        result : `lsst.pipe.base.Struct`
            ``plot``: `matplotlib.figure.Figure`.
        """
        from ..drawing.depth_map import draw_depth_map  # noqa: PLC0415 (only the job itself needs matplotlib)

        self.metadata["n_pixels"] = int(np.isfinite(depth.pixels).sum())
        self.log.info("Plotted the depth in %s of %d images.", depth.header["FILTER"], depth.header["NIMAGES"])
        return Struct(plot=draw_depth_map(depth, place=f"tract {data_id['tract']} of {data_id['skymap']}"))
