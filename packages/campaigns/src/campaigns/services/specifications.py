"""Specifications in git: resolving them, with no transaction open, and keeping what they were resolved to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from campaigns.config import Settings
from campaigns.domain.campaign import Campaign
from campaigns.domain.definition import Definition, in_repository
from campaigns.domain.definition.rules import named_files
from campaigns.domain.errors import Fault, NotReady
from campaigns.domain.identity import SYSTEM, Identity
from campaigns.domain.processing import repository_is_used
from campaigns.domain.specifications import (
    NamedList,
    NotInRepository,
    ResolvedSpec,
    SpecError,
    SpecPin,
    SpecRole,
    specifications_of,
)
from campaigns.gateways.git import GitGateway
from campaigns.gateways.gitaddresses import GitAddresses
from campaigns.gateways.gitprocess import goes_by_proxy
from campaigns.services.context import Context
from campaigns.services.lookup import found_campaign
from campaigns.storage.specifications import SpecPinStore
from campaigns.wire.processing import PinnedSpecification

__all__ = ("Resolution", "SpecificationService", "archive_of", "git_gateway", "resolve")


def git_gateway(settings: Settings) -> GitGateway:
    """Make the gateway to git as the settings have it."""
    hosts = [host.strip() for host in settings.git_hosts.split(",") if host.strip()]
    return GitGateway(
        settings.data_dir / "git",
        GitAddresses(hosts, settings.git_roots, proxied=goes_by_proxy()),
        timeout_s=settings.git_timeout_s,
        max_mb=settings.git_max_mb,
        max_file_mb=settings.git_max_file_mb,
        ssh_key=settings.git_ssh_key,
        known_hosts=settings.git_known_hosts,
    )


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the references of a definition stand for, or why that cannot be told.

    Attributes
    ----------
    specs : `tuple` [`ResolvedSpec`, ...]
        The commits.
    faults : `tuple` [`Fault`, ...]
        What is wrong: references, repositories, files that are not there. Nothing may be started with any.
    lists : `tuple` [`NamedList`, ...]
        The lists that the definition names as sets, where they were asked for; see `resolve_for_start`.
    """

    specs: tuple[ResolvedSpec, ...] = ()
    faults: tuple[Fault, ...] = ()
    lists: tuple[NamedList, ...] = ()

    def fits(self, definition: Definition) -> bool:
        """Tell whether it is that of a definition, which may have been changed since."""
        wanted = {(role, spec.repository, spec.reference, spec.path) for role, _, spec in specifications_of(definition)}
        return wanted == {(one.role, one.repository, one.reference, one.path) for one in self.specs}


def resolve(git: GitGateway, definition: Definition) -> Resolution:
    """Find the commits of a definition's specifications, and see that what it names is in them.

    Parameters
    ----------
    git : `GitGateway`
        What reads repositories. It waits for networks: no transaction may be open.
    definition : `Definition`
        The definition.
    """
    specs: list[ResolvedSpec] = []
    faults: list[Fault] = []
    for role, where, spec in specifications_of(definition):
        try:
            commit = git.resolve(spec.repository, spec.reference)
            specs.append(ResolvedSpec(role, spec.repository, spec.reference, spec.path, commit))
            if spec.path:
                git.check_path(spec.repository, commit, spec.path)
        except NotInRepository as error:
            faults.append(error.as_fault(f"{where}.path"))
        except SpecError as error:
            part = "reference" if error.code == "reference_not_found" else "repository"
            faults.append(error.as_fault(f"{where}.{part}"))
    processing = next((one for one in specs if one.role is SpecRole.PROCESSING), None)
    if processing is not None and not faults:
        faults.extend(_missing_files(git, definition, processing))
    return Resolution(tuple(specs), tuple(faults))


def _missing_files(git: GitGateway, definition: Definition, spec: ResolvedSpec) -> list[Fault]:
    named = [*named_files(definition), *_pipelines(definition)]
    wanted = [(where, path, path.partition("#")[0]) for where, path in named if in_repository(path)]
    if not wanted:
        return []
    missing = git.missing(spec.repository, spec.commit, [file for _, _, file in wanted])
    remedy = "Paths begin at the repository's root; look whether the file was committed."
    return [
        Fault("not_in_repository", f"{spec.repository} has no file {path} at {spec.commit[:10]}.", where, remedy)
        for where, path, file in wanted
        if file in missing
    ]


def _pipelines(definition: Definition) -> Iterable[tuple[str, str]]:
    if definition.pipeline:
        yield "pipeline", definition.pipeline
    for index, step in enumerate(definition.steps):
        if step.pipeline is not None and not step.pipeline.startswith("#"):
            yield f"steps[{index}].pipeline", step.pipeline


def archive_of(git: GitGateway, wanted: PinnedSpecification) -> Path:
    """Write the files of a specification into a new tar file, which is the caller's to remove."""
    with NamedTemporaryFile(prefix="specification-", suffix=".tar", delete=False) as file:
        archive = Path(file.name)
    try:
        git.archive(wanted.repository, wanted.commit, archive)
    except SpecError:
        archive.unlink()
        raise
    return archive


class SpecificationService:
    """What specifications were resolved to, for one caller.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = SpecPinStore(context.session, SYSTEM)

    def of_campaign(self, campaign: Campaign) -> list[SpecPin]:
        """List what a campaign's revisions were resolved to, the newest first."""
        return SpecPinStore(self._context.session, self._context.identity).of_campaign(campaign.uuid)

    def listed(self, ref: str) -> list[SpecPin]:
        """List what the revisions of a campaign, by its id, were resolved to, the newest first."""
        return self.of_campaign(found_campaign(self._context, ref))

    def check(self, campaign: Campaign, resolution: Resolution | None) -> Resolution:
        """See that a resolution is that of a campaign's definition as it is now.

        Raises
        ------
        NotReady
            If the definition has changed since.
        """
        found = resolution or Resolution()
        if not found.fits(campaign.definition):
            raise NotReady(
                f"The specifications of {campaign.id} were not resolved, or changed while they were.",
                where=campaign.id,
                remedy="Look at its newest revision, and try again.",
            )
        return found

    def record(self, campaign: Campaign, specs: Sequence[ResolvedSpec], *, actor: Identity) -> None:
        """Keep what a campaign's newest revision was resolved to."""
        known = self._store.of_revision(campaign.uuid, campaign.revision)
        now = self._context.clock.now_us()
        new = [
            SpecPin(
                revision=campaign.revision,
                role=one.role,
                repository=one.repository,
                reference=one.reference,
                path=one.path,
                commit=one.commit,
                resolved_us=now,
            )
            for one in specs
            if one.role not in known
        ]
        if not new:
            return
        self._store.add(campaign.uuid, new)
        told = ", ".join(f"{pin.role.value} at {pin.short} ({pin.reference})" for pin in new)
        self._context.record(
            "campaign.resolved",
            f"{campaign.id} revision {campaign.revision}: {told}",
            campaign=campaign.uuid,
            actor=actor,
            details={
                "revision": campaign.revision,
                "specifications": [
                    {"role": pin.role.value, "repository": pin.repository, "reference": pin.reference, "commit": pin.commit}
                    for pin in new
                ],
            },
        )

    def carry_over(self, before: Campaign, after: Campaign) -> None:
        """Keep the commits of a revision for the next, whose specifications are the same."""
        pins = self._store.of_revision(before.uuid, before.revision)
        if specifications_of(before.definition) != specifications_of(after.definition):
            raise ValueError("a revision with other specifications needs them resolved")
        now = self._context.clock.now_us()
        self._store.add(
            after.uuid,
            [
                SpecPin(
                    revision=after.revision,
                    role=pin.role,
                    repository=pin.repository,
                    reference=pin.reference,
                    path=pin.path,
                    commit=pin.commit,
                    resolved_us=now,
                )
                for pin in pins.values()
            ],
        )

    def pinned(self, campaign: Campaign) -> PinnedSpecification | None:
        """Give the processing specification of a campaign's newest revision, where its files are needed at the site."""
        if not repository_is_used(campaign.definition):
            return None
        pin = self._store.of_revision(campaign.uuid, campaign.revision).get(SpecRole.PROCESSING)
        if pin is None:
            return None
        return PinnedSpecification(repository=pin.repository, reference=pin.reference, commit=pin.commit)
