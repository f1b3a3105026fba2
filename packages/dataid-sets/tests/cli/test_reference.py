"""The reference of commands is what the commands say."""

from __future__ import annotations

import runpy
from pathlib import Path

from dataid_sets.cli import get_cli_subcommands

GENERATOR = Path(__file__).parents[4] / "docs" / "generate_sets.py"


def test_the_page_is_current() -> None:
    generator = runpy.run_path(str(GENERATOR))
    text = generator["PAGE"].read_text()
    assert text == generator["page_text"](), "run .stack/bin/python docs/generate_sets.py"
    for command in get_cli_subcommands():
        assert f"\n## butler {command.name}\n" in text
