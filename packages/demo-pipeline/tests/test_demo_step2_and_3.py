"""The tract: tables, map and plots."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.table import Table
from lsst.daf.butler import Butler, DataCoordinate
from lsst.pipe.base import Struct
from matplotlib.figure import Figure
from PIL import Image

from demo_campaign import Campaign
from demo_pipeline.matching import merge_sources
from demo_pipeline.repository import BRIGHT_VISIT, SKYMAP
from demo_pipeline.tasks.combine_visits import CombineVisitsTask
from demo_pipeline.tasks.map_depth import MapDepthTask
from demo_pipeline.tasks.plot_depth import PlotDepthTask
from demo_pipeline.tasks.plot_seeing import PlotSeeingTask
from demo_pipeline.tasks.plot_visits import PlotVisitsTask
from demo_pipeline.tasks.summarize_visit import SummarizeVisitTask


@pytest.fixture(scope="module")
def tract(butler: Butler) -> DataCoordinate:
    with butler.query() as query:
        [data_id] = query.where(skymap=SKYMAP, tract=0).data_ids(["tract"]).with_dimension_records()
    return data_id


@pytest.fixture(scope="module")
def combined(campaign: Campaign, butler: Butler) -> Struct:
    summaries = []
    for visit in butler.query_dimension_records("visit"):
        found = {key: result.quality for key, result in campaign.measured.items() if key[0] == visit.id}
        if found:
            band = campaign.data_ids[next(iter(found))]["band"]
            summaries.append(SummarizeVisitTask().run(list(found.values()), visit=visit, band=band).summary)
    catalogues = [(campaign.data_ids[key]["band"], result.sources) for key, result in campaign.measured.items()]
    return CombineVisitsTask().run(summaries[::-1], catalogues)


@pytest.fixture(scope="module")
def depth(campaign: Campaign) -> Struct:
    keys = [key for key in campaign.measured if campaign.data_ids[key]["band"] == "i"]
    regions = [campaign.data_ids[key].region for key in keys]
    return MapDepthTask().run([campaign.measured[key].quality for key in keys], regions, band="i")


def test_visits_come_in_the_order_of_time(combined: Struct) -> None:
    assert len(combined.visits) == 10
    assert (np.diff(combined.visits["mid_mjd_tai"]) > 0).all()
    assert combined.visits["visit"][np.argmin(combined.visits["depth_mag"])] == BRIGHT_VISIT


def test_objects_are_seen_again_in_the_other_band(combined: Struct) -> None:
    objects = combined.objects
    both = (objects["n_r"] > 0) & (objects["n_i"] > 0)
    assert both.sum() > 100
    assert combined.statistics["n_repeated_objects"] >= both.sum()
    colour = (objects["mag_r"] - objects["mag_i"])[both & objects["is_star"]]
    assert 0.2 < np.median(colour) < 0.6
    assert np.isnan(objects["mag_r"][objects["n_r"] == 0]).all()


def test_statistics_are_of_all_and_of_each_band(combined: Struct) -> None:
    statistics = combined.statistics
    assert (statistics["n_visits"], statistics["n_detectors"]) == (10, 30)
    assert {band: numbers["n_visits"] for band, numbers in statistics["bands"].items()} == {"r": 5, "i": 5}
    assert statistics["bands"]["i"]["worst_depth_mag"] < statistics["bands"]["i"]["depth_mag"] - 1


def test_merging_keeps_sources_of_one_image_apart() -> None:
    def catalogue(ra_deg: list[float], mag: list[float]) -> Table:
        return Table({"ra_deg": ra_deg, "dec_deg": np.zeros(len(ra_deg)), "mag": mag, "is_star": [True] * len(ra_deg)})

    near = 0.3 / 3600
    first, second = catalogue([359.9999, 0.0001], [20.0, 21.0]), catalogue([0.0001 + near, 5.0], [22.0, np.nan])
    objects = merge_sources([("r", first), ("r", second)], radius_arcsec=0.7)
    assert objects["n_images"].tolist() == [1, 2, 1]
    np.testing.assert_allclose(objects["mag_r"], [20.0, 21.5, np.nan])


def test_the_map_is_deepest_where_images_overlap(depth: Struct, campaign: Campaign) -> None:
    pixels = depth.depth.pixels
    deepest = max(r.quality["depth_mag"] for key, r in campaign.measured.items() if campaign.data_ids[key]["band"] == "i")
    assert np.isnan(pixels[0, 0])
    assert deepest + 0.3 < np.nanmax(pixels) < deepest + 1.25
    plane = depth.depth.plane
    for key, result in campaign.measured.items():
        if campaign.data_ids[key]["band"] == "i":
            x, y = plane.to_pixels(result.image.plane.ra_deg, result.image.plane.dec_deg)
            assert pixels[round(float(y)), round(float(x))] >= result.quality["depth_mag"] - 1e-4


def read_png(figure: Figure) -> np.ndarray:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    assert stream.getvalue().startswith(b"\x89PNG")
    return np.asarray(Image.open(stream).convert("RGB"))


def share(pixels: np.ndarray, colour: str, *, tolerance: int = 12) -> float:
    """Give the share of the pixels that have about a colour."""
    wanted = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)])
    return float((np.abs(pixels.astype(int) - wanted).max(axis=-1) <= tolerance).mean())


def test_the_seeing_plot_marks_every_visit(combined: Struct, tract: DataCoordinate) -> None:
    task = PlotSeeingTask()
    figure = task.run(combined.visits, data_id=tract).plot
    points = [container for axes in figure.axes for container in axes.containers]
    assert sum(len(container.lines[0].get_xdata()) for container in points) == 3 * 10
    assert str(BRIGHT_VISIT) in " ".join(label.get_text() for label in figure.axes[-1].get_xticklabels())
    pixels = read_png(figure)
    assert pixels.shape == (1050, 1500, 3)
    assert share(pixels, "#b5443a") > 0.001
    assert share(pixels, "#5a4a9c") > 0.001
    assert 0.7 < share(pixels, "#ffffff") < 0.99
    assert task.metadata["n_visits"] == 10


def test_the_sky_plot_shows_tract_visits_and_detectors(campaign: Campaign, tract: DataCoordinate) -> None:
    task = PlotVisitsTask()
    figure = task.run([campaign.data_ids[key] for key in campaign.measured], tract=tract).plot
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["r band: 5 visits, 14 detectors", "i band: 5 visits, 16 detectors"]
    # A tract, two outlines for each visit, and the detectors.
    assert [len(axes.patches) for axes in figure.axes] == [1 + 2 * 5 + 14, 1 + 2 * 5 + 16]
    low, high = figure.axes[0].get_xlim()
    assert low > high, "east is to the left"
    assert share(read_png(figure), "#ffffff") < 0.9
    assert (task.metadata["n_visits"], task.metadata["n_detectors"]) == (10, 30)


def test_the_depth_plot_shows_the_map(depth: Struct, tract: DataCoordinate) -> None:
    figure = PlotDepthTask().run(depth.depth, data_id=tract).plot
    pixels = read_png(figure)
    assert 0.3 < share(pixels, "#ffffff") < 0.95
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 100
    assert "AB mag" in figure.axes[1].get_ylabel()
