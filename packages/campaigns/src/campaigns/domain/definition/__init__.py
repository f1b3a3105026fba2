"""The definition of a campaign: the document of ``campaign.yaml``.

A draft needs only a name, a title, a reason and a kind; `missing_for_start` tells what else a campaign must have before it runs.
Reading a document is in `campaigns.domain.document`, what becomes of it for BPS in `campaigns.domain.processing`.
"""

from campaigns.domain.definition.model import Definition, Step
from campaigns.domain.definition.parts import (
    MAX_SETS,
    Command,
    Gate,
    GateKind,
    Link,
    Sets,
    Split,
    StartKind,
    StepBase,
)
from campaigns.domain.definition.processing import (
    Cluster,
    ConfigOverride,
    Processing,
    Specification,
    TaskSettings,
    in_repository,
)
from campaigns.domain.definition.rules import (
    definition_warnings,
    graph_faults,
    missing_for_start,
    needs_faults,
)

__all__ = (
    "MAX_SETS",
    "Cluster",
    "Command",
    "ConfigOverride",
    "Definition",
    "Gate",
    "GateKind",
    "Link",
    "Processing",
    "Sets",
    "Specification",
    "Split",
    "StartKind",
    "Step",
    "StepBase",
    "TaskSettings",
    "definition_warnings",
    "graph_faults",
    "in_repository",
    "missing_for_start",
    "needs_faults",
)
