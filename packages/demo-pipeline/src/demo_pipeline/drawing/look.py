"""The look of the plots: sizes, colours, and axes on the sky.

Bands differ in colour and in the shape of their marks, so that neither printing nor eyesight decides what can be read.
"""

from __future__ import annotations

__all__ = ["GREY", "INK", "PALE", "add_heading", "band_style", "make_figure", "quiet", "set_sky_limits"]

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK = "#22303c"
GREY = "#6b7882"
PALE = "#dfe4e8"

_BAND_STYLES = {"r": ("#b5443a", "o"), "i": ("#5a4a9c", "s")}
_OTHER_STYLE = ("#2f7d6b", "D")


def make_figure(width_in: float, height_in: float) -> Figure:
    """Make an empty figure of the common look.

    Parameters
    ----------
    width_in, height_in : `float`
        Size in inches, at 150 pixels per inch.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
        The figure, without axes.
    """
    return Figure(figsize=(width_in, height_in), dpi=150, facecolor="white")


def band_style(band: str) -> dict[str, str]:
    """Choose the mark of a band.

    Parameters
    ----------
    band : `str`
        Filter band.

    Returns
    -------
    style : `dict` [`str`, `str`]
        ``color`` and ``marker``, as matplotlib names them.
    """
    colour, marker = _BAND_STYLES.get(band, _OTHER_STYLE)
    return {"color": colour, "marker": marker}


def add_heading(figure: Figure, title: str, subtitle: str) -> None:
    """Write a heading at the upper left.

    Parameters
    ----------
    figure : `matplotlib.figure.Figure`
        The figure, changed in place.
    title, subtitle : `str`
        What it shows, and of what.
    """
    height_in = figure.get_figheight()
    left_in = 0.28 / figure.get_figwidth()
    figure.text(left_in, 1 - 0.18 / height_in, title, fontsize=14, fontweight="bold", color=INK, va="top")
    figure.text(left_in, 1 - 0.48 / height_in, subtitle, fontsize=10, color=GREY, va="top")


def quiet(axes: Axes) -> None:
    """Calm the frame, the ticks and the grid of a panel.

    Parameters
    ----------
    axes : `matplotlib.axes.Axes`
        The panel, changed in place.
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=GREY, labelcolor=INK, labelsize=9, length=3)
    axes.set_axisbelow(True)


def set_sky_limits(axes: Axes, ra_deg: np.ndarray, dec_deg: np.ndarray, *, margin_deg: float) -> None:
    """Show a part of the sky: east to the left, and angles true at its middle.

    Parameters
    ----------
    axes : `matplotlib.axes.Axes`
        The panel, changed in place.
    ra_deg, dec_deg : `numpy.ndarray`
        Positions that must be seen.
    margin_deg : `float`
        Sky to leave around them.
    """
    quiet(axes)
    shrink = float(np.cos(np.radians(np.mean([np.min(dec_deg), np.max(dec_deg)]))))
    axes.set_xlim(np.max(ra_deg) + margin_deg / shrink, np.min(ra_deg) - margin_deg / shrink)
    axes.set_ylim(np.min(dec_deg) - margin_deg, np.max(dec_deg) + margin_deg)
    axes.set_aspect(1 / shrink)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlabel("right ascension (deg)", color=INK, fontsize=10)
    axes.set_ylabel("declination (deg)", color=INK, fontsize=10)
