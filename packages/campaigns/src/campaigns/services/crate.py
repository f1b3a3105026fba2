"""A campaign as a Workflow Run RO-Crate: what was run by whom, on what, with what outcome, for people and other programs.

It follows the Provenance Run Crate profile 0.5, and with it the Process and Workflow Run Crate profiles
(https://www.researchobject.org/workflow-run-crate/profiles/): the campaign file is the workflow, its steps are the steps, each
submission is an action that some pipeline of some stack carried out, and the service is what organised them. Collections and
DataId sets are told of by name and digest; what is in them stays in the Butler repositories. A campaign that has not run is a
Workflow RO-Crate: there is nothing yet that a run's profile could tell of.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from rocrate.model.contextentity import ContextEntity  # type: ignore[import-untyped]
from rocrate.rocrate import ROCrate  # type: ignore[import-untyped]

from campaigns import __version__
from campaigns.domain.campaign import Campaign
from campaigns.domain.document import dump_yaml
from campaigns.domain.graphpins import GraphPins
from campaigns.domain.states import CampaignStatus, Judgement, SubmissionStatus
from campaigns.domain.submission import StoredFile, Submission
from campaigns.services.context import Context
from campaigns.services.lookup import found_campaign
from campaigns.storage.dialects import read_at_one_moment
from campaigns.storage.submissions import SubmissionStore

__all__ = ("CrateService",)

WORKFLOW_PROFILE: Final = ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0")
RUN_PROFILES: Final = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/provenance/0.5", "Provenance Run Crate", "0.5"),
)
CONTEXT: Final = "https://w3id.org/ro/terms/workflow-run/context"
WORKFLOW: Final = "definition/campaign.yaml"
ENGINE, ENGINE_RUN, WHOLE_RUN = "#service", "#organised", "#campaign-run"
YAML: Final = "application/yaml"
JSON: Final = "application/json"

_STATES: Final = {
    SubmissionStatus.SUCCEEDED: "CompletedActionStatus",
    SubmissionStatus.PARTLY_SUCCEEDED: "CompletedActionStatus",
    SubmissionStatus.FAILED: "FailedActionStatus",
    SubmissionStatus.CANCELLED: "FailedActionStatus",
    SubmissionStatus.LOST_CONTACT: "FailedActionStatus",
    SubmissionStatus.PLANNED: "PotentialActionStatus",
    SubmissionStatus.QUEUED: "PotentialActionStatus",
    CampaignStatus.DRAFT: "PotentialActionStatus",
    CampaignStatus.DEFINED: "PotentialActionStatus",
    CampaignStatus.COMPLETED: "CompletedActionStatus",
    CampaignStatus.FAILED: "FailedActionStatus",
    CampaignStatus.CANCELLED: "FailedActionStatus",
}
"""States as schema.org has them; all others are under way."""


class CrateService:
    """Writes campaigns as crates, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction, in which all is read as it is at one moment, and who asks.
    server_name : `str`
        By what name this server's campaigns are known elsewhere.
    """

    def __init__(self, context: Context, *, server_name: str) -> None:
        self._context = context
        self._server_name = server_name

    def export(self, ref: str, target: IO[bytes]) -> Campaign:
        """Write a campaign's crate, zipped.

        Parameters
        ----------
        ref : `str`
            The campaign.
        target : file object
            Where to, in binary.

        Returns
        -------
        campaign : `Campaign`
            What was written.

        Raises
        ------
        NotFound
            If the caller can see no such campaign.
        """
        read_at_one_moment(self._context.session)
        campaign = found_campaign(self._context, ref)
        store = SubmissionStore(self._context.session, self._context.identity)
        every = store.of_campaign(campaign.uuid)
        submissions = [one for one in every if _has_begun(one)]
        replaced = {one.recovers: one.id for one in every if one.recovers is not None}
        with tempfile.TemporaryDirectory(prefix="campaigns-crate-") as name:
            writing = _Crate(campaign, Path(name), published_us=self._context.clock.now_us())
            writing.describe(f"{self._server_name}:{campaign.id}" if campaign.origin is None else campaign.origin, submissions)
            for submission in submissions:
                files = [(file, self._context.files.path(file.sha256)) for file in store.files(submission)]
                there = [(file, path) for file, path in files if path.is_file()]
                writing.add_submission(submission, there, replaced_by=replaced.get(submission.id), graph=store.graph(submission))
            for chunk in writing.finish(submissions).stream_zip():
                target.write(chunk)
        return campaign


class _Crate:
    """A crate that is being made.

    Parameters
    ----------
    campaign : `Campaign`
        The campaign.
    folder : `pathlib.Path`
        Where the files lie that are not kept in the data folder.
    published_us : `int`
        When it is made, UTC microseconds.
    """

    def __init__(self, campaign: Campaign, folder: Path, *, published_us: int) -> None:
        self._campaign = campaign
        self._folder = folder
        self._crate = ROCrate(version="1.1")
        self._crate.metadata.extra_contexts.append(CONTEXT)
        self._crate.root_dataset["datePublished"] = _moment(published_us)
        self._actions: list[dict[str, str]] = []
        self._controls: list[dict[str, str]] = []

    def describe(self, name: str, submissions: Sequence[Submission]) -> None:
        """Say what the crate is, what workflow it is of, and by what profiles it tells of it."""
        campaign, definition, root = self._campaign, self._campaign.definition, self._crate.root_dataset
        root["name"] = f"{campaign.id} {campaign.name}: {campaign.title}"
        root["description"] = definition.description or campaign.reason
        root["identifier"] = [campaign.uuid, name]
        if definition.labels:
            root["keywords"] = ", ".join(definition.labels)
        licence = {"name": "Not stated", "description": "Who publishes this crate says under what licence."}
        root["license"] = self._thing("#licence", "CreativeWork", **licence)
        root["author"] = self._person(campaign.lead)
        profiles = (*RUN_PROFILES, WORKFLOW_PROFILE) if submissions else (WORKFLOW_PROFILE,)
        for url, title, version in profiles:
            self._thing(url, "CreativeWork", name=title, version=version)
        root["conformsTo"] = [_ref(url) for url, _, _ in profiles]
        self._workflow(submissions)
        self._thing(
            ENGINE, "SoftwareApplication", name="Rubin Campaigns", softwareVersion=__version__, url="https://dmtn-181.lsst.io"
        )

    def add_submission(
        self, submission: Submission, files: list[tuple[StoredFile, Path]], *, replaced_by: str | None, graph: GraphPins | None
    ) -> None:
        """Tell of a submission: an action, its inputs and outputs, its files, and the step that it is of."""
        results = [self._collection(submission.output_run, _outputs_text(submission, replaced_by=replaced_by))]
        objects = [self._collection(name, "An input collection.") for name in submission.input_collections]
        objects += [
            self._thing(
                f"#dataid-set/{use.name}@{use.version}", "Collection", name=f"{use.name}@{use.version}", sha256=use.digest
            )
            for use in submission.sets
        ]
        if submission.data_query:
            told = {"name": "data query", "value": submission.data_query}
            objects.append(self._thing(f"#data-query/{submission.id}", "PropertyValue", **told))
        if submission.commands:
            told = {"name": "commands, as told", "value": "\n".join(submission.commands)}
            objects.append(self._thing(f"#commands/{submission.id}", "PropertyValue", **told))
        if submission.bps_yaml:
            objects.append(self._text(f"submissions/{submission.id}/bps.yaml", submission.bps_yaml, "BPS configuration", YAML))
        if graph is not None:
            text = json.dumps(graph.as_dict(), indent=1)
            objects.append(self._text(f"submissions/{submission.id}/inputs.json", text, "What the graph was made from", JSON))
        for file, path in files:
            if (file.name, file.kind) == ("bps.yaml", "config") and submission.bps_yaml:
                continue
            entity = self._file(f"submissions/{submission.id}/{file.name}", path, file.title, file.content_type)
            (objects if file.kind == "config" else results).append(entity)
        self._action(submission, objects, results)

    def finish(self, submissions: list[Submission]) -> ROCrate:
        """Tell of the campaign's whole run, if it has run, and who organised it."""
        if not submissions:
            return self._crate
        campaign = self._campaign
        whole = {
            "name": f"{campaign.name}: {campaign.status.value}",
            "instrument": _ref(WORKFLOW),
            "agent": self._person(campaign.lead),
            "actionStatus": _ref(f"http://schema.org/{_STATES.get(campaign.status, 'ActiveActionStatus')}"),
            "object": [_ref(f"#collection/{name}") for name in campaign.definition.inputs],
            # What was not accepted is told of by its own action alone.
            "result": [self._collection(one.output_run, "") for one in submissions if one.judgement is Judgement.ACCEPTED],
            **_times(campaign.started_us, campaign.ended_us),
        }
        for name in campaign.definition.inputs:
            self._collection(name, "An input collection.")
        if campaign.status is CampaignStatus.FAILED and campaign.status_reason:
            whole["error"] = campaign.status_reason
        run = self._thing(WHOLE_RUN, "CreateAction", **_without_empty(whole))
        organised = {"name": f"Run of {campaign.name}", "instrument": _ref(ENGINE), "object": self._controls, "result": run}
        told = self._thing(
            ENGINE_RUN, "OrganizeAction", **_without_empty({**organised, **_times(campaign.started_us, campaign.ended_us)})
        )
        self._crate.root_dataset["mentions"] = [told, run, *self._actions]
        return self._crate

    def _action(self, submission: Submission, objects: list[dict[str, str]], results: list[dict[str, str]]) -> None:
        counts, state = submission.quanta, submission.status.value.replace("_", " ")
        told: dict[str, Any] = {
            "name": f"{submission.id}: {submission.step} {submission.group}, attempt {submission.attempt}",
            "description": f"{counts.succeeded} of {counts.expected} quanta succeeded; {state}, {_judged(submission)}.",
            "identifier": submission.uuid,
            "instrument": self._tool(submission.pipeline, submission.stack),
            "agent": self._person(submission.operator),
            "object": objects,
            "result": results,
            "actionStatus": _ref(f"http://schema.org/{_STATES.get(submission.status, 'ActiveActionStatus')}"),
            **_times(submission.acquiring_us or submission.running_us, submission.ended_us),
        }
        if told["actionStatus"]["@id"].endswith("/FailedActionStatus"):
            told["error"] = submission.status_reason or state
        action = self._thing(f"#{submission.id}", "CreateAction", **_without_empty(told))
        self._actions.append(action)
        step = _ref(f"#step/{submission.step}")
        named = {"name": f"{submission.step}: {submission.id}", "instrument": step, "object": action}
        self._controls.append(self._thing(f"#control/{submission.id}", "ControlAction", **named))

    def _workflow(self, submissions: Sequence[Submission]) -> None:
        campaign, definition = self._campaign, self._campaign.definition
        used: dict[str, list[dict[str, str]]] = {}
        for one in submissions:
            tool, tools_of_step = self._tool(one.pipeline, one.stack), used.setdefault(one.step, [])
            tools_of_step += [tool] if tool not in tools_of_step else []
        titles = {step.name: step.title for step in definition.steps}
        steps = []
        # By the profile, a step has the tool that an action used: so these are the steps that have run.
        for position, (step, tools) in enumerate(used.items()):
            told = {"name": step, "position": str(position), "workExample": tools, "description": titles.get(step)}
            steps.append(self._thing(f"#step/{step}", "HowToStep", **_without_empty(told)))
        language = self._thing("#campaign-file", "ComputerLanguage", name="Rubin campaign file", url="https://dmtn-181.lsst.io")
        path = self._folder / WORKFLOW
        path.parent.mkdir(exist_ok=True)
        path.write_text(dump_yaml(definition))
        properties = {
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": f"Definition of {campaign.name}, revision {campaign.revision}",
            "encodingFormat": YAML,
            "programmingLanguage": language,
            "version": str(campaign.revision),
            "step": steps,
            "hasPart": [_ref(name) for name in dict.fromkeys(tool["@id"] for tools in used.values() for tool in tools)],
        }
        self._crate.add_file(path, WORKFLOW, properties=_without_empty(properties))
        self._crate.root_dataset["mainEntity"] = _ref(WORKFLOW)

    def _tool(self, pipeline: str, stack: str) -> dict[str, str]:
        told = {"name": pipeline or "a pipeline that was not told", "softwareVersion": stack or "not told"}
        if pipeline.startswith(("http://", "https://")):
            told["url"] = pipeline
        return self._thing(f"#pipeline/{stack}/{pipeline}", "SoftwareApplication", **told)

    def _person(self, name: str) -> dict[str, str]:
        return self._thing(f"#person/{name}", "Person", name=name)

    def _collection(self, name: str, description: str) -> dict[str, str]:
        return self._thing(f"#collection/{name}", "Collection", name=name, description=description)

    def _text(self, name: str, text: str, title: str, media_type: str) -> dict[str, str]:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return self._file(name, path, title, media_type)

    def _file(self, name: str, path: Path, title: str, media_type: str) -> dict[str, str]:
        told = {"name": title, "encodingFormat": media_type.partition(";")[0], "contentSize": str(path.stat().st_size)}
        return _ref(self._crate.add_file(path, name, properties=told).id)

    def _thing(self, name: str, kind: str, /, **properties: Any) -> dict[str, str]:
        """Add an entity, unless it is there, and give a reference to it."""
        identifier = name if "://" in name else "#" + "".join(_plain(letter) for letter in name.removeprefix("#"))
        if self._crate.dereference(identifier) is None:
            self._crate.add(ContextEntity(self._crate, identifier, properties={"@type": kind, **properties}))
        return _ref(identifier)


def _has_begun(submission: Submission) -> bool:
    """Tell whether anything was run; of what ran elsewhere only counts may be known."""
    return bool(submission.acquiring_us or submission.running_us or submission.quanta.expected)


def _outputs_text(submission: Submission, *, replaced_by: str | None) -> str:
    """Say what the outputs of a submission are, so that nobody takes for a result what is none."""
    counts = submission.quanta
    told = f"The RUN collection of {submission.id}: {counts.succeeded} of {counts.expected} quanta succeeded"
    return f"{told}; {_judged(submission)}{f', replaced by {replaced_by}' if replaced_by else ''}."


def _judged(submission: Submission) -> str:
    return "not accepted" if submission.judgement is Judgement.PENDING else submission.judgement.value


def _plain(letter: str) -> str:
    return letter if letter.isalnum() or letter in "/._-@:+" else "-"


def _ref(name: str) -> dict[str, str]:
    return {"@id": name}


def _times(start_us: int | None, end_us: int | None) -> dict[str, str]:
    told = {"startTime": start_us, "endTime": end_us}
    return {name: _moment(at_us) for name, at_us in told.items() if at_us is not None}


def _moment(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).isoformat(timespec="seconds")


def _without_empty(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value not in ("", [], None)}
