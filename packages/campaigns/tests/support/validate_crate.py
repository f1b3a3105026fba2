"""Checks a crate against the shapes of its profiles, without a network.

Run by the Python of ``requirements/crate.txt``: ``python validate_crate.py FOLDER PROFILE=CRATE…``. The shapes
come with ``roc-validator``. The contexts that a crate names are put in the validator's cache, in the folder: that of
RO-Crate 1.1 comes with ``rocrate``, that of the Workflow Run profiles is below. Says of each crate whether it keeps to its
profile, and what is wrong, a line each.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.services import validate
from urllib3 import HTTPResponse

RO_CRATE = "https://w3id.org/ro/crate/1.1/context"
WORKFLOW_RUN = "https://w3id.org/ro/terms/workflow-run/context"
TERMS = "https://w3id.org/ro/terms/workflow-run#"
OWN_TERMS = ("ContainerImage", "containerImage", "environment", "md5", "resourceUsage", "sha256", "sha512")


def main() -> int:
    folder, *crates = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    cache = str(Path(folder) / "contexts")
    context = files("rocrate") / "data" / "ro-crate.jsonld"
    own = json.dumps({"@context": {name: TERMS + name for name in OWN_TERMS}}).encode()
    with CachedSession(cache, backend="sqlite", expire_after=-1) as session:
        session.mount("https://", _Bundled({RO_CRATE: context.read_bytes(), WORKFLOW_RUN: own}))
        for url in (RO_CRATE, WORKFLOW_RUN):
            session.get(url)
    told = {"requirement_severity": Severity.REQUIRED, "skip_availability_check": True, "cache_path": cache, "offline": True}
    wrong, lines = False, []
    for each in crates:
        profile, _, crate = each.partition("=")
        result = validate(ValidationSettings(rocrate_uri=crate, profile_identifier=profile, **told))
        name = Path(crate).name
        lines.append(f"{name}: {'keeps to' if result.passed() else 'fails'} {profile}")
        issues = result.get_issues(Severity.REQUIRED)
        lines += [f"{name}: {issue.check.identifier} {issue.violatingEntity}: {issue.message}" for issue in issues]
        wrong |= not result.passed()
    sys.stdout.write("\n".join(lines) + "\n")
    return int(wrong)


class _Bundled(BaseAdapter):
    """Answers as the contexts' host would."""

    def __init__(self, contexts: dict[str, bytes]) -> None:
        super().__init__()
        self._contexts = contexts

    def send(self, request: PreparedRequest, *_: object, **__: object) -> Response:
        answer = Response()
        answer.url, answer.request, answer.status_code = str(request.url), request, 200
        answer.headers["Content-Type"] = "application/ld+json"
        answer.raw = HTTPResponse(BytesIO(self._contexts[answer.url]), headers=answer.headers, status=200, preload_content=False)
        return answer

    def close(self) -> None:
        """Have nothing to close."""


if __name__ == "__main__":
    raise SystemExit(main())
