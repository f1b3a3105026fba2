"""What must hold in a definition beyond its single fields: for keeping it, and for starting its campaign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from campaigns.domain.definition.model import Definition, Step
from campaigns.domain.definition.parts import Sets
from campaigns.domain.definition.processing import Processing, in_repository
from campaigns.domain.errors import Fault

__all__ = ("definition_warnings", "graph_faults", "missing_for_start", "named_files", "needs_faults")

_SHARED_OUTPUT: Final = re.compile(r"[^/]+/runs/[^/]+/[^/]+/[A-Z][A-Z0-9]+-\d+")

_FIXED_BPS: Final = {
    "pipelineYaml": "`pipeline`",
    "submitPath": "the site",
    "payload": "`butler`, `inputs`, `output` and `data_query`",
    "operator": "the submission",
    "campaign": "`name`",
    "instrument": "`instrument`",
    "pipetaskOutput": "the service, which chains outputs itself",
}
"""BPS settings that the service fixes itself, and where they come from."""


def missing_for_start(definition: Definition) -> list[Fault]:
    """Tell what a definition still needs before its campaign can run.

    Parameters
    ----------
    definition : `Definition`
        A valid definition.

    Returns
    -------
    faults : `list` [`Fault`]
        In the order of the document; empty when it is complete.
    """
    faults = [
        Fault("missing", f"The campaign names no {field}.", field, remedy)
        for field, remedy in (
            ("site", "Name the site where its submissions run; `campaign site` lists them."),
            ("stack", "Name a stack that the site offers."),
            ("butler", "Name a Butler repository by the site's alias."),
            ("output", "Name an output collection, such as `u/you/name` or `HSC/runs/RC2/w_2026_40/DM-12345`."),
        )
        if not getattr(definition, field)
    ]
    if not definition.inputs:
        faults.append(Fault("missing", "The campaign names no input collections.", "inputs", "List at least one."))
    if not definition.steps:
        remedy = "Give at least one step with a name, or a BPS file in `commands`."
        faults.append(Fault("missing", "The campaign has no steps.", "steps", remedy))
    faults.extend(_pipeline_faults(definition))
    faults.extend(_file_faults(definition))
    return faults


def _pipeline_faults(definition: Definition) -> list[Fault]:
    faults = []
    for index, step in enumerate(definition.steps):
        if step.file is None and not definition.pipeline and (step.pipeline is None or step.pipeline.startswith("#")):
            remedy = "Give `pipeline`, or the step's own."
            faults.append(Fault("missing", f"Step {step.name} has no pipeline.", f"steps[{index}].pipeline", remedy))
    return faults


def _file_faults(definition: Definition) -> list[Fault]:
    """Tell which files are named by relative paths though there is no repository that has them."""
    if definition.processing_spec is not None:
        return []
    remedy = "Give its absolute path at the site, or name the repository that has it in `processing_spec`."
    return [
        Fault("no_repository", f"The path {path} is relative, and there is no processing specification.", where, remedy)
        for where, path in named_files(definition)
        if in_repository(path)
    ]


def named_files(definition: Definition) -> Iterator[tuple[str, str]]:
    """Give the files that a definition names, other than pipelines: the place and the path of each, in its order."""
    yield from _files_of(definition, "")
    part = "commands" if definition.commands else "steps"
    for index, step in enumerate(definition.steps):
        place = f"{part}[{index}]"
        if step.file is not None:
            yield f"{place}.file", step.file
        yield from _files_of(step, f"{place}.")


def _files_of(processing: Processing, place: str) -> Iterator[tuple[str, str]]:
    for index, override in enumerate(processing.config_overrides):
        if override.file is not None:
            yield f"{place}config_overrides[{index}].file", override.file
    for index, path in enumerate(processing.include_configs):
        yield f"{place}include_configs[{index}]", path


def graph_faults(definition: Definition) -> list[Fault]:
    """Tell what is wrong with the graph of steps and with settings that are not the definition's to give.

    Parameters
    ----------
    definition : `Definition`
        A definition whose single fields are valid.

    Returns
    -------
    faults : `list` [`Fault`]
        Names used twice, unknown steps in `needs`, cycles, and BPS settings that are fixed elsewhere.
    """
    faults = needs_faults([(step.name, step.needs) for step in definition.steps])
    for index, step in enumerate(definition.steps):
        place = f"{'commands' if definition.commands else 'steps'}[{index}]"
        faults.extend(_bps_faults(step.bps, f"{place}.bps"))
        faults.extend(_set_faults(definition, step.sets, f"{place}.sets"))
        faults.extend(_file_or_pipeline(step, place))
    faults.extend(_bps_faults(definition.bps, "bps"))
    faults.extend(_collection_faults(definition))
    faults.extend(_set_faults(definition, Sets(), "sets"))
    if not faults and (cycle := _cycle(definition)):
        faults.append(
            Fault("cycle", f"The steps wait for each other: {' → '.join(cycle)}.", "steps", "Take one of the `needs` away.")
        )
    return faults


def definition_warnings(definition: Definition, *, owner: str) -> list[Fault]:
    """Tell what is allowed and yet not as it should be.

    Parameters
    ----------
    definition : `Definition`
        A valid definition.
    owner : `str`
        Whose campaign it is, or would be.

    Returns
    -------
    warnings : `list` [`Fault`]
        In the order of the document; nothing is refused for them.

    Notes
    -----
    The form of shared output collections is that of DMTN-167.
    """
    output = definition.output
    if output is not None and _is_own(output):
        return _others_output(output, {owner, definition.lead})
    if output is None or _SHARED_OUTPUT.fullmatch(output):
        return []
    return [
        Fault(
            "output_form",
            f"The shared output collection {output} has not the form <instrument>/runs/<target>/<release>/<ticket>.",
            "output",
            "Name it like `LSSTCam/runs/DRP/w_2026_40/DM-12345` (DMTN-167), or `u/<user>/…` if it is your own.",
        )
    ]


def _others_output(output: str, users: set[str | None]) -> list[Fault]:
    user = output.split("/")[1]
    if user in users:
        return []
    remedy = "Name it below `u/<you>/`, or name them as `lead`, if it is theirs."
    return [Fault("others_output", f"The output collection {output} is below that of another user, {user}.", "output", remedy)]


def _is_own(collection: str) -> bool:
    return collection.startswith("u/")


def _collection_faults(definition: Definition) -> list[Fault]:
    if definition.output is None or _is_own(definition.output):
        return []
    return [
        Fault(
            "user_input",
            f"The shared output {definition.output} would be made from {name}, which is a user's own and may change or go.",
            f"inputs[{index}]",
            "Take a shared collection as input, or give an output below `u/`.",
        )
        for index, name in enumerate(definition.inputs)
        if _is_own(name)
    ]


def _file_or_pipeline(step: Step, place: str) -> list[Fault]:
    if step.file is None:
        return []
    return [
        Fault("file_and_pipeline", f"{step.name} is a BPS file, which has its own {what}.", f"{place}.{field}", "Leave it out.")
        for field, what, value in (("pipeline", "pipeline", step.pipeline), ("split", "data", step.split))
        if value is not None
    ]


def needs_faults(steps: Sequence[tuple[str, Sequence[str]]]) -> list[Fault]:
    """Tell which names of steps are used twice or do not exist.

    Parameters
    ----------
    steps : sequence of (`str`, sequence of `str`)
        Each step's name, and the names of those it needs.

    Returns
    -------
    faults : `list` [`Fault`]
        In the order of the document.
    """
    faults = []
    names = [name for name, _ in steps]
    known = ", ".join(names)
    for index, (name, needs) in enumerate(steps):
        if name in names[:index]:
            faults.append(
                Fault("duplicate_step", f"Two steps are named {name}.", f"steps[{index}].name", "Give each step its own name.")
            )
        faults.extend(
            Fault(
                "unknown_step",
                f"Step {name} needs {needed}, which is no step of this campaign.",
                f"steps[{index}].needs[{position}]",
                f"Steps are: {known}.",
            )
            for position, needed in enumerate(needs)
            if needed not in names
        )
    return faults


def _bps_faults(settings: dict[str, Any], where: str) -> list[Fault]:
    return [
        Fault(
            "fixed_setting",
            f"The BPS setting {key} is not the definition's to give.",
            f"{where}.{key}",
            f"It comes from {source}.",
        )
        for key, source in _FIXED_BPS.items()
        if key in settings
    ]


def _set_faults(definition: Definition, own: Sets, where: str) -> list[Fault]:
    """Tell which sets a step, or with no sets of its own the campaign, both takes in and leaves out."""
    lists = own if where != "sets" else definition.sets
    included = {*definition.sets.include, *own.include}
    excluded = {*definition.sets.exclude, *own.exclude}
    return [
        Fault(
            "contradicting_sets",
            f"The set {name} is both included and excluded.",
            f"{where}.{kind}[{index}]",
            "Leave it out of one.",
        )
        for kind, names in (("include", lists.include), ("exclude", lists.exclude))
        for index, name in enumerate(names)
        if name in included & excluded
    ]


def _cycle(definition: Definition) -> list[str]:
    """Find a cycle among the steps; empty when there is none."""
    needs = {step.name: step.needs for step in definition.steps}
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for needed in needs[name]:
            if found := visit(needed, [*path, name]):
                return found
        done.add(name)
        return []

    for name in needs:
        if found := visit(name, []):
            return found
    return []
