"""What notebooks show, on every database; a name or a reason is text there, whatever it has in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from dataid_sets import DataIdSets, Problem, _sets
from dataid_sets._tagging import Tagged, Tagging

ROWS = [{"instrument": "HSC", "visit": visit, "reason": "<i>wind"} for visit in (903334, 903336)]


def test_a_comparison(sets: DataIdSets, name: str) -> None:
    one, two = sets.create(name, ROWS), sets.create(name, ROWS[:1])
    shown = sets.compare(one, two)._repr_html_()
    assert f"<p>{name}@1 and {name}@2. They differ.</p>" in shown
    assert f"only in {name}@1</td><td style='text-align:right'>1</td>" in shown
    assert "for the same reasons" in sets.compare(one, one)._repr_html_()


def test_what_was_tagged() -> None:
    tagged = Tagged(dataset_type="raw", found=2000, added=1, way="stock", why="<asked>")
    warning = Problem(code="not_hidden", where="u/<me>", message="All see it.")
    shown = Tagging(collection="u/<me>", created=True, dry_run=True, tagged=(tagged,), warnings=(warning,))._repr_html_()
    assert "<p>u/&lt;me&gt;: 2,000 datasets found, 1 would be added (a dry run). It did not exist before.</p>" in shown
    assert "&lt;asked&gt;" in shown
    assert "<p>u/&lt;me&gt;: All see it.</p>" in shown


def test_the_sets(sets: DataIdSets, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sets.create(f"{name}/a", ROWS, description="<b>of\nmine")
    assert repr(sets) == f"DataIdSets({sets.butler!r})"
    shown = sets._repr_html_()
    monkeypatch.setattr(_sets, "_SHOWN", len(sets.list()))
    assert "these are the first" not in sets._repr_html_()
    monkeypatch.setattr(_sets, "_SHOWN", 10**6)
    shown = sets._repr_html_()
    assert f"{name}/a" in shown
    assert "&lt;b&gt;of<br>mine" in shown
    monkeypatch.setattr(_sets, "_SHOWN", 0)
    assert "of which these are the first 0" in sets._repr_html_()


def test_a_registry_without_sets(make_hsc) -> None:
    root: Path = make_hsc("sqlite")
    with Butler.from_config(root) as butler:
        assert "init-dataid-sets" in DataIdSets(butler)._repr_html_()
