"""Data IDs of headers, real ones and damaged ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from astropy.io import fits

from dataid_sets import DataIdSets, DataIdSetValueError
from dataid_sets.convert._translation import _HeaderLoader

KNOWN, UNKNOWN = 903334, 904024


@pytest.fixture
def header(real_data: Path) -> dict[str, Any]:
    """Give a real header of HSC, turned into that of a visit and detector that the registry has."""
    with (real_data / "fits-headers/fitsheader-hsc.yaml").open() as stream:
        loaded = yaml.load(stream, Loader=_HeaderLoader)
    return {**loaded, "EXP-ID": f"HSCA{KNOWN}00", "DET-ID": 4}


def rows(conversion: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in conversion.table.arrow.to_pylist()]


def test_headers_of_every_sort(sets: DataIdSets, header: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "header.yaml").write_text(yaml.safe_dump(header))
    (tmp_path / "header.json").write_text(json.dumps({**header, "DET-ID": 5}))
    hdu = fits.PrimaryHDU()
    for name in ("TELESCOP", "INSTRUME", "EXP-ID", "DATE-OBS", "UT-STR", "FILTER01", "DATA-TYP", "OBJECT", "EXPTIME"):
        if name in header:
            hdu.header[name] = header[name]
    hdu.header["DET-ID"] = 6
    hdu.writeto(tmp_path / "raw.fits")
    given = [header, tmp_path / "header.yaml", str(tmp_path / "header.json"), tmp_path / "raw.fits"]
    made = sets.convert_headers(given)
    assert made.ok, made.problems.to_pylist()
    assert made.n_rows == 4
    assert rows(made, "instrument", "exposure", "detector") == [("HSC", KNOWN, number) for number in (4, 5, 6)]
    assert [(row["line"], row["problem"], row["source"]) for row in made.problems.to_pylist()] == [
        (2, "duplicate", str(tmp_path / "header.yaml"))
    ]
    assert rows(sets.convert_headers(header, to=["visit", "detector"]), "visit", "detector") == [(KNOWN, 4)]
    assert rows(sets.convert_headers(tmp_path / "raw.fits", to="visit"), "visit") == [(KNOWN,)]


def test_every_file_that_gives_nothing_is_told(sets: DataIdSets, real_data: Path, header: dict[str, Any], tmp_path: Path) -> None:
    folder = real_data / "fits-headers"
    (tmp_path / "broken.fits").write_bytes(b"no FITS at all")
    (tmp_path / "broken.yaml").write_text("- 1\n- 2\n")
    (tmp_path / "evil.yaml").write_text("!!python/object/apply:os.system ['true']")
    (tmp_path / "empty.json").write_text("")
    lsst = {"INSTRUME": "LSSTCam", "TELESCOP": "Simonyi Survey Telescope"}
    nameless = {name: value for name, value in header.items() if name != "DET-ID"}
    given = [
        folder / "fitsheader-hsc.yaml",
        folder / "fitsheader-decam.yaml",
        tmp_path / "nowhere.fits",
        tmp_path / "broken.fits",
        tmp_path / "broken.yaml",
        tmp_path / "evil.yaml",
        tmp_path / "empty.json",
        lsst,
        nameless,
        header,
        tmp_path,
    ]
    made = sets.convert_headers(given)
    assert rows(made, "exposure", "detector") == [(KNOWN, 4)]
    problems = {(row["line"], row["columns"]): row for row in made.problems.to_pylist()}
    assert [(line, columns, row["problem"]) for (line, columns), row in problems.items()] == [
        (1, "detector", "unmatched"),
        (1, "exposure", "unmatched"),
        (2, "instrument", "unmatched"),
        *((line, "header", "untranslated") for line in (3, 4, 5, 6, 7, 8, 9, 11)),
    ]
    assert problems[1, "exposure"]["value"] == str(UNKNOWN)
    assert problems[1, "exposure"]["source"] == str(folder / "fitsheader-hsc.yaml")
    assert problems[2, "instrument"]["message"] == "The registry has no instrument DECam; it has HSC."
    assert problems[3, "header"]["message"] == "There is no such file."
    assert "FITS" in problems[4, "header"]["message"]
    assert "this is no header" in problems[5, "header"]["message"]
    assert "could not determine a constructor" in problems[6, "header"]["message"]
    assert "obs_lsst" in problems[8, "header"]["message"]
    assert "The header tells no detector" in problems[9, "header"]["message"]
    assert problems[8, "header"]["source"] == "header 8"
    with pytest.raises(DataIdSetValueError, match=r"nowhere\.fits, header: There is no such file"):
        made.raise_for_problems()
    made.save_problems(tmp_path / "problems.csv")
    assert "source" in (tmp_path / "problems.csv").read_text().splitlines()[0]


def test_a_file_of_several_detectors(sets: DataIdSets, real_data: Path, tmp_path: Path) -> None:
    with (real_data / "fits-headers/fitsheader-decam.yaml").open() as stream:
        loaded = yaml.load(stream, Loader=_HeaderLoader)
    primary = fits.PrimaryHDU()
    for name in ("TELESCOP", "INSTRUME", "EXPNUM", "OBSID", "DATE-OBS", "PROCTYPE", "PRODTYPE", "OBSTYPE", "EXPTIME", "FILTER"):
        primary.header[name] = loaded[name]
    parts = [fits.ImageHDU(name=name) for name in ("S1", "S2", "GUIDE")]
    for part, number in zip(parts, (25, 26, 63), strict=True):
        part.header["CCDNUM"] = number
    fits.HDUList([primary, *parts]).writeto(tmp_path / "raw.fits")
    made = sets.convert_headers([tmp_path / "raw.fits"])
    # The registry knows nothing of DECam: both detectors were read, and one file is told of.
    assert not len(made.table)
    assert [(row["line"], row["columns"], row["value"]) for row in made.problems.to_pylist()] == [(1, "instrument", "DECam")] * 2


def test_no_headers_at_all(sets: DataIdSets) -> None:
    made = sets.convert_headers([])
    assert made.ok
    assert not len(made.table)


def test_what_headers_cannot_tell(sets: DataIdSets, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataIdSetValueError, match="Headers tell no tract"):
        sets.convert_headers([], to=["tract", "patch"])
    monkeypatch.setitem(sys.modules, "astro_metadata_translator", None)
    with pytest.raises(DataIdSetValueError, match="needs the package astro_metadata_translator"):
        sets.convert_headers([])
