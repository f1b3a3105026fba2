"""The model sky."""

from __future__ import annotations

import numpy as np
from lsst.sphgeom import HtmPixelization, LonLat, UnitVector3d

from demo_pipeline.sky import CELL_LEVEL, objects_in_cell, objects_near, reference_stars

CENTRE = UnitVector3d(LonLat.fromDegrees(320.8, -0.35))


def test_a_cell_is_always_the_same() -> None:
    cell = HtmPixelization(CELL_LEVEL).index(CENTRE)
    first, second = objects_in_cell(cell), objects_in_cell(cell)
    np.testing.assert_array_equal(first.ra_deg, second.ra_deg)
    np.testing.assert_array_equal(first.mag_i, second.mag_i)


def test_objects_lie_in_their_cell() -> None:
    pixelization = HtmPixelization(CELL_LEVEL)
    cell = pixelization.index(CENTRE)
    objects = objects_in_cell(cell)
    assert len(objects) > 100
    inside = [
        pixelization.index(UnitVector3d(LonLat.fromDegrees(ra, dec)))
        for ra, dec in zip(objects.ra_deg, objects.dec_deg, strict=True)
    ]
    assert set(inside) == {cell}


def test_looking_further_finds_the_same_objects_and_more() -> None:
    near, far = objects_near(320.8, -0.35, 0.02), objects_near(320.8, -0.35, 0.1)
    assert len(near) < len(far)
    assert set(near.ra_deg) <= set(far.ra_deg)


def test_reference_stars_are_the_models_brighter_stars() -> None:
    stars = reference_stars(HtmPixelization(7).index(CENTRE))
    model = objects_near(320.8, -0.35, 0.05)
    chosen = np.isin(model.ra_deg, stars["ra_deg"])
    assert chosen.sum() > 50
    assert model.mag_r[chosen].max() < 21.5
    assert (model.radius_arcsec[chosen] == 0).all()
    known = dict(zip(stars["ra_deg"], stars["mag_r"], strict=True))
    error = np.array([known[ra] for ra in model.ra_deg[chosen]]) - model.mag_r[chosen]
    assert 0.01 < error.std() < 0.03
