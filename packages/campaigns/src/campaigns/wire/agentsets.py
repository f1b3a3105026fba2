"""What the server and the agents say to each other about DataId sets; only agents touch Butler, in the stack."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from campaigns.domain.dataidsets import Outcome, SetRole
from campaigns.domain.quanta import cut_to
from campaigns.wire.orderkind import OrderKind
from campaigns.wire.protocol import Wire

__all__ = (
    "EVERYONE",
    "MAX_SENT_ROWS",
    "ROWS_FILE",
    "FindOutputsPayload",
    "FoundOutputs",
    "FoundSet",
    "FoundSets",
    "GraphPinsModel",
    "GraphReport",
    "GraphSet",
    "KnownSet",
    "ListSetsPayload",
    "ListedSet",
    "MadeSet",
    "NamedSetModel",
    "OutputCount",
    "PinnedSet",
    "ReasonModel",
    "SetFitModel",
    "SetRows",
    "ShowSetPayload",
    "StepFit",
    "StepPipeline",
    "SubmittedRun",
    "Unknown",
    "UploadSetPayload",
)

MAX_SENT_ROWS = 100_000
"""How many data IDs go through the service at most; larger sets are uploaded at the site, by `butler upload-dataid-set`."""

EVERYONE = "everyone"
"""The access of sets that the service catalogues; what a site keeps private or to a group stays there."""

ROWS_FILE = "rows.json"
"""The name under which an agent brings the data IDs of a set; see `SetRows`."""


class Unknown(StrEnum):
    """What becomes of data IDs that the registry has no records of."""

    ERROR = "error"
    DROP = "drop"
    PENDING = "pending"


class PinnedSet(Wire):
    """A set as a submission applies it."""

    role: SetRole
    name: str
    version: int
    digest: str = Field(description="The set must still have it when the submission begins.")


class NamedSetModel(Wire):
    """A set to be looked up."""

    where: str = Field(description="The place in the campaign file.")
    reference: str = Field(description="`name@version`, or `name` for the newest.")
    role: SetRole
    step: str | None = Field(default=None, description="The step it is for; null for all.")


class ListedSet(Wire):
    """A list of data IDs in a data specification, of which a set is made where there is none of the same data IDs."""

    name: str = Field(description="What the set is called; references to it have no version.")
    path: str = Field(description="The file, for people.")
    source: str = Field(description="Repository, commit and path.")
    description: str = ""
    text: str = Field(description="A DataId file in JSON.")


class StepPipeline(Wire):
    """A step, and the pipeline that a set is to be used for."""

    step: str
    pipeline: str


class KnownSet(Wire):
    """A set that the server knows with its reasons."""

    name: str
    version: int
    digest: str


class UploadSetPayload(Wire):
    """Make the next version of a set, once, however often this is tried."""

    kind: Literal[OrderKind.UPLOAD_SET] = OrderKind.UPLOAD_SET
    stack: str
    repository: str
    name: str
    data_ids: list[dict[str, Any]] | dict[str, Any] = Field(default_factory=list, description="A DataId file's document.")
    listed: ListedSet | None = Field(
        default=None, description="A list in git instead; a set of that name with the same data IDs is not made again."
    )
    description: str = ""
    source: str = Field(default="", description="What the set was made from, for people.")
    unknown: Unknown = Unknown.ERROR
    fit_to: list[StepPipeline] = Field(
        default_factory=list, description="Where the set does not fit one of these, it is not made."
    )
    exclude_from: list[str] = Field(
        default_factory=list, description="Steps of the campaign that leave the set out once it is there; the server's own note."
    )


class ListSetsPayload(Wire):
    """Tell of all sets of a repository that everyone may read."""

    kind: Literal[OrderKind.LIST_SETS] = OrderKind.LIST_SETS
    stack: str
    repository: str
    known: list[KnownSet] = Field(default_factory=list, description="Of these, unless changed, reasons need not be told.")


class ShowSetPayload(Wire):
    """Tell of one set, and bring its data IDs."""

    kind: Literal[OrderKind.SHOW_SET] = OrderKind.SHOW_SET
    stack: str
    repository: str
    name: str
    version: int


class SubmittedRun(Wire):
    """The outputs of a submission, and where its graph is."""

    run: str
    submit_dir: str | None = None


class FindOutputsPayload(Wire):
    """Count what collections have of some data IDs, or what was made from these."""

    kind: Literal[OrderKind.FIND_OUTPUTS] = OrderKind.FIND_OUTPUTS
    stack: str
    repository: str
    collections: list[str]
    data_ids: list[dict[str, Any]]
    submissions: list[SubmittedRun] = Field(
        default_factory=list, description="Those whose graphs tell what was combined, in the order in which they ran."
    )


Number = Annotated[int, Field(ge=0, le=2**63 - 1)]


def _dated(text: str) -> str:
    told = datetime.fromisoformat(text)
    if not 1970 <= told.year < 3000:
        raise ValueError("no year in which a set can have been made")
    return text


class _Told(Wire):
    # What a newer `dataid_sets` tells besides is passed over.
    model_config = ConfigDict(extra="ignore", frozen=True)


class ReasonModel(_Told):
    """A reason, and how many data IDs have it; an empty one stands for none."""

    reason: Annotated[str, cut_to(1000)]
    rows: Number


class FoundSet(_Told):
    """A set as an agent tells of it: `dataid_sets.DataIdSet.to_dict`, and its most frequent reasons."""

    name: str = Field(min_length=1, max_length=200)
    version: int = Field(ge=1, le=2**31 - 1)
    digest: str = Field(max_length=64)
    dimensions: list[str] = Field(max_length=50)
    rows: Number
    pending: Number = 0
    access: str = Field(default=EVERYONE, description="Who may read it; only what everyone may is catalogued.")
    owner: Annotated[str, cut_to(200)] = ""
    description: str = ""
    source: str = ""
    created: Annotated[str, AfterValidator(_dated)] = Field(description="ISO 8601, UTC.")
    reasons: list[ReasonModel] = Field(default_factory=list, max_length=50)
    n_reasons: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class MadeSet(_Told):
    """What became of a list of data IDs: the set, and what there was of its name before."""

    reference: str
    set: FoundSet
    made: bool = Field(default=False, description="Whether this order made it.")
    differs: Annotated[str, cut_to(300)] = Field(
        default="", description="The newest version there was, where none had the same data IDs."
    )


class StepFit(_Told):
    """What a set that was made would do to the pipeline of a step; `not_known` where the pipeline could not be read."""

    step: str
    outcome: Literal["applied", "translated", "not_applicable", "not_known"]
    detail: Annotated[str, cut_to(1000)] = ""


class SetFitModel(_Told):
    """What a set would do to a step of a campaign, and to each of its tasks, as preflight tells."""

    reference: str = Field(max_length=220)
    role: SetRole
    step: str = Field(max_length=50)
    outcome: Outcome
    detail: Annotated[str, cut_to(1000)] = ""
    tasks: dict[str, Outcome] = Field(default_factory=dict, max_length=1000)


class FoundSets(_Told):
    """The result of `ListSetsPayload`."""

    sets: list[FoundSet] = Field(default_factory=list, max_length=5000)


class SetRows(_Told):
    """The file of a set's data IDs: in each row the values of the dimensions, then the number of its reason, or null."""

    dimensions: list[str]
    reasons: list[str]
    rows: list[list[Any]] = Field(max_length=MAX_SENT_ROWS)

    @model_validator(mode="after")
    def _whole(self) -> SetRows:
        length, numbers = len(self.dimensions) + 1, range(len(self.reasons))
        for index, row in enumerate(self.rows):
            if len(row) != length:
                raise ValueError(f"row {index} has {len(row)} values, not {length}")
            number = row[-1]
            if number is not None and (type(number) is not int or number not in numbers):
                raise ValueError(f"row {index} has no number of a reason at its end")
        return self


class OutputCount(_Told):
    """How many datasets of a type a collection has of the data IDs that were asked about, or of what was made from them."""

    collection: str
    dataset_type: str
    datasets: Number


class FoundOutputs(_Told):
    """The result of `FindOutputsPayload`."""

    outputs: list[OutputCount] = Field(default_factory=list)
    n_graphs: Number = Field(default=0, description="How many graphs were read, by which combined data are found.")
    unread: list[str] = Field(default_factory=list, description="The runs whose graph was not read.")


class GraphSet(_Told):
    """What the graph's header says of a set."""

    role: SetRole
    name: str
    version: int
    digest: str = ""
    outcome: Outcome
    detail: Annotated[str, cut_to(1000)] = ""


class GraphCollection(_Told):
    """A collection, and its type in Butler's words."""

    name: str = Field(max_length=400)
    type: str = Field(max_length=40)


class GraphPinsModel(_Told):
    """What a graph was made from; see `campaigns.domain.graphpins.GraphPins`."""

    collections: list[GraphCollection] = Field(max_length=20_000, description="Inputs, with chains flattened, as searched.")
    read: dict[str, Number] = Field(max_length=20_000, description="How many datasets are read of each run.")
    universe: str = Field(max_length=100, description="The dimension universe, such as `daf_butler@7`.")
    skymaps: list[str] = Field(max_length=100, description="Those of its data IDs.")


class GraphReport(Wire):
    """What the quantum graph says of how it was made."""

    kind: Literal["graph"] = "graph"
    sets: list[GraphSet]
    pins: GraphPinsModel | None = Field(default=None, description="Null where it could not be found out.")
