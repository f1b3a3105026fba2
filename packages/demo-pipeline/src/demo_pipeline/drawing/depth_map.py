"""Draw how deep a tract has been observed."""

from __future__ import annotations

__all__ = ["draw_depth_map"]

import numpy as np
from matplotlib.figure import Figure

from ..image import SkyImage
from .look import GREY, INK, add_heading, make_figure, set_sky_limits


def draw_depth_map(depth: SkyImage, *, place: str) -> Figure:
    """Draw a depth map.

    Parameters
    ----------
    depth : `~demo_pipeline.image.SkyImage`
        The map, as `~demo_pipeline.tasks.map_depth.MapDepthTask` gives it.
    place : `str`
        What part of the sky this is, for the heading.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
        The map and its scale.
    """
    figure = make_figure(7.6, 6.6)
    axes = figure.add_axes((0.105, 0.09, 0.72, 0.755))
    rows, columns = depth.plane.shape
    ra_edges_deg, _ = depth.plane.to_sky(np.arange(-0.5, columns), np.full(columns + 1, (rows - 1) / 2))
    _, dec_edges_deg = depth.plane.to_sky(np.full(rows + 1, (columns - 1) / 2), np.arange(-0.5, rows))
    mesh = axes.pcolormesh(ra_edges_deg, dec_edges_deg, np.ma.masked_invalid(depth.pixels), cmap="viridis", rasterized=True)
    set_sky_limits(axes, ra_edges_deg, dec_edges_deg, margin_deg=0.0)
    axes.grid(color=GREY, alpha=0.2, linewidth=0.8)
    bar = figure.colorbar(mesh, cax=figure.add_axes((0.85, 0.15, 0.025, 0.6)))
    bar.set_label("5σ depth (AB mag), fainter is deeper", color=INK, fontsize=10)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=GREY, labelcolor=INK, labelsize=9)
    add_heading(figure, f"Depth in the {depth.header['FILTER']} band", f"{place}, {depth.header['NIMAGES']} images")
    return figure
