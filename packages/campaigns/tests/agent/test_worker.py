"""The warm helper of a stack that is broken, or talks too much: whoever asks is told, and nobody else waits."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from campaigns.agent.site import Site, load_site
from campaigns.agent.worker import StackRefused, Workers


def _site(tmp_path: Path, **stack: str) -> Site:
    document = {
        "name": "here",
        "work_dir": str(tmp_path / "work"),
        "stacks": {"odd": stack},
        "repositories": {"main": {"uri": str(tmp_path / "repo")}},
    }
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(document))
    return load_site(path)


def test_a_stack_that_is_not_there(tmp_path: Path) -> None:
    worker = Workers(_site(tmp_path, prefix=str(tmp_path / "nowhere")), tmp_path / "workers").get("odd")
    worker.warm()
    with pytest.raises(StackRefused) as caught:
        worker.call("hello", timeout_s=10)
    assert caught.value.fault.code in ("stack_unusable", "stack_died", "stack_failed")
    assert caught.value.fault.remedy


def test_a_setup_that_prints_is_not_taken_for_an_answer(tmp_path: Path) -> None:
    """The helper's own module is not there in this Python: it ends at once, and its end is told, not the greeting."""
    bin_dir = tmp_path / "prefix" / "bin"
    bin_dir.mkdir(parents=True)
    (bin_dir / "python").symlink_to(sys.executable)
    site = _site(tmp_path, prefix=str(bin_dir.parent), setup="echo Setting up the stack")
    worker = Workers(site, tmp_path / "workers").get("odd")
    with pytest.raises(StackRefused):
        worker.call("hello", timeout_s=10)
    said = next((tmp_path / "workers").glob("*")).read_text()
    assert "Setting up the stack" in said
