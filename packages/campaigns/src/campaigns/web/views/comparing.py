"""Campaigns side by side, as a page shows them: only the differences, unless all is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from campaigns.domain.campaign import CampaignListing
from campaigns.domain.comparedcosts import CostRow
from campaigns.domain.comparedinputs import InputRow
from campaigns.domain.comparison import CommandRow, Comparison, FailureRow, FieldRow, SetRow, Subject, TaskRow
from campaigns.domain.differences import Line, line_changes
from campaigns.domain.lineage import FieldGroup, LineageNode
from campaigns.domain.metrics import MetricRow
from campaigns.pictures.looks import Look, look_of, settled
from campaigns.services.comparing import MAX_SUBJECTS, OutputsCompared
from campaigns.services.factory import Factory
from campaigns.web.views.differences import GROUP_WORDS, ValueView, value_view
from campaigns.web.views.lineage import Origin, origin_of

__all__ = ("ChoicePage", "ComparePage", "FieldView", "SubjectView", "choice_page", "compare_page")

OFFERED = 12
MAX_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectView:
    """One that is compared, its state, and the addresses of the page without it and with it in front."""

    subject: Subject
    look: Look
    relation: str
    without: str | None
    first: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """A place of the definitions; ``odd`` tells which values are not the first one's, ``lines`` is for long text of two."""

    where: str
    differs: bool
    is_order: bool
    values: list[ValueView]
    odd: list[bool]
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePage:
    """The page's content.

    Attributes
    ----------
    here, toggled : `str`
        The page's own address, and that with all or only the differences.
    summary : `list` [`str`]
        What the last has other than the first, in few words: what changed, and what came of it.
    """

    comparison: Comparison
    outputs: OutputsCompared
    subjects: list[SubjectView]
    everything: bool
    fields: list[tuple[str, list[FieldView]]]
    sets: list[SetRow]
    commands: list[CommandRow]
    inputs: list[InputRow]
    tasks: list[TaskRow]
    costs: list[CostRow]
    failures: list[FailureRow]
    metrics: list[MetricRow]
    n_same: int
    here: str
    toggled: str
    has_room: bool
    summary: list[str]

    @property
    def refs(self) -> list[str]:
        """What is compared, as it is asked for (`list` [`str`])."""
        return [one.label for one in self.comparison.subjects]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicePage:
    """What could be compared with the one that was given."""

    given: Subject | None
    look: Look | None
    origin: Origin | None
    offered: Sequence[CampaignListing]
    line: Sequence[LineageNode] = ()


def compare_page(factory: Factory, refs: Sequence[str], *, everything: bool) -> ComparePage:
    """Gather the page that compares campaigns."""
    service = factory.comparing()
    comparison = service.compare(refs)
    told = [one.label for one in comparison.subjects]
    fields = [row for row in comparison.fields if everything or row.differs]
    return ComparePage(
        comparison=comparison,
        outputs=service.outputs(comparison),
        subjects=[_subject(comparison, index, everything=everything) for index in range(len(told))],
        everything=everything,
        fields=[
            (GROUP_WORDS[group], [_field(row) for row in rows]) for group, rows in groupby(fields, key=lambda row: row.group)
        ],
        sets=[row for row in comparison.sets if everything or row.differs],
        commands=[row for row in comparison.commands if everything or row.differs],
        inputs=[row for row in comparison.inputs if everything or row.differs],
        tasks=[row for row in comparison.tasks if everything or row.differs],
        costs=[row for row in comparison.costs if everything or row.differs],
        failures=[row for row in comparison.failures if everything or row.differs],
        metrics=[row for row in comparison.metrics if everything or row.differs],
        n_same=sum(not row.differs for row in comparison.fields),
        here=_address(told, everything=everything),
        toggled=_address(told, everything=not everything),
        has_room=len(told) < MAX_SUBJECTS,
        summary=_summary(comparison),
    )


def _summary(comparison: Comparison) -> list[str]:
    """Say in few words what the last has other than the first; what is about a campaign alone is not told."""
    changed = [row for row in comparison.changed_fields if row.group not in (FieldGroup.ABOUT, FieldGroup.PLACE)]
    changed = [row for row in changed if row.path[-1] not in ("title", "description")]
    plain = [row for row in changed if all(isinstance(row.values[end], str | int) and not row.is_text for end in (0, -1))]
    told = [f"{row.where} {row.values[0]} → {row.values[-1]}" for row in plain[:MAX_TOLD]]
    if more := len(changed) - len(told):
        told.append(f"{more} {'more ' if told else ''}{'place' if more == 1 else 'places'} of the definition")
    lost = [counts.expected - counts.succeeded for counts in (comparison.totals[0], comparison.totals[-1])]
    delta = lost[1] - lost[0]
    told.append(f"{delta:+,} quanta not succeeded" if delta else "as many quanta not succeeded")
    return told


def choice_page(factory: Factory, refs: Sequence[str]) -> ChoicePage:
    """Gather the page that asks what is to be compared: its parent, its line, the last good one, and others like it."""
    given = factory.comparing().subject(refs[0]) if refs else None
    alike = "" if given is None else _alike(given)
    offered = factory.campaign_list().list(wanted=alike, limit=OFFERED + 1).items
    line = factory.lineage().of_campaign(given.campaign).nodes if given else ()
    return ChoicePage(
        given=given,
        look=look_of(given.campaign.status) if given else None,
        origin=origin_of(factory, given.campaign) if given else None,
        offered=[one for one in offered if given is None or one.uuid != given.campaign.uuid][:OFFERED],
        line=[node for node in line if given is not None and node.uuid != given.campaign.uuid],
    )


def _alike(given: Subject) -> str:
    """Give the filter for campaigns of the same kind and instrument."""
    definition = given.campaign.definition
    instrument = (definition.instrument or "").replace("\\", "\\\\").replace('"', '\\"')
    return f"kind = {definition.kind.value}" + (f' and instrument = "{instrument}"' if instrument else "")


def _subject(comparison: Comparison, index: int, *, everything: bool) -> SubjectView:
    told = [one.label for one in comparison.subjects]
    subject = comparison.subjects[index]
    look = look_of(subject.campaign.status)
    rest = told[:index] + told[index + 1 :]
    return SubjectView(
        subject=subject,
        look=settled(look) if subject.campaign.has_ended else look,
        relation=comparison.relations[index].words if index else "",
        without=_address(rest, everything=everything) if len(rest) > 1 else None,
        first=_address([told[index], *rest], everything=everything) if index else None,
    )


def _field(row: FieldRow) -> FieldView:
    two = len(row.values) == 2 and row.differs and row.is_text
    lines = line_changes(str(row.values[0] or ""), str(row.values[1] or "")) if two else []
    return FieldView(
        where=row.where,
        differs=row.differs,
        is_order=row.is_order,
        values=[value_view(value) for value in row.values],
        odd=[row.differs and value != row.values[0] for value in row.values],
        lines=lines,
    )


def _address(refs: Sequence[str], *, everything: bool) -> str:
    told = [("of", ref) for ref in refs] + ([("all", "1")] if everything else [])
    return f"/compare?{urlencode(told, safe='@')}"
