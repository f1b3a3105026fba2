"""How campaigns and submissions look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from campaigns.domain.amounts import short_time_text, size_text
from campaigns.domain.wouldrun import FoundStep, found_sets, found_steps

__all__ = (
    "SIGNS",
    "campaign_text",
    "commands_text",
    "moment",
    "moved_text",
    "progress_text",
    "quanta_text",
    "state_text",
    "submission_text",
    "would_run_lines",
)

SIGNS: Final[Mapping[str, str]] = {
    "draft": "✎",
    "defined": "□",
    "planned": "○",
    "queued": "◔",
    "acquiring": "⋯",
    "running": "▶",
    "paused": "⏸",
    "succeeded": "✓",
    "completed": "✓",
    "partly_succeeded": "◐",
    "failed": "✕",
    "cancelled": "⊘",
    "imported": "⇣",
    "lost_contact": "?",
}
"""The shape of each state, as on the pages."""


def state_text(status: str) -> str:
    """Give a state as shape and word."""
    return f"{SIGNS.get(status, ' ')} {status.replace('_', ' ')}"


def moment(time_us: int | None) -> str:
    """Give a time of integer UTC microseconds to the second; a dash for none."""
    if time_us is None:
        return "-"
    return datetime.fromtimestamp(time_us / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def quanta_text(quanta: Mapping[str, int]) -> str:
    """Give counts of quanta in a few words: what succeeded of what was expected, and what did not."""
    told = [f"{quanta['succeeded']}/{quanta['expected']}"]
    told.extend(f"{quanta[name]} {name}" for name in ("failed", "blocked", "unknown") if quanta[name])
    return ", ".join(told)


def campaign_text(campaign: Mapping[str, Any], submissions: list[dict[str, Any]]) -> str:
    """Give a campaign, what it waits for, and its submissions, as lines."""
    signed = ", signed off" if campaign["signed"] else ""
    lines = [
        f"{state_text(campaign['status'])}  {campaign['id']}  {campaign['name']}  ({campaign['kind'].replace('_', ' ')})",
        f"  {campaign['title']}",
        f"  reason: {campaign['reason']}",
        f"  revision {campaign['revision']}{signed}, by {campaign['owner']}, {moment(campaign['created_us'])}",
        *(f"  {name}: {value}" for name, value in _particulars(campaign).items() if value),
    ]
    if campaign["starting"]:
        lines.append("  starting: its site looks whether it can run")
    if campaign["status_reason"]:
        lines.append(f"  {campaign['status'].replace('_', ' ')}: {campaign['status_reason']}")
    if campaign["refusal"]:
        lines.append("  it was not started:")
        lines += [line for fault in campaign["refusal"] for line in _fault_lines(fault)]
    lines.extend(f"  waits: {wait['text']}" for wait in campaign["waits"])
    lines.extend(
        f"  {item['id']}  {item['step']} {item['group']} #{item['attempt']}  {state_text(item['status'])}"
        f"  {quanta_text(item['quanta'])}  {item['judgement']}  revision {item['revision']}"
        for item in submissions
    )
    return "\n".join(lines)


def _particulars(campaign: Mapping[str, Any]) -> dict[str, str]:
    """Give what is told of a campaign by name, empty where there is nothing."""
    definition, parent = campaign["definition"], campaign["parent"]
    told = {"lead": str(campaign["lead"])}
    told |= {name: str(definition.get(name) or "") for name in ("team", "ticket", "site", "stack")}
    told["labels"] = ", ".join(definition.get("labels", []))
    told["rerun of"] = f"{parent['id']} {parent['name']}, revision {parent['revision']}" if parent else ""
    told["operators now"] = ", ".join(campaign["operators"])
    told["notes"] = str(campaign["n_notes"] or "")
    return told


def _fault_lines(fault: Mapping[str, Any]) -> list[str]:
    return [f"  - {fault['message']}", *(f"    {name}: {fault[name]}" for name in ("where", "remedy") if fault[name])]


def moved_text(campaign: Mapping[str, Any], text: str) -> str:
    """Give what was done to a campaign, its state, what is not as it should be, and what it waits for, as lines."""
    said = f"{text}, {campaign['status']}" if campaign["status"] not in text else text
    if campaign["starting"]:
        said += "; its site still looks whether it can run, and it starts by itself then"
    warned = [f"  warning: {one['message']} {one['remedy']}" for one in campaign.get("warnings", [])]
    return "\n".join([said, *warned, *(f"  waits: {wait['text']}" for wait in campaign["waits"])])


def commands_text(commands: Sequence[str]) -> str:
    """Give what was typed to run a submission, as people say, a line each."""
    return "\n".join(f"  typed: {line}" if not at else f"         {line}" for at, line in _command_lines(commands))


def _command_lines(commands: Sequence[str]) -> Iterable[tuple[int, str]]:
    return (numbered for command in commands for numbered in enumerate(command.splitlines()))


def progress_text(result: Mapping[str, Any]) -> str:
    """Say which quantum graph a site is building; nothing where it builds none."""
    progress = result.get("progress")
    return f"graph {progress['done'] + 1} of {progress['total']}, {progress['now']}: {progress['message']}" if progress else ""


def would_run_lines(result: Mapping[str, Any]) -> list[str]:
    """Give what would run as lines: submissions, quanta, collections, DataId sets."""
    lines = [line for step in found_steps(result) for line in _step_lines(step, result.get("output", ""))]
    return lines + [f"set {one.reference} is {one.now}: {one.rows} data IDs" for one in found_sets(result)]


def _step_lines(step: FoundStep, output: str) -> list[str]:
    n_groups = len(step.groups)
    built = f" → {step.in_graphs} in {step.n_built} of {n_groups} graphs" if step.n_built else ""
    meant = "quanta told when it starts" if step.at_most is None else f"quanta ≤ {step.at_most}"
    lines = [f"{step.name}: {n_groups} submission{'s' if n_groups != 1 else ''} below {output}/{step.name}, {meant}{built}"]
    for task in step.tasks:
        most = "" if task.at_most is None else f" ≤ {task.at_most}"
        lines.append(f"  {task.label}{most}" + ("" if task.in_graph is None else f" → {task.in_graph}"))
    lines.extend(f"  not built: {', '.join(names[:4])}{' …' if len(names) > 4 else ''}: {why}" for why, names in step.without)
    lines.extend(f"  no graph: {group.name}: {group.failed}" for group in step.groups if group.failed)
    return lines


def submission_text(submission: Mapping[str, Any]) -> str:
    """Give a submission and the three truths about it, as lines."""
    launcher, workflow = submission["launcher"], submission["workflow"]
    ended = (
        f"ended by signal {launcher['signal']}"
        if launcher["signal"] is not None
        else f"exit code {launcher['exit_code']}"
        if launcher["exit_code"] is not None
        else "ended unseen"
        if launcher["ended_us"]
        else "running"
        if launcher["started_us"]
        else "not started"
    )
    lines = [
        f"{state_text(submission['status'])}  {submission['id']}  {submission['step']} {submission['group']}"
        f"  attempt {submission['attempt']}  of {submission['campaign']}",
        f"  {submission['judgement']}"
        + (f" by {submission['judged_by']}: {submission['judged_reason']}" if submission["judged_by"] else ""),
        f"  operator of record: {submission['operator']}",
        f"  output run: {submission['output_run']}",
        f"  launcher:   {ended}",
        f"  workflow:   {(workflow['state'] or 'nothing said').lower()}",
        f"  quanta:     {quanta_text(submission['quanta'])}  ({submission['quanta_source'] or 'not looked at yet'})",
    ]
    spent = {one["label"]: _spent_text(one) for one in submission["spent"]}
    lines.extend(f"    {task['label']}: {quanta_text(task)}{spent.get(task['label'], '')}" for task in submission["tasks"])
    if submission["commands"]:
        lines.append(commands_text(submission["commands"]))
    if submission["status_reason"]:
        lines.append(f"  reason: {submission['status_reason']}")
    if submission["status_remedy"]:
        lines.append(f"  remedy: {submission['status_remedy']}")
    lines += [line for fault in submission["faults"] for line in _fault_lines(fault)]
    return "\n".join(lines)


def _spent_text(spent: Mapping[str, Any]) -> str:
    memory = "" if spent["max_memory_bytes"] is None else f", {size_text(spent['max_memory_bytes'])}"
    return f"; {short_time_text(spent['cpu_us'] // spent['n_read'])} CPU time per quantum{memory}"
