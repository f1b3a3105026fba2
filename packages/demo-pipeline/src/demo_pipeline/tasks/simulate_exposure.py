"""Make the image of one exposure of one detector."""

from __future__ import annotations

__all__ = ["SimulateExposureConfig", "SimulateExposureConnections", "SimulateExposureTask"]

import time
from typing import Any

from lsst.pex.config import Field, RangeField
from lsst.pipe.base import (
    InputQuantizedConnection,
    OutputQuantizedConnection,
    PipelineTaskConfig,
    PipelineTaskConnections,
    QuantumContext,
    Struct,
)
from lsst.pipe.base import connectionTypes as cT

from ..conditions import Conditions
from ..image import STORAGE_CLASS
from ..simulation import simulate_image
from .demo_task import DemoTask


class SimulateExposureConnections(PipelineTaskConnections, dimensions=("instrument", "exposure", "detector")):
    """What `SimulateExposureTask` reads and writes."""

    conditions = cT.Input(
        doc="Conditions of the telescope and the sky during the exposure.",
        name="demo_conditions",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "exposure", "detector"),
    )
    raw = cT.Output(
        doc="Image as it comes from the camera: counts with the sky in them.",
        name="demo_raw",
        storageClass=STORAGE_CLASS,
        dimensions=("instrument", "exposure", "detector"),
    )


class SimulateExposureConfig(PipelineTaskConfig, pipelineConnections=SimulateExposureConnections):
    """Configuration of `SimulateExposureTask`."""

    size_pix = RangeField[int](
        doc="Rows and columns of the image, which covers the centre of the detector.", default=256, min=64, max=2048
    )
    noise_seed = Field[int](doc="Seed of the noise; another seed observes the same sky again.", default=1)
    pause_s = RangeField[float](
        doc="Seconds to wait for every image, to slow a run down in a test; 0 for none.", default=0.0, min=0.0
    )


class SimulateExposureTask(DemoTask):
    """Simulate a window of one detector from the model sky and the conditions of the exposure."""

    ConfigClass = SimulateExposureConfig
    _DefaultName = "simulateExposure"

    def runQuantum(
        self, butlerQC: QuantumContext, inputRefs: InputQuantizedConnection, outputRefs: OutputQuantizedConnection
    ) -> None:
        """Read the conditions, make the image and keep it."""
        data_id = butlerQC.quantum.dataId
        seed = [self.config.noise_seed, data_id["exposure"], data_id["detector"]]
        butlerQC.put(self.run(butlerQC.get(inputRefs.conditions), seed=seed), outputRefs)

    def run(self, conditions: dict[str, Any], *, seed: list[int]) -> Struct:
        """Make the image.

        Parameters
        ----------
        conditions : `dict`
            What `~demo_pipeline.conditions.Conditions.to_dict` wrote.
        seed : `list` [`int`]
            Seed of the noise.

        Returns
        -------
        result : `lsst.pipe.base.Struct`
            ``raw``: the `~demo_pipeline.image.SkyImage`.
        """
        time.sleep(self.config.pause_s)
        raw = simulate_image(Conditions.from_dict(conditions), seed=seed, size_pix=self.config.size_pix)
        self.metadata["mean_adu"] = float(raw.pixels.mean())
        self.metadata["max_adu"] = int(raw.pixels.max())
        self.log.info(
            "Exposed %d x %d pixels for %g s in %s: mean %.0f ADU, brightest pixel %d ADU.",
            *raw.pixels.shape,
            raw.header["EXPTIME"],
            raw.header["FILTER"],
            self.metadata["mean_adu"],
            self.metadata["max_adu"],
        )
        return Struct(raw=raw)
