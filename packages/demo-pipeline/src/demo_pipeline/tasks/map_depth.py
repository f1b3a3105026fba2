"""Map how deep a tract has been observed in one band."""

from __future__ import annotations

__all__ = ["MapDepthConfig", "MapDepthConnections", "MapDepthTask"]

from typing import Any

import numpy as np
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
from lsst.sphgeom import LonLat, Region

from ..image import STORAGE_CLASS, SkyImage
from ..projection import TangentPlane
from .demo_task import DemoTask


class MapDepthConnections(PipelineTaskConnections, dimensions=("skymap", "tract", "band")):
    """What `MapDepthTask` reads and writes."""

    qualities = cT.Input(
        doc="Quality of the images of the tract.",
        name="demo_detector_quality",
        storageClass="StructuredDataDict",
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        minimum=1,
    )
    depth = cT.Output(
        doc="Five-sigma depth of all images together, AB magnitudes; not a number where there are none.",
        name="demo_depth_map",
        storageClass=STORAGE_CLASS,
        dimensions=("skymap", "tract", "band"),
    )


class MapDepthConfig(PipelineTaskConfig, pipelineConnections=MapDepthConnections):
    """Configuration of `MapDepthTask`."""

    pixel_arcsec = RangeField[float](doc="Size of a pixel of the map, arcsec.", default=10.0, min=1.0)
    margin_deg = RangeField[float](doc="Empty sky to leave around the images, degrees.", default=0.05, min=0.0)


class MapDepthTask(DemoTask):
    """Add up the depths of overlapping images, each over the region of its detector."""

    ConfigClass = MapDepthConfig
    _DefaultName = "mapDepth"

    def runQuantum(
        self, butlerQC: QuantumContext, inputRefs: InputQuantizedConnection, outputRefs: OutputQuantizedConnection
    ) -> None:
        """Read the qualities, make the map and keep it."""
        regions = [ref.dataId.region for ref in inputRefs.qualities]
        band = butlerQC.quantum.dataId["band"]
        butlerQC.put(self.run(butlerQC.get(inputRefs.qualities), regions, band=band), outputRefs)

    def run(self, qualities: list[dict[str, Any]], regions: list[Region], *, band: str) -> Struct:
        """Make the map.

        Parameters
        ----------
        qualities : `list` [`dict`]
            Quality of each image, as `~demo_pipeline.tasks.measure_detector.MeasureDetectorTask` gives it.
        regions : `list` [`lsst.sphgeom.Region`]
            Region of each image.
        band : `str`
            Filter band.

        Returns
        -------
        result : `lsst.pipe.base.Struct`
            ``depth``: `~demo_pipeline.image.SkyImage` in magnitudes.

        Notes
        -----
        Fluxes at five sigma add in inverse quadrature, as they do in an optimally weighted coadd.
        """
        plane = self._make_plane(regions)
        rows, columns = np.indices(plane.shape)
        lon, lat = (np.radians(angle) for angle in plane.to_sky(columns, rows))
        weight = np.zeros(plane.shape)
        for quality, region in zip(qualities, regions, strict=True):
            weight += region.contains(lon, lat) * 10 ** (0.8 * quality["depth_mag"])
        with np.errstate(divide="ignore"):
            depth = np.where(weight > 0, 1.25 * np.log10(weight), np.nan).astype(np.float32)
        area_deg2 = float((weight > 0).sum() * plane.scale_deg**2)
        deepest, median = float(np.nanmax(depth)), float(np.nanmedian(depth))
        self.metadata["area_deg2"] = area_deg2
        self.metadata["median_depth_mag"] = median
        self.metadata["deepest_mag"] = deepest
        self.log.info(
            "%d images in %s cover %.2f square degrees: median depth %.2f mag, deepest %.2f mag.",
            *(len(regions), band, area_deg2, median, deepest),
        )
        return Struct(depth=SkyImage(depth, plane, "mag", {"FILTER": band, "NIMAGES": len(regions)}))

    def _make_plane(self, regions: list[Region]) -> TangentPlane:
        """Choose a plane that holds all regions and a margin."""
        corners = [LonLat(corner) for region in regions for corner in region.getVertices()]
        ra = np.array([corner.getLon().asDegrees() for corner in corners])
        dec = np.array([corner.getLat().asDegrees() for corner in corners])
        # Angles are taken from the first corner, so that regions on both sides of 0h lie together.
        east = (ra - ra[0] + 180) % 360 - 180
        ra_deg, dec_deg = (ra[0] + (east.min() + east.max()) / 2) % 360, (dec.min() + dec.max()) / 2
        scale_deg = self.config.pixel_arcsec / 3600
        height = int(np.ceil((np.ptp(dec) + 2 * self.config.margin_deg) / scale_deg))
        width = int(np.ceil((np.ptp(east) * np.cos(np.radians(dec_deg)) + 2 * self.config.margin_deg) / scale_deg))
        return TangentPlane(float(ra_deg), float(dec_deg), self.config.pixel_arcsec, (height, width))
