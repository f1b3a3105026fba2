"""Running commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from lsst.daf.butler.cli.butler import cli
from lsst.daf.butler.cli.utils import LogCliRunner

Run = Callable[..., Result]


def document(result: Result) -> Any:
    """Give the one JSON document that a command printed."""
    return json.loads(result.stdout)


@pytest.fixture
def run() -> Run:
    """Give a function that runs ``butler`` with arguments and holds its exit code against the one expected."""

    def run(*args: object, code: int = 0, stdin: str | bytes | None = None) -> Result:
        result = LogCliRunner().invoke(cli, [str(arg) for arg in args], input=stdin)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def bad_csv(tmp_path: Path) -> Path:
    """Give a file of two visits that the registry knows and one that it does not."""
    path = tmp_path / "bad.csv"
    path.write_text("visit,reason\n903334,bad seeing\n903336,\n7,not taken yet\n")
    return path


@pytest.fixture
def good_csv(tmp_path: Path) -> Path:
    """Give a file of two visits that the registry knows."""
    path = tmp_path / "good.csv"
    path.write_text("instrument,visit,reason\nHSC,903334,bad seeing\nHSC,903336,\n")
    return path
