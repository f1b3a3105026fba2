"""Draw how the quality of the visits went with time."""

from __future__ import annotations

__all__ = ["draw_visit_quality"]

import numpy as np
from astropy.table import Table
from astropy.time import Time
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .look import GREY, INK, PALE, add_heading, band_style, make_figure, quiet

PANELS = (
    ("fwhm_arcsec", "seeing, FWHM\n(arcsec)"),
    ("sky_mag_arcsec2", "sky brightness\n(mag arcsec$^{-2}$)"),
    ("depth_mag", "5σ depth\n(AB mag)"),
)
"""Column of each panel, and its label."""


def draw_visit_quality(visits: Table, *, place: str) -> Figure:
    """Draw seeing, sky brightness and depth of each visit, night by night.

    Parameters
    ----------
    visits : `astropy.table.Table`
        One row for each visit, in the order of time, as
        `~demo_pipeline.tasks.combine_visits.CombineVisitsTask` gives it.
    place : `str`
        What part of the sky this is, for the heading.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
        A panel for each quantity.
    """
    figure = make_figure(10, 7)
    panels = figure.subplots(len(PANELS), 1, sharex=True)
    figure.subplots_adjust(left=0.115, right=0.955, top=0.845, bottom=0.105, hspace=0.14)
    for axes, (column, label) in zip(panels, PANELS, strict=True):
        _draw_panel(axes, visits, column)
        axes.set_ylabel(label, color=INK, fontsize=10)
    figure.align_ylabels(panels)
    _label_nights(panels[0], visits)
    _label_visits(panels[-1], visits)
    # A brighter sky is up, and so is a better depth.
    panels[1].invert_yaxis()
    _add_legend(figure, panels[0])
    n_nights = len(set(visits["day_obs"]))
    subtitle = f"{place}, {len(visits)} visits on {n_nights} nights; bars: range over detectors, dashes: median of the band"
    add_heading(figure, "Quality of the visits", subtitle)
    return figure


def _draw_panel(axes: Axes, visits: Table, column: str) -> None:
    """Draw one quantity of every visit, and the median of each band."""
    quiet(axes)
    axes.grid(axis="y", color=PALE, linewidth=0.8)
    order = np.arange(len(visits))
    for band in sorted({str(band) for band in visits["band"]}, reverse=True):
        chosen = np.asarray(visits["band"]) == band
        values, spreads = np.asarray(visits[column])[chosen], np.asarray(visits[f"{column}_spread"])[chosen]
        style = band_style(band)
        where = order[chosen]
        axes.hlines(
            np.median(values), where.min() - 0.3, where.max() + 0.3, colors=style["color"], linestyles=(0, (5, 4)), lw=0.9
        )
        axes.errorbar(where, values, spreads, ls="none", ms=7, elinewidth=1.2, capsize=3, label=f"{band} band", **style)
    axes.margins(y=0.18)


def _label_nights(top: Axes, visits: Table) -> None:
    """Name each night above the panels and divide the nights by a line."""
    days = np.asarray(visits["day_obs"])
    for day in sorted(set(days.tolist())):
        where = np.flatnonzero(days == day)
        text = f"{day // 10000}-{day // 100 % 100:02d}-{day % 100:02d}"
        top.annotate(
            text,
            ((where.min() + where.max()) / 2, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=GREY,
            fontsize=10,
        )
        if where.min() > 0:
            for axes in top.figure.axes:
                axes.axvline(where.min() - 0.5, color=GREY, linewidth=0.8)


def _label_visits(bottom: Axes, visits: Table) -> None:
    """Write visit and time below the panels, as many as fit."""
    times = Time(np.asarray(visits["mid_mjd_tai"]), format="mjd", scale="tai").utc.to_value("iso", subfmt="date_hm")
    step = max(1, int(np.ceil(len(visits) / 12)))
    ticks = np.arange(0, len(visits), step)
    bottom.set_xticks(ticks, [f"{visits['visit'][tick]}\n{times[tick][-5:]}" for tick in ticks])
    bottom.set_xlim(-0.6, len(visits) - 0.4)
    bottom.set_xlabel("visit and its time (UTC)", color=INK, fontsize=10)


def _add_legend(figure: Figure, axes: Axes) -> None:
    """Name the bands at the upper right."""
    handles, labels = axes.get_legend_handles_labels()
    place = {"loc": "upper right", "bbox_to_anchor": (0.965, 0.985)}
    figure.legend(handles, labels, ncols=len(labels), frameon=False, fontsize=10, labelcolor=INK, handletextpad=0.3, **place)
