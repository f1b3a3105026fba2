"""Images, measurements and summaries: what fails, fails because of what is in the image."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from astropy.table import Table
from lsst.daf.butler import Butler

from demo_campaign import Campaign
from demo_pipeline.conditions import ZERO_POINT_MAG, Conditions, typical_conditions
from demo_pipeline.matching import match_nearest
from demo_pipeline.projection import TangentPlane
from demo_pipeline.repository import BRIGHT_VISIT, SNAP_VISIT, TRAILED_VISIT
from demo_pipeline.simulation import FWHM_PER_SIGMA, PIXEL_SCALE_ARCSEC, add_objects, simulate_image
from demo_pipeline.sky import objects_near
from demo_pipeline.tasks.measure_detector import MeasureDetectorTask, NoReferenceError, NoStarsError
from demo_pipeline.tasks.simulate_exposure import SimulateExposureTask
from demo_pipeline.tasks.summarize_visit import SummarizeVisitTask

ORDINARY = typical_conditions(exposure=1, detector=2, band="r", ra_deg=320.8, dec_deg=-0.35, exposure_time_s=30.0)


def test_only_the_trailed_visit_shows_no_stars(campaign: Campaign) -> None:
    assert {visit for visit, _ in campaign.failed} == {TRAILED_VISIT}
    assert TRAILED_VISIT not in {visit for visit, _ in campaign.measured}
    assert len(campaign.failed) == 3
    for error in campaign.failed.values():
        assert error.metadata["n_detections"] > 10
        assert error.metadata["n_round"] == 0
        assert error.metadata["median_axis_ratio"] < 0.3
        assert str(error).startswith(f"no stars found: {error.metadata['n_detections']} detections, all elongated")


def test_a_drift_alone_makes_the_same_image_fail(reference: Table) -> None:
    measure = MeasureDetectorTask()
    steady = simulate_image(ORDINARY, seed=[1], size_pix=256)
    drifting = simulate_image(dataclasses.replace(ORDINARY, drift_arcsec=22.0), seed=[1], size_pix=256)
    assert measure.run([steady], reference, band="r").quality["n_stars"] > 5
    with pytest.raises(NoStarsError):
        measure.run([drifting], reference, band="r")


def test_an_empty_image_says_that_nothing_was_detected(reference: Table) -> None:
    raw = simulate_image(ORDINARY, seed=[1], size_pix=128)
    flat = dataclasses.replace(raw, pixels=np.random.default_rng(1).poisson(1000, raw.pixels.shape).astype(np.uint16))
    config = MeasureDetectorTask.ConfigClass()
    config.threshold_sigma = 10.0
    with pytest.raises(NoStarsError, match="no stars found: nothing detected") as caught:
        MeasureDetectorTask(config=config).run([flat], reference, band="r")
    assert caught.value.metadata == {"n_detections": 0, "n_round": 0, "n_stars": 0, "n_needed": 3}


def test_stars_without_a_reference_give_no_zero_point() -> None:
    raw = simulate_image(ORDINARY, seed=[1], size_pix=256)
    elsewhere = Table({"ra_deg": [0.0], "dec_deg": [0.0], "mag_r": [20.0]})
    with pytest.raises(NoReferenceError, match="is among 1 reference stars"):
        MeasureDetectorTask().run([raw], elsewhere, band="r")


def test_seeing_and_zero_point_are_recovered(campaign: Campaign) -> None:
    for key, result in campaign.measured.items():
        truth = [Conditions.from_dict(each) for each in campaign.conditions[key]]
        seeing = np.mean([each.seeing_fwhm_arcsec * np.sqrt(each.psf_axis_ratio) for each in truth])
        zero_point = np.mean([ZERO_POINT_MAG[each.band] - each.extinction_mag for each in truth])
        assert result.quality["fwhm_arcsec"] == pytest.approx(seeing, rel=0.1)
        assert result.quality["zero_point_mag"] == pytest.approx(zero_point, abs=0.06)
        # The sky shines below the atmosphere, but its brightness is told by a zero point that stars give from above it.
        sky = np.mean([each.sky_mag_arcsec2 - each.extinction_mag for each in truth])
        assert result.quality["sky_mag_arcsec2"] == pytest.approx(sky, abs=0.1)


def test_the_bright_visit_is_shallow_but_whole(campaign: Campaign) -> None:
    bright = [result.quality for (visit, _), result in campaign.measured.items() if visit == BRIGHT_VISIT]
    others = [
        result.quality
        for (visit, detector), result in campaign.measured.items()
        if visit != BRIGHT_VISIT and campaign.data_ids[visit, detector]["band"] == "i"
    ]
    assert len(bright) == 4
    assert max(each["sky_mag_arcsec2"] for each in bright) < min(each["sky_mag_arcsec2"] for each in others) - 2
    assert max(each["depth_mag"] for each in bright) < min(each["depth_mag"] for each in others) - 1


def test_the_snaps_of_a_visit_are_added_up(campaign: Campaign) -> None:
    keys = [key for key in campaign.measured if key[0] == SNAP_VISIT]
    assert len(keys) == 3
    for key in keys:
        first, second = campaign.raws[key]
        assert (first.pixels != second.pixels).any()
        assert first.plane == second.plane
        quality = campaign.measured[key].quality
        assert (quality["n_exposures"], quality["exposure_time_s"]) == (2, 30.0)


def test_depth_is_where_a_star_is_five_times_its_noise(campaign: Campaign) -> None:
    for result in campaign.measured.values():
        quality = result.quality
        sigma_pix = quality["fwhm_arcsec"] / FWHM_PER_SIGMA / PIXEL_SCALE_ARCSEC
        flux_e = 10 ** (0.4 * (quality["zero_point_mag"] - quality["depth_mag"])) * quality["exposure_time_s"]
        assert flux_e / (quality["noise_e"] * np.sqrt(4 * np.pi) * sigma_pix) == pytest.approx(5, rel=1e-3)


def test_stars_are_stars_of_the_model(campaign: Campaign) -> None:
    hits, total = 0, 0
    for result in campaign.measured.values():
        plane = result.image.plane
        model = objects_near(plane.ra_deg, plane.dec_deg, 0.03)
        stars = result.sources[result.sources["is_star"]]
        nearest = match_nearest(stars["ra_deg"], stars["dec_deg"], model.ra_deg, model.dec_deg, radius_arcsec=0.7)
        hits += int((model.radius_arcsec[nearest[nearest >= 0]] == 0).sum())
        total += len(stars)
    assert total > 300
    assert hits / total > 0.97


def test_light_is_conserved_with_and_without_drift() -> None:
    plane = TangentPlane(320.8, -0.35, PIXEL_SCALE_ARCSEC, (400, 400))
    objects = objects_near(320.8, -0.35, 0.03)
    x, y = plane.to_pixels(objects.ra_deg, objects.dec_deg)
    middle = objects.select((np.abs(x - 200) < 60) & (np.abs(y - 200) < 60))
    expected = (10 ** (0.4 * (ZERO_POINT_MAG["r"] - middle.mag_r - ORDINARY.extinction_mag)) * 30.0).sum()
    for drift_arcsec in (0.0, 22.0):
        electrons = np.zeros(plane.shape)
        add_objects(electrons, middle, plane, dataclasses.replace(ORDINARY, drift_arcsec=drift_arcsec))
        assert electrons.sum() == pytest.approx(expected, rel=1e-3)


def test_the_same_seed_makes_the_same_image(campaign: Campaign) -> None:
    key = next(iter(campaign.raws))
    conditions = campaign.conditions[key][0]
    task = SimulateExposureTask()
    again, other = (task.run(conditions, seed=[seed, *key, 0]).raw for seed in (1, 2))
    np.testing.assert_array_equal(again.pixels, campaign.raws[key][0].pixels)
    assert (other.pixels != again.pixels).any()


def test_a_pause_slows_a_quantum_down(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    config = SimulateExposureTask.ConfigClass()
    config.pause_s = 2.5
    SimulateExposureTask(config=config).run(ORDINARY.to_dict(), seed=[1])
    assert waited == [2.5]


def test_a_summary_needs_not_all_detectors(campaign: Campaign, butler: Butler) -> None:
    [visit] = butler.query_dimension_records("visit", visit=903334)
    qualities = [result.quality for (number, _), result in campaign.measured.items() if number == visit.id]
    assert len(qualities) == 4
    for some in (qualities, qualities[:1]):
        task = SummarizeVisitTask()
        [row] = task.run(some, visit=visit, band="r").summary
        assert row["n_detectors"] == len(some) == task.metadata["n_detectors"]
        assert row["n_stars"] == sum(quality["n_stars"] for quality in some)
        assert row["fwhm_arcsec"] == pytest.approx(np.median([quality["fwhm_arcsec"] for quality in some]))
        assert visit.timespan.begin.tai.mjd < row["mid_mjd_tai"] < visit.timespan.end.tai.mjd
