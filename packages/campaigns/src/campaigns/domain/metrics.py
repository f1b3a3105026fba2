"""Values of metrics, as `lsst.analysis.tools` writes them: a JSON object of metric sets, each a list of measurements.

A bundle also has texts beside its sets, such as a timestamp and the dataset's identifier; they are passed over. What else is
in it is told.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ("Bundle", "MetricRow", "MetricValue", "compared_metrics", "read_metrics")

MAX_MEASUREMENTS: Final = 20_000

MAX_ODD: Final = 5
"""How many of the things that are not understood are named."""


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
    def base(self) -> int:
        """Which of them the others are held against: the first that was measured (`int`)."""
        return next(index for index, value in enumerate(self.values) if value is not None)

    @property
    def changes(self) -> tuple[float | None, ...]:
        """Each less the base; `None` for the base, where one was not measured, and where the units differ (`tuple`)."""
        base = self.values[self.base]
        return tuple(
            None if value is None or base is None or index == self.base or len(self.units) > 1 else value - base
            for index, value in enumerate(self.values)
        )

    @property
    def relatives(self) -> tuple[float | None, ...]:
        """The changes as parts of the base; `None` where that is 0 (`tuple`)."""
        base = self.values[self.base]
        return tuple(None if change is None or not base else change / abs(base) for change in self.changes)

    @property
    def differs(self) -> bool:
        """Whether not all values are the same (`bool`)."""
        return len(set(self.values)) > 1 or len(self.units) > 1


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was read of a file of metrics.

    Attributes
    ----------
    values : `list` [`MetricValue`]
        In the file's order; what is no finite number is left out, as a metric that could not be measured.
    passed_over : `str`
        What else was in it that is not understood, or that there was too much; empty if nothing was.
    """

    values: list[MetricValue]
    passed_over: str


def read_metrics(content: bytes, *, source: str) -> Bundle:
    """Read a bundle of measurements.

    Parameters
    ----------
    content : `bytes`
        The JSON of a `MetricMeasurementBundle`.
    source : `str`
        What it was measured on.

    Returns
    -------
    bundle : `Bundle`
        Its values, and what was not understood.

    Raises
    ------
    ValueError
        If it is no such bundle.
    """
    document = json.loads(content)
    if not isinstance(document, dict):
        raise ValueError("a bundle of metrics is a JSON object of metric sets")
    measured = [(group, one) for group, several in document.items() if isinstance(several, list) for one in several]
    read = measured[:MAX_MEASUREMENTS]
    values = [told for group, one in read if (told := _measurement(source, str(group), one)) is not None]
    odd = [str(key) for key, value in document.items() if not isinstance(value, list | str | int | float | None)]
    odd += dict.fromkeys(f"{group}[…]" for group, one in read if not _is_measurement(one))
    return Bundle(values, _passed_over(odd, n_more=len(measured) - len(read)) or ("" if measured else "it has no metric sets"))


def _passed_over(odd: Sequence[str], *, n_more: int) -> str:
    told = []
    if odd:
        more = f" and {len(odd) - MAX_ODD} more" if len(odd) > MAX_ODD else ""
        told.append(f"{', '.join(odd[:MAX_ODD])}{more}: no measurements as they are known here")
    if n_more:
        told.append(f"{n_more} measurements after the first {MAX_MEASUREMENTS}")
    return "; ".join(told)


def _is_measurement(one: Any) -> bool:
    return isinstance(one, Mapping) and isinstance(one.get("metric"), str)


def _measurement(source: str, group: str, one: Any) -> MetricValue | None:
    if not _is_measurement(one):
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
    known = [abs(relative) for relative in row.relatives if relative is not None]
    if known and row.differs:
        return (0, -max(known), row.source, row.group, row.name)
    return (1 if row.differs else 2, 0, row.source, row.group, row.name)
