"""The documentation holds together: what is generated is current, links lead somewhere, examples are right."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from campaigns.agent.site import load_site
from campaigns.domain.definition import missing_for_start
from campaigns.domain.document import read_yaml

ROOT = Path(__file__).parents[4]
DOCS = ROOT / "docs"

LINK = re.compile(r"\]\(([^()\s]+)\)")
FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", FENCED.sub("", text))


def _anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def _blocks(text: str, language: str) -> list[str]:
    return [body for _, kind, body in FENCED.findall(text) if kind == language]


def _yaml_blocks() -> list[tuple[str, str]]:
    pages = [*DOCS.rglob("*.md"), ROOT / "README.md"]
    return [
        (f"{path.relative_to(ROOT)}-{number}", block)
        for path in sorted(pages)
        for number, block in enumerate(_blocks(path.read_text(), "yaml"))
    ]


YAML_BLOCKS = _yaml_blocks()


def test_generated_parts_are_current(generate: ModuleType) -> None:
    for path in sorted(generate.PAGES.glob("*.md")):
        assert path.read_text() == generate.page_text(path), f"{path.name} is out of date: .venv/bin/python docs/generate.py"


def test_every_generated_part_is_in_a_page(generate: ModuleType) -> None:
    text = "".join(path.read_text() for path in generate.PAGES.glob("*.md"))
    assert sorted(re.findall(r"<!-- begin generated ([a-z-]+) -->", text)) == sorted(generate.PARTS)


def test_links_lead_somewhere(pages: dict[Path, str]) -> None:
    broken = []
    for path, text in pages.items():
        for target in LINK.findall(_without_code(text)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (path.parent / name).resolve() if name else path
            there = file.exists()
            if not there or (anchor and file.suffix == ".md" and anchor not in _anchors(file.read_text())):
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken


def test_every_page_can_be_found_from_the_index(pages: dict[Path, str]) -> None:
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in LINK.findall(pages[DOCS / "index.md"])}
    missing = [
        path.relative_to(DOCS) for path in pages if DOCS in path.parents and path.name != "index.md" and path not in linked
    ]
    assert not missing


@pytest.mark.parametrize(("block"), [block for _, block in YAML_BLOCKS], ids=[name for name, _ in YAML_BLOCKS])
def test_yaml_examples_are_right(block: str, tmp_path: Path) -> None:
    document = yaml.safe_load(block)
    if "work_dir" in document:
        path = tmp_path / "site.yaml"
        path.write_text(block)
        load_site(path)
    else:
        definition = read_yaml(block)
        assert not definition.site or not missing_for_start(definition), "it names a site, and lacks what a start needs"


def test_there_are_examples_of_both_files() -> None:
    documents = [yaml.safe_load(block) for _, block in YAML_BLOCKS]
    assert sum("work_dir" in document for document in documents) >= 3
    assert sum("steps" in document for document in documents) >= 4


def test_python_examples_compile(pages: dict[Path, str]) -> None:
    for path, text in pages.items():
        for block in _blocks(text, "python"):
            compile(re.sub(r"^ {3}", "", block, flags=re.MULTILINE) if block.startswith("   ") else block, str(path), "exec")


def test_json_examples_are_json(pages: dict[Path, str]) -> None:
    for text in pages.values():
        for block in _blocks(text, "json"):
            assert yaml.safe_load(block)


def test_decisions_are_numbered_dated_and_complete() -> None:
    decisions = sorted((DOCS / "adr").glob("*.md"))
    assert len(decisions) > 10
    for path in decisions:
        text = path.read_text()
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert re.search(r"^2\d{3}-\d\d-\d\d", text, re.MULTILINE), path.name
        for head in ("Context", "Decision", "Consequences"):
            assert f"\n## {head}\n" in text, f"{path.name} has no {head}"


def test_news_fragments_have_a_kind() -> None:
    kinds = {"feature", "bugfix", "change", "removal", "doc", "misc"}
    fragments = [path for path in (ROOT / "changes").glob("*.md") if path.name != "README.md"]
    for path in fragments:
        words, kind, _ = path.name.rsplit(".", 2)
        assert words.startswith("+"), path.name
        assert kind in kinds, path.name
        assert path.read_text().strip().endswith("."), path.name
