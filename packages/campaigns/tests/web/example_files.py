"""Files as an agent uploads them: a log and plots."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ("LOG", "bar_chart")

LOG = """\
lsst.ctrl.mpexec.singleQuantumExecutor INFO: Preparing execution of quantum for label=assembleDeepCoadd
lsst.assembleDeepCoadd INFO: 31 warps were found
lsst.assembleDeepCoadd WARNING: Warp of visit 2026110100081 has no usable pixels
lsst.assembleDeepCoadd ERROR: No usable input warps are left <patch 12>
Traceback (most recent call last):
  File "assembleCoadd.py", line 512, in runQuantum
    raise NoWorkFound("No usable input warps")
lsst.pipe.base.NoWorkFound: No usable input warps for patch 12 in band g: 0 of 31 left
"""


def bar_chart(title: str, heights: Sequence[float]) -> str:
    """Draw a bar chart as a pipeline task would save it."""
    scale = 180 / max(heights)
    bars = "".join(
        f'<rect x="{60 + 48 * place}" y="{220 - scale * height:.0f}" width="34" height="{scale * height:.0f}" fill="#3b7ea1"/>'
        for place, height in enumerate(heights)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 260" width="420" height="260">'
        f'<rect width="420" height="260" fill="#fff"/>{bars}<path d="M50 30V220H405" fill="none" stroke="#333"/>'
        f'<text x="52" y="22" font-family="sans-serif" font-size="13">{escape(title)}</text></svg>'
    )
