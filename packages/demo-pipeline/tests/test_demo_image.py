"""Images, their projection and their files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from lsst.daf.butler import Butler, DatasetType

from demo_pipeline.image import STORAGE_CLASS, SkyImage
from demo_pipeline.projection import TangentPlane

PLANE = TangentPlane(320.7495, -0.3238, 0.336, (30, 40))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_an_image_survives_the_butler(repo: Path, tmp_path: Path, dtype: type) -> None:
    shutil.copytree(repo, tmp_path / "repo")
    pixels = np.random.default_rng(1).integers(0, 65535, PLANE.shape).astype(dtype)
    image = SkyImage(pixels, PLANE, "adu", {"EXPTIME": 30.0, "FILTER": "r", "SIMULATE": True, "NEXP": 2})
    with Butler.from_config(tmp_path / "repo", writeable=True, run="test/images") as butler:
        dataset_type = DatasetType("test_image", ["instrument", "visit"], STORAGE_CLASS, universe=butler.dimensions)
        butler.registry.registerDatasetType(dataset_type)
        ref = butler.put(image, dataset_type, instrument="HSC", visit=903334)
        read = butler.get(ref)
        path = butler.getURI(ref).ospath

    np.testing.assert_array_equal(read.pixels, pixels)
    assert read.pixels.dtype == pixels.dtype
    assert (read.plane, read.unit, read.header) == (image.plane, image.unit, image.header)
    assert path.endswith(".fits")
    np.testing.assert_array_equal(fits.getdata(path), pixels)


def test_undefined_pixels_survive_a_file(tmp_path: Path) -> None:
    image = SkyImage(np.array([[1.5, np.nan]], dtype=np.float32), TangentPlane(0.0, 0.0, 10.0, (1, 2)), "mag")
    image.to_fits().writeto(tmp_path / "depth.fits")
    with fits.open(tmp_path / "depth.fits") as hdus:
        np.testing.assert_array_equal(SkyImage.from_fits(hdus).pixels, image.pixels)


@pytest.mark.parametrize("centre", [(320.7495, -0.3238), (0.01, 62.0), (150.0, -85.0)])
def test_the_projection_is_the_one_its_keywords_say(centre: tuple[float, float]) -> None:
    plane = TangentPlane(*centre, 5.0, (200, 300))
    x, y = np.array([0.0, 299.0, 17.5]), np.array([0.0, 199.0, 120.25])
    expected_ra, expected_dec = WCS(plane.to_header()).all_pix2world(x, y, 0)
    ra, dec = plane.to_sky(x, y)
    np.testing.assert_allclose(ra, expected_ra, atol=1e-10)
    np.testing.assert_allclose(dec, expected_dec, atol=1e-10)
    np.testing.assert_allclose(plane.to_pixels(ra, dec), (x, y), atol=1e-7)
