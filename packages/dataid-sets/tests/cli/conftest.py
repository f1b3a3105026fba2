"""Running commands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from lsst.daf.butler import Butler
from lsst.daf.butler.cli.butler import cli
from lsst.daf.butler.cli.utils import LogCliRunner

from dataid_sets import DataIdSets

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


@pytest.fixture(scope="session")
def bare_template(make_hsc: Callable[[str], Path]) -> Path:
    """Give a repository of SQLite without the tables of sets, for copies."""
    return make_hsc("sqlite")


@pytest.fixture(scope="session")
def template(bare_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a repository of SQLite with the tables of sets, for copies."""
    root = tmp_path_factory.mktemp("template-") / "repo"
    shutil.copytree(bare_template, root)
    with Butler.from_config(root, writeable=True) as butler:
        DataIdSets(butler).init()
    return root


@pytest.fixture
def bare_root(bare_template: Path, tmp_path: Path) -> Path:
    """Give a repository of a test's own, without the tables of sets."""
    return Path(shutil.copytree(bare_template, tmp_path / "bare"))


@pytest.fixture
def own_root(template: Path, tmp_path: Path) -> Path:
    """Give a repository of a test's own, with the tables of sets."""
    return Path(shutil.copytree(template, tmp_path / "own"))


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
