"""The built files."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.web.assets import Assets, MissingBuild


def test_a_missing_build_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingBuild) as caught:
        Assets(tmp_path)
    assert caught.value.remedy == "Run `make setup`, which builds them."


def test_names_carry_a_hash() -> None:
    assert Assets().url("main.css").startswith("/static/built/main-")
    with pytest.raises(MissingBuild):
        Assets().url("gone.css")
