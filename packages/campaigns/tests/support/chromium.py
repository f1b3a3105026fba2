"""Debian's Chromium, as the tests and the documentation's pictures start it."""

from __future__ import annotations

import shutil

__all__ = ("ARGUMENTS", "CHROMIUM")

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")
