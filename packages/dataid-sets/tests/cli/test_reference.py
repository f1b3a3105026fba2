"""The reference of commands is what the commands say."""

from __future__ import annotations

import runpy
from pathlib import Path

from dataid_sets.cli import get_cli_subcommands

GENERATOR = Path(__file__).parents[4] / "docs" / "generate_sets.py"


def test_the_pages_are_current() -> None:
    generator = runpy.run_path(str(GENERATOR))
    text = generator["PAGE"].read_text()
    assert text == generator["page_text"](), "run .stack/bin/python docs/generate_sets.py"
    for command in get_cli_subcommands():
        assert f"\n## butler {command.name}\n" in text
    assert generator["FILE_PAGE"].read_text() == generator["file_page_text"](), "run .stack/bin/python docs/generate_sets.py"


def test_pipetask_sets_has_its_options_in_the_page() -> None:
    generator = runpy.run_path(str(GENERATOR))
    _, _, told = generator["page_text"]().partition("\n## pipetask-sets\n")
    names = [line.partition("`")[2].split()[0].strip("`") for line in told.splitlines() if line.startswith("| `--")]
    assert names == [
        *("--include-set", "--exclude-set", "--include-file", "--exclude-file"),
        *("--set-constant", "--set-rule", "--set-visit-system"),
    ]
    assert generator["_added"]("run")[0].opts == ["--include-set"]
