"""The protocol between the server and the agents at its sites.

An agent says hello, leases orders, begins each before it does anything, and reports. What it does is told apart by the order's
``kind``; what happened by the report's. Reports carry a sequence number, so that sending one twice changes nothing. How it holds
together under crashes is told in ADR 2.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from campaigns.domain.quanta import QuantumFailure, TaskCounts, TaskSpent, cut_to
from campaigns.domain.states import OrderStatus
from campaigns.wire.adopting import InspectRunPayload
from campaigns.wire.agentoutputs import CompareOutputsPayload
from campaigns.wire.agentsets import (
    FindOutputsPayload,
    GraphReport,
    ListedSet,
    ListSetsPayload,
    NamedSetModel,
    PinnedSet,
    ShowSetPayload,
    UploadSetPayload,
)
from campaigns.wire.agentsite import SiteDocument
from campaigns.wire.orderkind import OrderKind
from campaigns.wire.processing import PinnedSpecification, ProcessingModel, ResolvedModel
from campaigns.wire.protocol import Uuid, Wire

__all__ = (
    "AgentHello",
    "AgentWelcome",
    "BeginRequest",
    "CancelPayload",
    "ChainPayload",
    "DoneReport",
    "FailedReport",
    "FaultModel",
    "FileKind",
    "FindingsReport",
    "LaunchedReport",
    "LauncherReport",
    "LeaseRequest",
    "LeaseResponse",
    "LostReport",
    "Order",
    "OrderKind",
    "PhaseReport",
    "PreflightPayload",
    "PreflightStep",
    "PreparedReport",
    "ProgressReport",
    "QuantaReport",
    "Report",
    "ReportsRequest",
    "ReportsResponse",
    "SubmitPayload",
    "TrialModel",
    "WorkflowReport",
)


# ---- who the agent is ------------------------------------------------------------------------------------------------


class AgentHello(Wire):
    """The first thing an agent says after each start."""

    site: str
    agent_id: Uuid = Field(description="A UUID that the agent keeps in its state directory and gives again after a restart.")
    host: Annotated[str, cut_to(200)]
    boot_id: Annotated[str, cut_to(64)]
    pid: int
    version: Annotated[str, cut_to(64)]
    document: SiteDocument


class AgentWelcome(Wire):
    """The server's answer: how long leases last, and which orders this agent had begun and not ended."""

    agent_id: str
    lease_s: float
    begun: list[Order]


# ---- orders ----------------------------------------------------------------------------------------------------------


class SubmitPayload(Wire):
    """One workflow submission; every name in it was fixed and recorded by the server before the order was made."""

    kind: Literal[OrderKind.SUBMIT] = OrderKind.SUBMIT
    submission_id: str = Field(description="Such as ``S-12``.")
    campaign_id: str = Field(description="Such as ``C-4``.")
    campaign_name: str
    step: str
    group: str
    attempt: int
    revision: int
    operator: str
    stack: str
    repository: str
    instrument: str | None = None
    pipeline: str = Field(description="The URI of the pipeline with its subset, such as ``…/drp.yaml#step1``.")
    input_collections: list[str]
    output: str = Field(description="The campaign's output collection; BPS must not touch it.")
    output_run: str
    data_query: str
    bps: dict[str, Any] = Field(default_factory=dict, description="BPS settings of the definition, merged over the site's.")
    sets: list[PinnedSet] = Field(default_factory=list, description="DataId sets that narrow the quantum graph.")
    processing: ProcessingModel = Field(default_factory=ProcessingModel)


class CancelPayload(Wire):
    """Stop a submission that is under way."""

    kind: Literal[OrderKind.CANCEL] = OrderKind.CANCEL
    submission_id: str
    submit_order_id: str
    reason: str


class ChainPayload(Wire):
    """Redefine the campaign's output collection as a CHAINED collection of these, in this order."""

    kind: Literal[OrderKind.CHAIN] = OrderKind.CHAIN
    stack: str
    repository: str
    chain: str
    collections: list[str]


class PreflightStep(Wire):
    """What preflight must look at for one step."""

    name: str
    pipeline: str
    data_queries: list[str] = Field(description="One for each group.")
    groups: list[str] = Field(default_factory=list, description="The groups' names, in the same order.")
    needs: list[str] = Field(default_factory=list, description="The steps that are accepted before it begins.")
    bps: dict[str, Any] = Field(default_factory=dict, description="BPS settings of the definition for this step.")
    processing: ProcessingModel = Field(default_factory=ProcessingModel)


class TrialModel(Wire):
    """Whose submissions they would be, for graphs that are built to see what would run."""

    campaign_id: str
    campaign_name: str
    revision: int
    operator: str


class PreflightPayload(Wire):
    """Look whether a campaign could run; only where it is to start, and nothing is wrong, sets are made of lists."""

    kind: Literal[OrderKind.PREFLIGHT] = OrderKind.PREFLIGHT
    stack: str
    repository: str
    instrument: str | None = None
    input_collections: list[str]
    output: str
    bps: dict[str, Any] = Field(default_factory=dict)
    steps: list[PreflightStep]
    sets: list[NamedSetModel] = Field(default_factory=list, description="DataId sets to be looked up, to be pinned.")
    lists: list[ListedSet] = Field(default_factory=list, description="Of these, sets are looked for by their data IDs.")
    make_sets: bool = Field(default=False, description="Whether to make those sets that are not there, if nothing is wrong.")
    skymap: str | None = None
    environment: dict[str, str] = Field(default_factory=dict)
    local_packages: list[str] = Field(default_factory=list)
    specification: PinnedSpecification | None = Field(default=None, description="Where relative paths lead.")
    resolved: list[ResolvedModel] = Field(default_factory=list, description="The server's own note of what it has resolved.")
    trial: TrialModel | None = Field(default=None, description="Given where quantum graphs are to be built, which takes long.")


Payload = Annotated[
    SubmitPayload
    | CancelPayload
    | ChainPayload
    | PreflightPayload
    | UploadSetPayload
    | ListSetsPayload
    | ShowSetPayload
    | FindOutputsPayload
    | InspectRunPayload
    | CompareOutputsPayload,
    Field(discriminator="kind"),
]


class Order(Wire):
    """An order as an agent sees it."""

    id: str
    kind: OrderKind
    status: OrderStatus
    token: int = Field(description="Fencing token: goes up with each lease; calls with an older one are refused.")
    next_seq: int = Field(description="The sequence number the server expects of the next report, from 1.")
    payload: Payload


class LeaseRequest(Wire):
    """Ask for orders. Also tells the server that the agent is alive, and keeps its begun orders its own."""

    wait_s: float = Field(default=10.0, ge=0, le=30)
    max_orders: int = Field(default=8, ge=0, le=64)
    holding: list[Uuid] = Field(
        default_factory=list,
        max_length=1000,
        description="Orders it has leased and not begun. Others that are leased to it were lost on the way, and are given again.",
    )


class LeaseResponse(Wire):
    """Orders that are this agent's until the lease runs out, unless it begins them before."""

    orders: list[Order]


class BeginRequest(Wire):
    """From here on the order belongs to the agent for good."""

    agent_id: Uuid
    token: int


# ---- reports ---------------------------------------------------------------------------------------------------------


class FaultModel(Wire):
    """One problem, as in `campaigns.domain.errors.Fault`."""

    code: str
    message: str
    where: str | None = None
    remedy: str | None = None


class PreparedReport(Wire):
    """What will be run, durably recorded before it is run."""

    kind: Literal["prepared"] = "prepared"
    command: list[str]
    bps_yaml: str
    submit_dir: str
    work_dir: str


class LaunchedReport(Wire):
    """``bps`` has been started by the launch shim."""

    kind: Literal["launched"] = "launched"
    pid: int
    host: str
    boot_id: str
    started_us: int


class PhaseReport(Wire):
    """The submission has come to another phase."""

    kind: Literal["phase"] = "phase"
    phase: Literal["acquiring", "running"]
    message: str = ""
    n_quanta: int | None = None


class ProgressReport(Wire):
    """How far the quanta are, seen from outside while they run. Only the newest counts."""

    kind: Literal["progress"] = "progress"
    tasks: list[TaskCounts]


class WorkflowReport(Wire):
    """What the workflow system says. Only the newest counts."""

    kind: Literal["workflow"] = "workflow"
    state: str = Field(description="The name of a WmsStates member, or UNKNOWN.")
    run_id: str | None = None
    jobs: dict[str, dict[str, int]] = Field(default_factory=dict, description="Label to state name to number of jobs.")
    message: str = ""


class LauncherReport(Wire):
    """How the launcher (``bps submit``) ended: by an exit code or by a signal."""

    kind: Literal["launcher"] = "launcher"
    exit_code: int | None = None
    signal: int | None = None
    ended_us: int
    log_tail: str = ""


class QuantaReport(Wire):
    """The quanta's own truth after the end, from ``pipetask report`` or, where that cannot answer, from the datasets."""

    kind: Literal["quanta"] = "quanta"
    source: Annotated[str, cut_to(200)] = Field(description="How it was found out, such as ``pipetask report``.")
    tasks: list[TaskCounts]
    failures: list[QuantumFailure] = Field(max_length=2000)
    n_failures: int
    registered: bool = Field(description="Whether the outputs reached the registry, so that they can be chained.")
    spent: list[TaskSpent] = Field(default_factory=list, description="What quanta took, for tasks of which it is known.")


class LostReport(Wire):
    """The agent cannot tell what became of the submission; a person must decide. The order stays begun."""

    kind: Literal["lost"] = "lost"
    reason: str
    remedy: str


class FindingsReport(Wire):
    """What a look has found so far, or how far it is; told while it goes on."""

    kind: Literal["findings"] = "findings"
    result: dict[str, Any] = Field(description="Goes over what was told before, name by name.")


class DoneReport(Wire):
    """The order is carried out. For a cancelled submission ``cancelled`` is true."""

    kind: Literal["done"] = "done"
    result: dict[str, Any] = Field(default_factory=dict)
    cancelled: bool = False


class FailedReport(Wire):
    """The order could not be carried out, and why. For a submit order: nothing ran."""

    kind: Literal["failed"] = "failed"
    faults: list[FaultModel]


Report = Annotated[
    PreparedReport
    | LaunchedReport
    | PhaseReport
    | GraphReport
    | ProgressReport
    | WorkflowReport
    | LauncherReport
    | QuantaReport
    | LostReport
    | FindingsReport
    | DoneReport
    | FailedReport,
    Field(discriminator="kind"),
]


class NumberedReport(Wire):
    """A report with its place in the order's sequence."""

    seq: int = Field(ge=1)
    at_us: int = Field(description="When the agent saw it, UTC microseconds.")
    report: Report


class ReportsRequest(Wire):
    """Reports in rising order of ``seq``. Those that the server has are passed over."""

    agent_id: Uuid
    token: int
    reports: list[NumberedReport] = Field(max_length=200)


class ReportsResponse(Wire):
    """The number the server expects next: all before it are durable."""

    next_seq: int


class FileKind(StrEnum):
    """What an uploaded file is, which decides where a page shows it."""

    CONFIG = "config"
    LAUNCHER_LOG = "launcher_log"
    QUANTUM_LOG = "quantum_log"
    REPORT = "report"
    PLOT = "plot"
    METRICS = "metrics"


AgentWelcome.model_rebuild()
