"""What an agent tells of runs that the service did not start, and what people say of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from campaigns.domain.quanta import QuantumFailure, TaskCounts, TaskSpent, cut_to
from campaigns.domain.states import Kind
from campaigns.wire.interface import Wire as Told
from campaigns.wire.orderkind import OrderKind
from campaigns.wire.protocol import Wire
from campaigns.wire.sites import OrderModel

__all__ = (
    "MAX_FAILURES_TOLD",
    "AdoptBody",
    "AdoptModel",
    "Commands",
    "FoundRun",
    "FoundRuns",
    "InspectRunPayload",
    "MarkStatus",
    "ProgressBody",
)

MAX_FAILURES_TOLD = 200
"""Of how many quanta that did not succeed an agent tells, over all runs."""

MarkStatus = Literal["running", "succeeded", "partly_succeeded", "failed", "cancelled", "lost_contact"]
"""What somebody may say that became of a submission."""


MAX_COMMANDS = 200

Commands = Annotated[list[Annotated[str, Field(min_length=1, max_length=20_000)]], Field(max_length=MAX_COMMANDS)]
"""What was typed, as people say; each is a line, or several."""


class InspectRunPayload(Wire):
    """Look at runs that were not ordered, and change nothing."""

    kind: Literal[OrderKind.INSPECT_RUN] = OrderKind.INSPECT_RUN
    stack: str
    repository: str
    submit_dir: str | None = None
    collections: list[str] = Field(default_factory=list)


class FoundRun(BaseModel):
    """What is known of one run. What a newer agent tells besides is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    run: Annotated[str, Field(min_length=1, max_length=400)]
    submit_dir: Annotated[str, cut_to(2000)] | None = None
    bps_yaml: str = ""
    pipeline: Annotated[str, cut_to(2000)] = ""
    data_query: str = ""
    operator: Annotated[str, cut_to(200)] = ""
    workflow_system: Annotated[str, cut_to(200)] = ""
    inputs: list[str] = Field(default_factory=list)
    tasks: list[TaskCounts] = Field(default_factory=list)
    failures: list[QuantumFailure] = Field(default_factory=list)
    n_failures: int = Field(default=0, ge=0)
    source: Annotated[str, cut_to(200)] | None = None
    registered: bool = False
    spent: list[TaskSpent] = Field(default_factory=list)
    started_us: int | None = None
    ended_us: int | None = None

    @property
    def has_graph(self) -> bool:
        """Whether a quantum graph said what was expected, which lies in a submit directory (`bool`)."""
        return self.submit_dir is not None


class FoundRuns(BaseModel):
    """The result of `InspectRunPayload`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    runs: list[FoundRun] = Field(max_length=200)


class AdoptBody(Told):
    """A campaign to be made of what ran, or runs, without the service."""

    name: str
    title: str
    reason: str = Field(description="Why, for those who come after.")
    kind: Kind = Kind.OTHER
    lead: str | None = None
    ticket: str | None = None
    site: str | None = Field(default=None, description="The site that looks; none for what the service cannot look at.")
    butler: str | None = Field(default=None, description="The Butler repository, by the site's alias.")
    stack: str | None = Field(default=None, description="The stack to look in; by default the site's first.")
    submit_dir: str | None = Field(default=None, max_length=2000, description="A BPS submit directory at the site.")
    collections: list[str] = Field(default_factory=list, max_length=50, description="RUN or CHAINED collections.")
    steps: list[str] = Field(
        default_factory=list, max_length=200, description="Instead of a site: the parts of what runs elsewhere, by name."
    )
    commands: Commands = Field(
        default_factory=list, description="What was typed to run it; kept with each run, where it can be told anew."
    )


class AdoptModel(Told):
    """What became of a request to adopt: the campaign, or the order to the site that looks."""

    campaign: str | None = Field(description="The campaign's id, where nothing had to be looked at.")
    order: OrderModel | None = Field(description="The order; its result has the `campaign` when it is done.")


class ProgressBody(Told):
    """What somebody, or a program, says of a submission that the service does not run."""

    tasks: list[TaskCounts] | None = Field(default=None, max_length=1000, description="The newest counts of each task.")
    status: MarkStatus | None = Field(default=None, description="What became of it.")
    reason: str | None = Field(default=None, description="Why; needed with `status`, and with `tasks` of what has ended.")
    message: str = Field(default="", max_length=1000, description="What it is doing, in a few words.")
    commands: Commands | None = Field(
        default=None, description="What was typed to run it: all of it, in place of what was told before."
    )
    confirmed: bool = Field(default=False, description="Whether it is meant although the counts say otherwise.")


def told_adoption(body: AdoptBody) -> dict[str, Any]:
    """Give what is kept of a request until the site has looked."""
    return body.model_dump(mode="json", exclude_defaults=True)
