"""The tokens that ``campaign login`` keeps, one for each server, in a file that only its owner can read."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from campaigns.domain.errors import InvalidInput

__all__ = ("keep_token", "stored_token", "token_file")


def token_file() -> Path:
    """Give the file's path, as the XDG base directory specification has it."""
    home = os.environ.get("XDG_CONFIG_HOME")
    base = Path(home) if home else Path.home() / ".config"
    return base / "rubin-campaigns" / "tokens.json"


def stored_token(server: str) -> str | None:
    """Give the token for a server, if there is one."""
    return _read().get(server.rstrip("/"))


def keep_token(server: str, token: str) -> Path:
    """Keep the token for a server; gives the file.

    Notes
    -----
    The file is written anew beside the old one, so that it never has more readers than its owner, and is never half written.
    """
    path = token_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    tokens = {**_read(), server.rstrip("/"): token}
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as stream:
        json.dump(tokens, stream, indent=2)
    Path(name).replace(path)
    return path


def _read() -> dict[str, str]:
    path = token_file()
    try:
        tokens = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError:
        tokens = None
    if not isinstance(tokens, dict):
        raise InvalidInput("The file of tokens cannot be read.", where=str(path), remedy="Remove it, and sign in again.")
    return tokens
