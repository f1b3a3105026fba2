"""Comparing campaigns: what was meant, what ran, what came out, and what became of it, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from campaigns.domain.campaign import Campaign
from campaigns.domain.comparedcosts import compared_costs, total_cost
from campaigns.domain.comparedinputs import compared_inputs
from campaigns.domain.comparison import (
    CommandRow,
    Comparison,
    SpecRow,
    Subject,
    TaskRow,
    compared_failures,
    compared_fields,
    compared_sets,
)
from campaigns.domain.dataidsets import Pin
from campaigns.domain.definition import Definition
from campaigns.domain.errors import Conflict, InvalidInput, NotReady
from campaigns.domain.lineage import Relation, relation_of
from campaigns.domain.metrics import MetricValue, compared_metrics, read_metrics
from campaigns.domain.modifying import with_exact_sets
from campaigns.domain.order import AgentOrder
from campaigns.domain.quanta import QuantaCounts
from campaigns.domain.specifications import SpecRole
from campaigns.domain.states import UNDER_WAY, OrderStatus
from campaigns.domain.wouldrun import found_steps
from campaigns.services.campaigns import CampaignService
from campaigns.services.context import Context
from campaigns.services.ordering import order_about_sets, site_with
from campaigns.storage.comparing import ComparisonStore, MetricsFile
from campaigns.storage.dataidsets import PinStore
from campaigns.storage.orders import OrderStore
from campaigns.storage.specifications import SpecPinStore
from campaigns.wire.agent import FileKind
from campaigns.wire.agentoutputs import ComparedOutputs, ComparedType, CompareOutputsPayload
from campaigns.wire.orderkind import OrderKind

__all__ = ("MAX_SUBJECTS", "ComparisonService", "OutputsCompared")

MAX_SUBJECTS = 8
MAX_METRICS_BYTES = 4_000_000
MAX_RUNS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsCompared:
    """What a site found of the datasets of two campaigns.

    Attributes
    ----------
    possible : `bool`
        Whether both have outputs, at the same site and in the same repository.
    why_not : `str`
        If it is not possible, why.
    order : `AgentOrder`, optional
        The newest order that compared these runs, or does now.
    types : `tuple` [`ComparedType`, ...]
        Its result.
    """

    possible: bool
    why_not: str = ""
    order: AgentOrder | None = None
    types: tuple[ComparedType, ...] = ()

    @property
    def under_way(self) -> bool:
        """Whether the site is looking (`bool`)."""
        return self.order is not None and self.order.status in UNDER_WAY


class ComparisonService:
    """Compares campaigns, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._campaigns = CampaignService(context)
        self._orders = OrderStore(context.session, context.identity)

    def compare(self, refs: Sequence[str]) -> Comparison:
        """Put campaigns or revisions side by side.

        Parameters
        ----------
        refs : sequence of `str`
            Two to eight, each as ``C-2``, a name or a UUID, or with a revision as ``C-2@3``. The others are held against the
            first.

        Raises
        ------
        InvalidInput
            If they are too few or too many.
        NotFound
            If there is no such campaign or revision.

        Notes
        -----
        A few statements for each, and a few for all together, however many submissions they have.
        """
        subjects = self.subjects(refs)
        store = ComparisonStore(self._context.session, self._context.identity, [one.key for one in subjects])
        definitions = [one.revision.definition for one in subjects]
        quanta, costs, (failures, cut) = store.quanta(), store.costs(), store.failures()
        pins = PinStore(self._context.session, self._context.identity)
        columns = [(one.revision.definition, pins.of_campaign(one.campaign.uuid)) for one in subjects]
        metrics, left_out = self._metrics(store, n_subjects=len(subjects))
        return Comparison(
            subjects=tuple(subjects),
            relations=_relations(columns),
            fields=tuple(compared_fields(definitions)),
            specs=tuple(self.specifications(subjects)),
            sets=tuple(compared_sets(columns)),
            commands=tuple(_commands(store.commands())),
            tasks=tuple(_tasks(quanta)),
            totals=tuple(QuantaCounts.total(one.values()) for one in quanta),
            meant=tuple(self._meant(one) for one in subjects),
            efforts=tuple(store.efforts()),
            costs=tuple(compared_costs(costs)),
            total_costs=tuple(total_cost(one.values()) for one in costs),
            failures=tuple(compared_failures(failures, n_subjects=len(subjects))),
            failures_cut=cut,
            metrics=tuple(compared_metrics(metrics)),
            metrics_left_out=tuple(left_out),
            runs=tuple(store.runs()),
            inputs=tuple(compared_inputs(list(zip([one.output or "" for one in definitions], store.graphs(), strict=True)))),
        )

    def subjects(self, refs: Sequence[str]) -> list[Subject]:
        """Give what is to be compared; see `compare`."""
        if not 2 <= len(refs) <= MAX_SUBJECTS:
            raise InvalidInput(
                f"{len(refs)} campaign{' is' if len(refs) == 1 else 's are'} given to compare.",
                where="of",
                remedy=f"Give two to {MAX_SUBJECTS}, such as C-1 and C-2, or C-2@1 and C-2@3 for revisions.",
            )
        return [self.subject(ref) for ref in refs]

    def specifications(self, subjects: Sequence[Subject]) -> list[SpecRow]:
        """Give the commits that specifications were resolved to, by role; only those that one has."""
        store = SpecPinStore(self._context.session, self._context.identity)
        columns = []
        for subject in subjects:
            # A revision that changed nothing of them keeps what one before it was resolved to.
            pins = [pin for pin in store.of_campaign(subject.campaign.uuid) if pin.revision <= subject.revision.number]
            columns.append({pin.role: pin for pin in reversed(pins)})
        return [
            SpecRow(role, tuple(column.get(role) for column in columns))
            for role in SpecRole
            if any(role in column for column in columns)
        ]

    def outputs(self, comparison: Comparison) -> OutputsCompared:
        """Give what is known of datasets that are in one only, of the first and the last that are compared."""
        first, last = comparison.runs[0], comparison.runs[-1]
        places = first.places | last.places
        if why_not := _kept_apart(comparison) or _why_not(comparison):
            return OutputsCompared(possible=False, why_not=why_not)
        [(site, _)] = places
        wanted = {"before": list(first.names), "after": list(last.names)}
        campaign = _closest(comparison)
        order = self._orders.newest_with(OrderKind.COMPARE_OUTPUTS.value, wanted, campaign_uuid=campaign.uuid)
        types: list[ComparedType] = []
        if order is not None and order.status is OrderStatus.DONE:
            try:
                types = ComparedOutputs.model_validate(order.result).types
            except ValidationError:
                why_not = f"What the agent at {site} told is not what it should be; bring agent and service to the same version."
        return OutputsCompared(possible=True, why_not=why_not, order=order, types=tuple(types))

    def order_outputs(self, refs: Sequence[str], *, dataset_types: Sequence[str] = ()) -> AgentOrder:
        """Have the site tell which datasets are in the runs of the first or the last only.

        Raises
        ------
        Conflict
            If they are kept to different teams.
        NotReady
            If one has no outputs yet, or they are not in the same repository.
        """
        comparison = self.compare(refs)
        if why_not := _kept_apart(comparison):
            raise Conflict(why_not, where="of", remedy="Compare campaigns of one team, or have one of them shown to all.")
        if why_not := _why_not(comparison):
            raise NotReady(
                why_not, where="of", remedy="Compare campaigns with outputs at the same site and in the same repository."
            )
        first, last = comparison.runs[0], comparison.runs[-1]
        [(site, butler)] = first.places
        before, after, types = list(first.names), list(last.names), list(dataset_types)
        campaign = _closest(comparison)
        wanted = {"before": before, "after": after, "dataset_types": types}
        known = self._orders.newest_with(OrderKind.COMPARE_OUTPUTS.value, wanted, campaign_uuid=campaign.uuid)
        if known is not None and known.status in UNDER_WAY:
            return known
        offered, stack = site_with(self._context, site, butler=butler, stack=None)
        own = comparison.subjects[-1].revision.definition.stack
        payload = CompareOutputsPayload(
            stack=own if own is not None and own in offered.stacks else stack,
            repository=butler,
            before=before,
            after=after,
            dataset_types=types,
        )
        return order_about_sets(self._context, site, payload, campaign=campaign.uuid)

    def subject(self, ref: str) -> Subject:
        """Give one that is to be compared: a campaign, or with a revision as ``C-2@3``."""
        name, at, number = ref.strip().partition("@")
        campaign = self._campaigns.get(name)
        if at and not (number.isascii() and number.isdecimal() and len(number) < 10):
            raise InvalidInput(f"{ref} names no revision.", where="of", remedy=f"Write its number, such as {campaign.id}@1.")
        revision = self._campaigns.revision(name, int(number) if at else campaign.revision)
        return Subject(campaign=campaign, revision=revision, chosen=bool(at))

    def _meant(self, subject: Subject) -> int | None:
        order = self._orders.newest_of(OrderKind.PREFLIGHT.value, campaign_uuid=subject.campaign.uuid)
        if order is None or order.status is not OrderStatus.DONE:
            return None
        bounds = [step.at_most for step in found_steps(order.result) if step.at_most is not None]
        return sum(bounds) if bounds else None

    def _metrics(self, store: ComparisonStore, *, n_subjects: int) -> tuple[list[list[MetricValue]], list[str]]:
        columns: list[list[MetricValue]] = [[] for _ in range(n_subjects)]
        files, n_more = store.metrics_files(FileKind.METRICS.value)
        left_out = [
            f"{number} bundles of S-{submission}: they are still at the site, which brought the first {brought} of the run"
            for submission, number, brought in store.metrics_left_at_sites()
        ]
        told = [(file, self._read(file, columns[file.subject])) for file in files]
        left_out += [f"{file.name} of S-{file.submission}: {why}" for file, why in told if why]
        if n_more:
            left_out.append(f"{n_more} more files: at most {len(files)} are read for so many campaigns")
        return columns, left_out

    def _read(self, file: MetricsFile, values: list[MetricValue]) -> str:
        """Add what a file of metrics has to the values, and say what of it could not be."""
        if file.size > MAX_METRICS_BYTES:
            return "it is too large to be compared here"
        try:
            content = self._context.files.path(file.sha256).read_bytes()
            bundle = read_metrics(content, source=file.title or file.name)
        except (OSError, ValueError, RecursionError):
            return "it is no bundle of metrics that can be read"
        values += bundle.values
        return bundle.passed_over


def _kept_apart(comparison: Comparison) -> str:
    """Say why nobody but administrators could see both: the order and its result belong to one campaign."""
    first, last = (comparison.subjects[position].campaign for position in (0, -1))
    same = first.uuid == last.uuid or (first.definition.team is not None and first.definition.team == last.definition.team)
    if same or not (_is_restricted(first) and _is_restricted(last)):
        return ""
    teams = " and ".join(one.definition.team or "no team" for one in (first, last))
    return f"{first.id} and {last.id} are kept to different teams ({teams}), and what one finds must not be shown to the other."


def _closest(comparison: Comparison) -> Campaign:
    """Give the campaign to which an order on both belongs: who sees it must be allowed to see both."""
    first, last = (comparison.subjects[position].campaign for position in (0, -1))
    return last if _is_restricted(last) else first


def _is_restricted(campaign: Campaign) -> bool:
    return campaign.definition.visibility == "team"


def _why_not(comparison: Comparison) -> str:
    first, last = comparison.runs[0], comparison.runs[-1]
    for subject, runs in ((comparison.subjects[0], first), (comparison.subjects[-1], last)):
        if not runs.names:
            return f"{subject.label} has no outputs in a repository yet."
        if len(runs.names) > MAX_RUNS:
            return f"{subject.label} has more than {MAX_RUNS:,} runs."
    if len(first.places | last.places) > 1:
        told = " and ".join(sorted({f"{butler} at {site}" for site, butler in first.places | last.places}))
        return f"Their outputs are not in the same repository, but in {told}."
    return ""


def _tasks(quanta: Sequence[dict[str, QuantaCounts]]) -> list[TaskRow]:
    labels = dict.fromkeys(label for one in quanta for label in one)
    return [TaskRow(label, tuple(one.get(label) for one in quanta)) for label in labels]


def _commands(told: Sequence[dict[str, tuple[str, ...]]]) -> list[CommandRow]:
    steps = dict.fromkeys(step for one in told for step in one)
    return [CommandRow(step, tuple(one.get(step) for one in told)) for step in steps]


def _relations(columns: Sequence[tuple[Definition, Mapping[str, Pin]]]) -> tuple[Relation, ...]:
    """Tell what each has in common with the first; sets are what they were pinned to, however they are named."""
    pinned = []
    for definition, pins in columns:
        document = definition.model_dump(mode="json", exclude_defaults=True)
        exact = with_exact_sets(document, {reference: str(pin) for reference, pin in pins.items()})
        pinned.append(Definition.model_validate(exact))
    return tuple(relation_of(pinned[0], definition) for definition in pinned)
