"""A repository for all tests, and what one night's measurements make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from astropy.table import Table, vstack
from lsst.daf.butler import Butler

from demo_campaign import Campaign
from demo_pipeline.repository import CHAIN, INSTRUMENT, make_repository
from demo_pipeline.tasks.measure_detector import MeasureDetectorTask, NoStarsError
from demo_pipeline.tasks.simulate_exposure import SimulateExposureTask


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo") / "repo"
    assert make_repository(place)
    return place


@pytest.fixture(scope="session")
def butler(repo: Path) -> Iterator[Butler]:
    with Butler.from_config(repo, collections=CHAIN, instrument=INSTRUMENT) as opened:
        yield opened


@pytest.fixture(scope="session")
def reference(butler: Butler) -> Table:
    return vstack([butler.get(ref) for ref in butler.query_datasets("demo_reference")])


@pytest.fixture(scope="session")
def campaign(butler: Butler, reference: Table) -> Campaign:
    """Simulate and measure every image, as the pipeline does."""
    regions = {(record.visit, record.detector) for record in butler.query_dimension_records("visit_detector_region")}
    with butler.query() as query:
        pairs = list(query.data_ids(["visit", "detector"]).with_dimension_records())
    data_ids = [data_id for data_id in pairs if (data_id["visit"], data_id["detector"]) in regions]
    simulate, measure = SimulateExposureTask(), MeasureDetectorTask()
    result = Campaign()
    for data_id in data_ids:
        key = data_id["visit"], data_id["detector"]
        exposures = [record.exposure for record in butler.query_dimension_records("visit_definition", visit=key[0])]
        conditions = [butler.get("demo_conditions", exposure=exposure, detector=key[1]) for exposure in sorted(exposures)]
        raws = [simulate.run(each, seed=[1, key[0], key[1], index]).raw for index, each in enumerate(conditions)]
        result.data_ids[key], result.conditions[key], result.raws[key] = data_id, conditions, raws
        try:
            result.measured[key] = measure.run(raws, reference, band=data_id["band"])
        except NoStarsError as error:
            result.failed[key] = error
    return result
