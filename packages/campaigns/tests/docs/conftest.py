"""What the tests of the documentation share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[4]
DOCS = ROOT / "docs"


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    """The script that writes parts of the reference."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and annotations of a module are looked up by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def pages() -> dict[Path, str]:
    """The text of every page: the documentation, the news, and the README of each package."""
    found = [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("changes/*.md"), *ROOT.glob("packages/*/README.md")]
    return {path: path.read_text() for path in sorted(found)}
