"""What the tests know of a campaign that has been observed and measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lsst.daf.butler import DataCoordinate
from lsst.pipe.base import Struct

from demo_pipeline.image import SkyImage
from demo_pipeline.tasks.measure_detector import NoStarsError


@dataclass
class Campaign:
    """Everything that the tasks of step 1 gave for each (visit, detector)."""

    data_ids: dict[tuple[int, int], DataCoordinate] = field(default_factory=dict)
    conditions: dict[tuple[int, int], list[dict[str, Any]]] = field(default_factory=dict)
    raws: dict[tuple[int, int], list[SkyImage]] = field(default_factory=dict)
    measured: dict[tuple[int, int], Struct] = field(default_factory=dict)
    failed: dict[tuple[int, int], NoStarsError] = field(default_factory=dict)
