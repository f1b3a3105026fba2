"""Values of metrics, as `lsst.analysis.tools` writes them: a JSON object of metric sets, each a list of measurements.

A bundle also has texts beside its sets, such as a timestamp and the dataset's identifier; they are passed over.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ("MetricRow", "MetricValue", "compared_metrics", "read_metrics")

MAX_MEASUREMENTS: Final = 20_000


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One measurement.

    Attributes
    ----------
    source : `str`
        What it was measured on, such as the dataset.
    group : `str`
        The metric set.
    name : `str`
        The metric.
    value : `float`
        A finite number.
    unit : `str`
        Its unit, or empty.
    """

    source: str
    group: str
    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """A metric side by side.

    Attributes
    ----------
    values : `tuple` [`float` or `None`, ...]
        One for each that is compared, in their order; `None` where it was not measured.
    units : `tuple` [`str`, ...]
        The different units; numbers of different units are not compared.
    """

    source: str
    group: str
    name: str
    values: tuple[float | None, ...]
    units: tuple[str, ...]

    @property
    def unit(self) -> str:
        """The unit, or all of them if they differ (`str`)."""
        return " / ".join(unit or "none" for unit in self.units) if len(self.units) > 1 else self.units[0]

    @property
    def change(self) -> float | None:
        """The last less the first; `None` where one is missing or the units differ (`float`)."""
        first, last = self.values[0], self.values[-1]
        return None if first is None or last is None or len(self.units) > 1 else last - first

    @property
    def relative(self) -> float | None:
        """The change as a part of the first; `None` where that is 0 (`float`)."""
        first, change = self.values[0], self.change
        return None if change is None or not first else change / abs(first)

    @property
    def differs(self) -> bool:
        """Whether not all values are the same (`bool`)."""
        return len(set(self.values)) > 1 or len(self.units) > 1


def read_metrics(content: bytes, *, source: str) -> list[MetricValue]:
    """Read a bundle of measurements.

    Parameters
    ----------
    content : `bytes`
        The JSON of a `MetricMeasurementBundle`.
    source : `str`
        What it was measured on.

    Returns
    -------
    values : `list` [`MetricValue`]
        In the file's order; what is no finite number is left out, as a metric that could not be measured.

    Raises
    ------
    ValueError
        If it is no such bundle.
    """
    document = json.loads(content)
    if not isinstance(document, dict):
        raise ValueError("a bundle of metrics is a JSON object of metric sets")
    measured = [(group, one) for group, several in document.items() if isinstance(several, list) for one in several]
    return [told for group, one in measured[:MAX_MEASUREMENTS] if (told := _measurement(source, str(group), one)) is not None]


def _measurement(source: str, group: str, one: Any) -> MetricValue | None:
    if not isinstance(one, Mapping) or not isinstance(one.get("metric"), str):
        return None
    value, unit = one.get("value"), one.get("unit")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return MetricValue(source, group, one["metric"].rpartition(".")[2], float(value), unit if isinstance(unit, str) else "")


def compared_metrics(columns: Sequence[Iterable[MetricValue]]) -> list[MetricRow]:
    """Put the metrics of several campaigns side by side.

    Parameters
    ----------
    columns : sequence of iterables of `MetricValue`
        Those of each campaign.

    Returns
    -------
    rows : `list` [`MetricRow`]
        The largest relative change first, then what was measured in some only, then what is the same; by name among these.
    """
    found: dict[tuple[str, str, str], dict[int, MetricValue]] = {}
    for index, column in enumerate(columns):
        for one in column:
            found.setdefault((one.source, one.group, one.name), {})[index] = one
    rows = [
        MetricRow(
            source=source,
            group=group,
            name=name,
            values=tuple(values[index].value if index in values else None for index in range(len(columns))),
            units=tuple(dict.fromkeys(one.unit for _, one in sorted(values.items()))),
        )
        for (source, group, name), values in found.items()
    ]
    return sorted(rows, key=_weight)


def _weight(row: MetricRow) -> tuple[float, float, str, str, str]:
    relative = row.relative
    if relative is not None and row.differs:
        return (0, -abs(relative), row.source, row.group, row.name)
    return (1 if row.differs else 2, 0, row.source, row.group, row.name)
