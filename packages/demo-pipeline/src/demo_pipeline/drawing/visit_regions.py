"""Draw where on the sky the visits lie."""

from __future__ import annotations

__all__ = ["draw_visit_regions"]

import numpy as np
from lsst.daf.butler import DataCoordinate
from lsst.sphgeom import LonLat, Region
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from .look import GREY, INK, add_heading, band_style, make_figure, set_sky_limits


def draw_visit_regions(images: list[DataCoordinate], *, tract: DataCoordinate) -> Figure:
    """Draw the regions of a tract, the visits and the detectors.

    Parameters
    ----------
    images : `list` [`lsst.daf.butler.DataCoordinate`]
        Visit and detector of each image, with their dimension records.
    tract : `lsst.daf.butler.DataCoordinate`
        The tract, with its dimension record.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
        A panel for each band.
    """
    bands = sorted({image["band"] for image in images}, key="ugrizy".find)
    figure = make_figure(0.95 + 5.6 * len(bands), 6.9)
    panels = figure.subplots(1, len(bands), sharey=True, squeeze=False)[0]
    figure.subplots_adjust(left=0.8 / figure.get_figwidth(), right=0.985, top=0.85, bottom=0.085, wspace=0.05)
    outline = _outline(tract.region)
    upper_left = outline[np.argmax(outline.sum(axis=1))]
    for axes, band in zip(panels, bands, strict=True):
        chosen = [image for image in images if image["band"] == band]
        set_sky_limits(axes, *outline.T, margin_deg=0.12)
        axes.add_patch(Polygon(outline, fill=False, edgecolor=INK, linewidth=1.4, linestyle=(0, (6, 3))))
        label = f"tract {tract['tract']}"
        axes.annotate(label, upper_left, (8, -16), textcoords="offset points", color=INK, fontsize=10)
        n_visits = _draw_visits(axes, chosen, band_style(band)["color"])
        axes.set_title(f"{band} band: {n_visits} visits, {len(chosen)} detectors", loc="left", color=INK, fontsize=11)
    for axes in panels[1:]:
        axes.set_ylabel("")
    subtitle = f"tract {tract['tract']} of {tract['skymap']}; pale: the whole field, filled: measured detectors"
    add_heading(figure, "Visits on the sky", subtitle)
    return figure


def _outline(region: Region) -> np.ndarray:
    """Give the corners of a polygon on the sky, degrees, shape (n, 2), in order."""
    corners = [LonLat(corner) for corner in region.getVertices()]
    return np.array([(corner.getLon().asDegrees(), corner.getLat().asDegrees()) for corner in corners])


def _draw_visits(axes: Axes, images: list[DataCoordinate], colour: str) -> int:
    """Draw fields, then detectors, then the visits' numbers over both; give the number of visits."""
    visits = {image["visit"]: image.records["visit"].region for image in images}
    for region in visits.values():
        axes.add_patch(Polygon(_outline(region), facecolor=colour, alpha=0.06, edgecolor="none"))
        axes.add_patch(Polygon(_outline(region), fill=False, edgecolor=colour, alpha=0.5, linewidth=0.8))
    for image in images:
        corners = _outline(image.region)
        axes.add_patch(Polygon(corners, facecolor=colour, alpha=0.4, edgecolor="white", linewidth=0.8))
    for visit, region in visits.items():
        centre = LonLat(region.getCentroid())
        place = (centre.getLon().asDegrees(), centre.getLat().asDegrees())
        axes.plot(*place, "+", color=INK, markersize=7, markeredgewidth=1.2)
        halo = [patheffects.withStroke(linewidth=2.5, foreground="white")]
        axes.annotate(
            str(visit), place, (0, 6), textcoords="offset points", ha="center", fontsize=7, color=INK, path_effects=halo
        )
    axes.grid(color=GREY, alpha=0.15, linewidth=0.8)
    return len(visits)
