"""Running a campaign again, as it was or with changes: what is made derives from it, and says from which revision and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campaigns.domain.campaign import Campaign, Revision
from campaigns.domain.definition import Definition, missing_for_start
from campaigns.domain.differences import Difference, definition_differences
from campaigns.domain.document import read_definition
from campaigns.domain.errors import Conflict, Fault, InvalidDefinition, InvalidInput
from campaigns.domain.lineage import Parent, Relation, relation_of
from campaigns.domain.modifying import merged, placed, proposed_name, proposed_output, with_exact_sets
from campaigns.services.campaigns import CampaignService
from campaigns.services.context import Context
from campaigns.services.lookup import checked_reason
from campaigns.services.revising import check_name
from campaigns.storage.campaigns import CampaignStore
from campaigns.storage.dataidsets import PinStore

__all__ = ("RerunPlan", "RerunService")


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunPlan:
    """What a rerun would be.

    Attributes
    ----------
    parent : `Campaign`
        The campaign that it derives from.
    revision : `int`
        The revision of its definition.
    definition : `Definition`
        The definition of the new campaign.
    differences : `list` [`Difference`]
        What it has other than that revision, field by field; name and output collection always.
    relation : `Relation`
        What both have in common.
    missing : `list` [`Fault`]
        What it would still need to start.
    """

    parent: Campaign
    revision: int
    definition: Definition
    differences: list[Difference]
    relation: Relation
    missing: list[Fault]


class RerunService:
    """Makes campaigns from others, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._campaigns = CampaignService(context)
        self._store = CampaignStore(context.session, context.identity)

    def proposal(
        self,
        ref: str,
        *,
        reason: str,
        revision: int | None = None,
        patch: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        as_pinned: bool = False,
        to_make: bool = False,
    ) -> RerunPlan:
        """Tell what a rerun would be, and make nothing.

        Parameters
        ----------
        ref : `str`
            The campaign to run again.
        reason : `str`
            Why; it is the new campaign's reason.
        revision : `int`, optional
            The revision to derive from; by default the newest.
        patch : mapping, optional
            A partial document that is laid over the definition, see `campaigns.domain.modifying.merged`.
        settings : mapping, optional
            Paths and what is set there after that, see `campaigns.domain.modifying.placed`.
        as_pinned : `bool`, optional
            Whether DataId sets that the definition names without a version are taken as they were pinned; by default such a name
            means the newest when the new campaign starts.
        to_make : `bool`, optional
            Whether the campaign is made next: then what is proposed stays free until the transaction's end.

        Returns
        -------
        plan : `RerunPlan`
            With a new name and a new output collection, where the changes give none.

        Raises
        ------
        InvalidDefinition
            If the changed definition has mistakes; all of them are told.
        InvalidInput
            If there is no reason, or paths lead nowhere; all of them are told, and what else is wrong.
        NotFound
            If there is no such campaign or revision.
        """
        if to_make:
            self._store.hold_names()
        parent = self._campaigns.get(ref)
        old = self._campaigns.revision(ref, parent.revision if revision is None else revision)
        document = old.definition.model_dump(mode="json", exclude_defaults=True)
        if as_pinned:
            document = self._pinned(parent, document)
        document["reason"] = checked_reason(reason)
        told = {"name": self._free_name(old), **(patch or {})}
        changed = merged(document, told)
        changed = _all_placed(changed, settings or {})
        if old.definition.output and not {"output"} & {*(patch or ()), *(settings or ())}:
            changed["output"] = self._free_output(old.definition, wanted=changed)
        return self._plan(parent, old, read_definition(changed))

    def plan_of(self, ref: str, definition: Definition, *, revision: int) -> RerunPlan:
        """Tell what a rerun with a whole definition would be, as a page has it."""
        return self._plan(self._campaigns.get(ref), self._campaigns.revision(ref, revision), definition)

    def output_for(self, ref: str, definition: Definition, *, revision: int) -> str | None:
        """Propose an output collection for a rerun as it is now: its name, stack and ticket take the places of the old ones."""
        old = self._campaigns.revision(ref, revision).definition
        return self._free_output(old, wanted=definition.model_dump(mode="json")) if old.output else None

    def make(self, plan: RerunPlan, *, reason: str, draft: bool = False) -> Campaign:
        """Make the campaign of a plan.

        Parameters
        ----------
        plan : `RerunPlan`
            What it is to be.
        reason : `str`
            Why.
        draft : `bool`, optional
            Whether to leave it a draft though it is complete.

        Raises
        ------
        Conflict
            If the name or the output collection is another campaign's.
        """
        told = checked_reason(reason)
        # Whoever makes campaigns waits here, so that what was looked at stays true.
        check_name(self._store, plan.definition.name, own=None)
        self._check_output(plan.definition)
        parent = plan.parent
        line = Parent(parent.uuid, plan.revision, parent.parent.root if parent.parent else parent.uuid)
        made = self._campaigns.create(plan.definition, draft=draft, parent=line)
        details = {
            "from": parent.id,
            "revision": plan.revision,
            "made": made.id,
            "relation": plan.relation.value,
            "changed": [one.where for one in plan.differences][:100],
        }
        derives = f"derives from {parent.id} revision {plan.revision}"
        words = f"{made.id} {made.name} {derives}: {plan.relation.words}"
        # Whoever sees the one may not see the other: only what all may see by then is named in another's history, where it
        # stays. The line is kept apart, and shown to those who may see both.
        if _is_open(parent):
            self._context.record("campaign.rerun", words, reason=told, campaign=made.uuid, details=details)
        else:
            quiet = f"{made.id} {made.name} derives from another campaign"
            self._context.record("campaign.rerun", quiet, reason=told, campaign=made.uuid, details={"made": made.id})
        if _is_open(made):
            self._context.record("campaign.rerun", words, reason=told, campaign=parent.uuid, details=details)
        else:
            # Why it was made is also what the other says of itself.
            self._context.record("campaign.rerun", f"Another campaign {derives}", campaign=parent.uuid)
        return made

    def _plan(self, parent: Campaign, old: Revision, definition: Definition) -> RerunPlan:
        return RerunPlan(
            parent=parent,
            revision=old.number,
            definition=definition,
            differences=definition_differences(old.definition, definition),
            relation=relation_of(old.definition, definition),
            missing=missing_for_start(definition),
        )

    def _free_name(self, old: Revision) -> str:
        return proposed_name(old.definition.name, self._is_name_taken)

    def _is_name_taken(self, name: str) -> bool:
        return self._store.is_name_taken(name)

    def _free_output(self, old: Definition, *, wanted: Mapping[str, Any]) -> str:
        site, butler = _text(wanted.get("site")), _text(wanted.get("butler"))
        before = {"name": old.name, "stack": old.stack, "ticket": old.ticket}
        renamed = {word: new for key, word in before.items() if word and (new := _text(wanted.get(key))) and new != word}
        return proposed_output(
            old.output or "", lambda output: self._store.is_output_taken(site, butler, output), renamed=renamed
        )

    def _check_output(self, definition: Definition) -> None:
        output = definition.output
        if output and self._store.is_output_taken(definition.site, definition.butler, output):
            raise Conflict(
                f"The output collection {output} is another campaign's, or one lies below it.",
                where="output",
                remedy="Leave `output` as it was, and a new one is proposed; or give another.",
            )

    def _pinned(self, parent: Campaign, document: dict[str, Any]) -> dict[str, Any]:
        pins = PinStore(self._context.session, self._context.identity).of_campaign(parent.uuid)
        return with_exact_sets(document, {reference: str(pin) for reference, pin in pins.items()})


def _is_open(campaign: Campaign) -> bool:
    return campaign.definition.visibility != "team"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _all_placed(document: dict[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Set places of a document; tells of all that lead nowhere at once, and of what else is wrong then."""
    lost: list[InvalidInput] = []
    for path, value in settings.items():
        try:
            document = placed(document, path, value)
        except InvalidInput as error:
            lost.append(error)
    if not lost:
        return document
    faults = [fault for error in lost for fault in error.as_faults()]
    try:
        read_definition(document)
    except InvalidDefinition as error:
        faults += error.faults
    if len(faults) == 1:
        raise lost[0]
    raise InvalidInput(
        f"The changes have {len(faults)} problems.", remedy="Correct what is listed; nothing was made.", faults=faults
    )
