"""Quantum graphs under sets: ``pipetask-sets``, and what it is made of.

This subpackage needs ``lsst-pipe-base``, and its command ``lsst-ctrl-mpexec``; the rest of the package needs neither.
"""

from __future__ import annotations

__all__ = ("PROVENANCE_KEY", "SetQuantumGraphBuilder", "applicability", "main")

from ._builder import SetQuantumGraphBuilder
from ._fitness import applicability
from ._provenance import PROVENANCE_KEY


def main() -> None:
    """Run ``pipetask-sets``."""
    # The builder alone does not need ctrl_mpexec.
    from ._command import cli

    cli()
