"""Make the demonstration's Butler repository: real visits of Hyper Suprime-Cam and the inputs to simulate them from.

``python -m demo_pipeline.repository REPO`` makes it in a few seconds. It is built beside its place and moved there when it
is whole, so that a make that is cut short leaves nothing at that place.
"""

from __future__ import annotations

__all__ = [
    "BRIGHT_VISIT",
    "CHAIN",
    "INPUT_RUN",
    "INSTRUMENT",
    "REFERENCE_RUN",
    "SKYMAP",
    "SNAP_VISIT",
    "TRAILED_VISIT",
    "RepositoryPlaceError",
    "make_repository",
]

import argparse
import dataclasses
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dataid_sets import DataIdSets
from lsst.daf.butler import Butler, CollectionType, Config, DatasetType, DimensionRecord, Timespan
from lsst.sphgeom import HtmPixelization, LonLat

from .conditions import Conditions, typical_conditions
from .image import STORAGE_CLASS
from .sky import reference_stars

INSTRUMENT = "HSC"
SKYMAP = "discrete/ci_hsc"
INPUT_RUN = "HSC/demo/inputs"
REFERENCE_RUN = "refcats/demo"
CHAIN = "HSC/demo/defaults"

TRAILED_VISIT = 903342
"""Visit during which the telescope drifted (`int`)."""

BRIGHT_VISIT = 903986
"""Visit taken in evening twilight (`int`)."""

SNAP_VISIT = 904010
"""Visit made of two exposures; the second one has the next number (`int`)."""

_RECORDS = "resource://lsst.daf.butler/tests/registry_data/"
_VISIT_SYSTEMS = {0: "one-to-one", 1: "by-group-metadata"}


class RepositoryPlaceError(Exception):
    """The place for the repository holds something else; choose another place or clear it."""


def make_repository(root: str | os.PathLike[str]) -> bool:
    """Make the repository, unless it is there already.

    Parameters
    ----------
    root : `str` or `os.PathLike`
        Where to make it.

    Returns
    -------
    made : `bool`
        Whether it was made; `False` if a whole one was there.

    Raises
    ------
    RepositoryPlaceError
        Raised if there is something else at the place.
    """
    place = Path(root).absolute()
    if _is_whole(place):
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{place.name}-making-", dir=place.parent))
    # While it makes a repository, Butler takes a dot in the folder's name for the start of an extension: have none here.
    building = workshop / "repository"
    try:
        building.mkdir()
        _fill(building)
        building.rename(place)
    except OSError:
        # Somebody else may have made it in the meantime.
        if not _is_whole(place):
            raise
        return False
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return True


def _is_whole(place: Path) -> bool:
    """Tell whether the repository is there; an empty folder is as good as nothing, anything else is an error."""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return False
    if (place / "butler.yaml").exists():
        with Butler.from_config(place / "butler.yaml") as butler:
            if CHAIN in butler.collections.query("*"):
                return True
    raise RepositoryPlaceError(f"{place} exists and is not the demonstration's repository: clear it or name another place.")


def _fill(place: Path) -> None:
    """Build a repository in an empty folder."""
    overrides = Config(
        {
            "storageClasses": {STORAGE_CLASS: {"pytype": "demo_pipeline.image.SkyImage"}},
            "datastore": {"formatters": {STORAGE_CLASS: "demo_pipeline.image.SkyImageFormatter"}},
        }
    )
    Butler.makeRepo(str(place), config=overrides)
    with Butler.from_config(place, writeable=True) as butler:
        _import_records(butler)
        visits = sorted(butler.query_dimension_records("visit", instrument=INSTRUMENT), key=lambda visit: visit.id)
        _define_exposures(butler, visits)
        regions = sorted(
            butler.query_dimension_records("visit_detector_region", instrument=INSTRUMENT),
            key=lambda record: (record.visit, record.detector),
        )
        _put_conditions(butler, {visit.id: visit for visit in visits}, regions)
        _put_reference(butler, regions)
        DataIdSets(butler).init()
        butler.collections.register(CHAIN, CollectionType.CHAINED)
        butler.collections.redefine_chain(CHAIN, [INPUT_RUN, REFERENCE_RUN])


def _import_records(butler: Butler) -> None:
    """Read the visits, detectors and the tract that come with the Butler, without the datasets they came with."""
    for name in ("ci_hsc-subset.yaml", "ci_hsc-subset-skymap.yaml"):
        butler.import_(filename=_RECORDS + name, without_datastore=True)
    butler.removeRuns(butler.collections.query("*", collection_types=CollectionType.RUN))
    butler.registry.removeDatasetType(("calexp", "skyMap"))


def _exposures_of(visit: DimensionRecord) -> Iterator[tuple[int, Timespan, float]]:
    """Give the id, the time and the exposure time in seconds of each exposure of a visit."""
    begin, end = visit.timespan.begin, visit.timespan.end
    if visit.id != SNAP_VISIT:
        yield visit.id, visit.timespan, visit.exposure_time
        return
    middle = begin + (end - begin) / 2
    yield visit.id, Timespan(begin, middle), visit.exposure_time / 2
    yield visit.id + 1, Timespan(middle, end), visit.exposure_time / 2


def _define_exposures(butler: Butler, visits: list[DimensionRecord]) -> None:
    """Add the exposures that the visits are made of, their groups and their definitions."""
    insert = butler.registry.insertDimensionData
    insert("visit_system", *({"instrument": INSTRUMENT, "id": key, "name": name} for key, name in _VISIT_SYSTEMS.items()))
    for visit in visits:
        exposures = list(_exposures_of(visit))
        insert("group", {"instrument": INSTRUMENT, "name": visit.name})
        insert("exposure", *(_exposure_row(visit, *exposure, len(exposures)) for exposure in exposures))
        systems = _VISIT_SYSTEMS if len(exposures) == 1 else [1]
        insert(
            "visit_system_membership",
            *({"instrument": INSTRUMENT, "visit": visit.id, "visit_system": key} for key in systems),
        )
        insert(
            "visit_definition",
            *({"instrument": INSTRUMENT, "visit": visit.id, "exposure": exposure} for exposure, _, _ in exposures),
        )


def _exposure_row(visit: DimensionRecord, exposure: int, timespan: Timespan, time_s: float, count: int) -> dict[str, object]:
    """Describe one exposure of a visit of ``count`` exposures."""
    centre = LonLat(visit.region.getCentroid())
    alike = ("day_obs", "physical_filter", "observation_reason", "target_name", "science_program", "azimuth", "zenith_angle")
    return {
        **{name: getattr(visit, name) for name in alike},
        "instrument": INSTRUMENT,
        "id": exposure,
        "obs_id": f"HSCA{exposure:06d}00",
        "group": visit.name,
        "exposure_time": time_s,
        "dark_time": time_s,
        "observation_type": "science",
        "seq_num": exposure,
        "seq_start": visit.id,
        "seq_end": visit.id + count - 1,
        "tracking_ra": centre.getLon().asDegrees(),
        "tracking_dec": centre.getLat().asDegrees(),
        "sky_angle": 0.0,
        "has_simulated": True,
        "can_see_sky": True,
        "timespan": timespan,
    }


def _put_conditions(butler: Butler, visits: dict[int, DimensionRecord], regions: list[DimensionRecord]) -> None:
    """Write the conditions of every exposure of every detector that has a region."""
    dimensions = ["instrument", "exposure", "detector"]
    dataset_type = DatasetType("demo_conditions", dimensions, "StructuredDataDict", universe=butler.dimensions)
    butler.registry.registerDatasetType(dataset_type)
    butler.collections.register(INPUT_RUN, CollectionType.RUN)
    for region in regions:
        visit = visits[region.visit]
        centre = LonLat(region.region.getCentroid())
        for exposure, _, time_s in _exposures_of(visit):
            conditions = typical_conditions(
                exposure=exposure,
                detector=region.detector,
                band=visit.physical_filter.removeprefix("HSC-").lower(),
                ra_deg=centre.getLon().asDegrees(),
                dec_deg=centre.getLat().asDegrees(),
                exposure_time_s=time_s,
            )
            data_id = {"instrument": INSTRUMENT, "exposure": exposure, "detector": region.detector}
            butler.put(_spoil(conditions, visit.id).to_dict(), dataset_type, data_id, run=INPUT_RUN)


def _spoil(conditions: Conditions, visit: int) -> Conditions:
    """Let happen what happened during some visits."""
    match visit:
        case v if v == TRAILED_VISIT:
            return dataclasses.replace(conditions, drift_arcsec=22.0, drift_angle_deg=25.0)
        case v if v == BRIGHT_VISIT:
            return dataclasses.replace(conditions, sky_mag_arcsec2=conditions.sky_mag_arcsec2 - 2.8, sky_gradient=0.06)
        case _:
            return conditions


def _put_reference(butler: Butler, regions: list[DimensionRecord]) -> None:
    """Write the reference stars of the sky that the detectors saw."""
    dataset_type = DatasetType("demo_reference", ["htm7"], "ArrowAstropy", universe=butler.dimensions)
    butler.registry.registerDatasetType(dataset_type)
    butler.collections.register(REFERENCE_RUN, CollectionType.RUN)
    pixelization = HtmPixelization(7)
    pixels = {pixel for region in regions for begin, end in pixelization.envelope(region.region) for pixel in range(begin, end)}
    for pixel in sorted(pixels):
        butler.put(reference_stars(pixel), dataset_type, {"htm7": pixel}, run=REFERENCE_RUN)


def main() -> int:
    """Run the command line.

    Returns
    -------
    status : `int`
        0 if the repository is there afterwards.
    """
    parser = argparse.ArgumentParser(prog="python -m demo_pipeline.repository", description=__doc__.splitlines()[0])
    parser.add_argument("repo", help="where to make the repository")
    place = parser.parse_args().repo
    # A polite kill should clean up as an interrupt does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        made = make_repository(place)
    except RepositoryPlaceError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{place}: {'made' if made else 'already there and whole'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
