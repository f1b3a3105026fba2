"""How differences and comparisons look in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campaigns.cli.output import aligned
from campaigns.cli.shown import moment, quanta_text, state_text
from campaigns.domain.amounts import short_time_text, size_text
from campaigns.domain.differences import is_nothing, line_changes
from campaigns.domain.lineage import Relation

__all__ = ("comparison_text", "differences_text", "log_text")

MAX_WIDTH = 60
MAX_ROWS = 40
MAX_LOG = 50
"""How many commits the service lists at most."""


def differences_text(differences: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give differences as lines: the place, what it was, what it is; long text by lines."""
    lines = []
    for one in differences:
        before, after = one["before"], one["after"]
        if any(isinstance(value, str) and "\n" in value.strip() for value in (before, after)):
            lines.append(f"  {one['where']}")
            changes = line_changes(str(before or ""), str(after or ""))
            lines.extend(f"    {line.sign if line.sign != '@' else ''}{line.text}" for line in changes)
        else:
            lines.append(f"  {one['where']}: {_value(before)} → {_value(after)}")
    return lines


def comparison_text(found: Mapping[str, Any]) -> str:
    """Give a comparison as lines, in parts; parts in which nothing differs are left out."""
    subjects = found["subjects"]
    heads = [one["id"] if one["id"] not in _others(subjects, one) else f"{one['id']}@{one['revision']}" for one in subjects]
    lines = [
        f"{head}  {one['name']}  revision {one['revision']}  {state_text(one['status'])}"
        for head, one in zip(heads, subjects, strict=True)
    ]
    lines += [f"{heads[-1]} to {heads[0]}: {Relation(found['relations'][-1]).words}; {found['same']} places are the same"]
    fields = [[row["where"], *map(_value, row["values"])] for row in found["fields"]]
    sets = [[row["name"], *map(_set, row["values"])] for row in found["sets"]]
    tasks = [[row["label"], *(quanta_text(cell) if cell else "-" for cell in row["values"])] for row in found["tasks"]]
    failures = [[f"{row['task']} {row['status']}: {_cut(row['pattern'])}", *map(str, row["values"])] for row in found["failures"]]
    specs = [[f"{row['role']} specification", *map(_specification, row["values"])] for row in found["specifications"]]
    lines += _table("commits", heads, specs)
    if len({cell["commit"] for row in found["specifications"] for cell in row["values"] if cell}) > 1:
        lines += [f"  `campaign diff {heads[0]} {heads[-1]} --log ROLE` lists the commits between them"]
    lines += _table("definition", heads, fields)
    lines += _table("DataId sets", heads, sets)
    lines += _commands(heads, found["commands"])
    lines += _table("inputs of the graphs", heads, [_input(row) for row in found["inputs"]])
    lines += _table("quanta", heads, [["all", *map(quanta_text, found["totals"])], *tasks])
    lines += _table("failures", heads, failures)
    lines += _table("time", heads, [*_efforts(found["efforts"]), *_cpu(found["total_costs"])])
    lines += _table("CPU time, memory", heads, [[row["label"], *map(_cost, row["values"])] for row in found["costs"]])
    lines += _table("metrics", heads, [_metric(row) for row in found["metrics"]])
    lines += [f"  not compared: {told}" for told in found["metrics_left_out"]]
    lines += _table("datasets in one only", [heads[0], heads[-1]], _outputs(found["outputs"]))
    return "\n".join(lines)


def log_text(between: Mapping[str, Any], *, first: str, last: str) -> str:
    """Give the commits between two specifications as lines."""
    lines = [f"{between['role']} specification in {between['first']['repository']}"]
    for one, other, commits in ((last, first, between["came"]), (first, last, between["went"])):
        lines += ["", f"{len(commits)} in {one} and not in {other}"]
        lines += [f"  {each['commit'][:10]}  {moment(each['at_us'])}  {each['author']}  {each['subject']}" for each in commits]
        lines += [f"  at most {MAX_LOG} are listed"] if len(commits) >= MAX_LOG else []
    return "\n".join(lines)


def _others(subjects: Sequence[Mapping[str, Any]], one: Mapping[str, Any]) -> list[str]:
    return [other["id"] for other in subjects if other is not one]


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    table = aligned([[title, *heads], *rows[:MAX_ROWS]]).splitlines()
    more = [f"  … and {len(rows) - MAX_ROWS} more; --json has all"] if len(rows) > MAX_ROWS else []
    return ["", table[0], *(f"  {line}" for line in table[1:]), *more]


def _commands(heads: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give commands one below the other: they are too long for columns."""
    lines = ["", "commands, as told"] if rows else []
    for row in rows:
        lines.append(f"  {row['step']}")
        for head, told in zip(heads, row["values"], strict=True):
            shown = [line for command in told or ["-"] for line in command.splitlines()]
            lines += [f"    {head if not position else ' ' * len(head)}  {line}" for position, line in enumerate(shown)]
    return lines


def _efforts(efforts: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    if not any(effort["n_attempts"] for effort in efforts):
        return []
    rows = [("submissions", "n_groups"), ("attempts", "n_attempts")]
    told = [[name, *(str(effort[key]) for effort in efforts)] for name, key in rows]
    times = [("from first to last", "wall_us"), ("run, added up", "run_us"), ("of it in replaced attempts", "lost_us")]
    return told + [[name, *(_duration(effort[key]) for effort in efforts)] for name, key in times]


def _cpu(totals: Sequence[Mapping[str, Any] | None]) -> list[list[str]]:
    return [["CPU time, newest attempts", *("-" if one is None else _in_all(one) for one in totals)]] if any(totals) else []


def _cost(cell: Mapping[str, Any] | None) -> str:
    """Give what one quantum took, and all of the task."""
    if cell is None:
        return "-"
    memory = "" if cell["max_memory_bytes"] is None else f", {size_text(cell['max_memory_bytes'])}"
    return f"{short_time_text(cell['cpu_each_us'])}{memory}; {_in_all(cell)} in all"


def _in_all(cell: Mapping[str, Any]) -> str:
    return f"{'about ' if cell['estimated'] else ''}{short_time_text(cell['cpu_us'])}"


def _metric(row: Mapping[str, Any]) -> list[str]:
    cells = zip(row["values"], row["changes"], row["relatives"], strict=True)
    return [f"{row['source']} {row['name']} [{row['unit'] or '-'}]", *(_changed(*cell) for cell in cells)]


def _changed(value: float | None, change: float | None, relative: float | None) -> str:
    if change is None:
        return _number(value)
    part = f" ({100 * relative:+.2f} %)" if relative is not None else ""
    return f"{_number(value)} {change:+.4g}{part}"


def _specification(cell: Mapping[str, Any] | None) -> str:
    return "-" if cell is None else f"{cell['commit'][:10]} {cell['reference']}"


def _outputs(outputs: Mapping[str, Any]) -> list[list[str]]:
    different = [one for one in outputs["types"] if one["only_before"] or one["only_after"]]
    return [[one["dataset_type"], str(one["only_before"]), str(one["only_after"])] for one in different]


def _set(cell: Mapping[str, Any] | None) -> str:
    if cell is None:
        return "-"
    rows = f", {cell['rows']} data IDs" if cell["rows"] is not None else ""
    version = f"@{cell['version']}" if cell["version"] is not None else ", newest"
    return f"{cell['role']} {cell['reference'].partition('@')[0]}{version}{rows}"


def _input(row: Mapping[str, Any]) -> list[str]:
    return [f"{row['kind']} {row['name']}", *("not known" if one is None else str(one or "not read") for one in row["values"])]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"


def _duration(time_us: int | None) -> str:
    if time_us is None:
        return "-"
    seconds = time_us // 1_000_000
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds % 60:02} s"


def _value(value: Any) -> str:
    if is_nothing(value):
        return "-"
    if isinstance(value, str):
        return _cut(value)
    return _cut(json.dumps(_without_nothing(value), ensure_ascii=False))


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        told: Iterable[tuple[str, Any]] = ((key, _without_nothing(inner)) for key, inner in value.items())
        return {key: inner for key, inner in told if not is_nothing(inner)}
    return value


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_WIDTH else line[: MAX_WIDTH - 1] + "…"
