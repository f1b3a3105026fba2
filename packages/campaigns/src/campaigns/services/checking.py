"""What is wrong with a definition as far as the server knows: before it is saved, before it starts, and while it is written.

The one place for these rules: the live verdict, REST, commands, saving and starting all tell by them, in the same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from campaigns.domain.campaign import Campaign
from campaigns.domain.dataidsets import named_sets
from campaigns.domain.definition import Definition, definition_warnings
from campaigns.domain.errors import Fault
from campaigns.domain.identity import Role, may
from campaigns.domain.states import CampaignStatus
from campaigns.services.context import Context
from campaigns.services.lookup import OF_A_TEAM
from campaigns.services.sites import offer_faults
from campaigns.storage.campaigns import CampaignStore, OutputNaming
from campaigns.storage.dataidsets import DataIdSetStore
from campaigns.storage.named import Named, find_named

__all__ = ("CheckService", "Verdict", "name_fault", "output_fault")

_NOT_STARTED = (CampaignStatus.DRAFT, CampaignStatus.DEFINED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the server knows to be wrong with a valid definition.

    Attributes
    ----------
    faults : `tuple` [`Fault`, ...]
        It cannot be saved with these.
    hindrances : `tuple` [`Fault`, ...]
        It can be saved, and could not start now.
    warnings : `tuple` [`Fault`, ...]
        It is allowed and yet not as it should be.
    """

    faults: tuple[Fault, ...] = ()
    hindrances: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


class CheckService:
    """Looks at definitions, for one caller, and changes nothing.

    Parameters
    ----------
    context : `Context`
        The transaction and who asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._campaigns = CampaignStore(context.session, context.identity)
        # Who may make no campaigns needs no name or collection, and would only learn that a hidden one has it.
        self._makes = may(context.identity, Role.MANAGER)

    def verdict(self, definition: Definition, *, own: Campaign | None = None) -> Verdict:
        """Look at a definition.

        Parameters
        ----------
        definition : `Definition`
            A valid definition.
        own : `Campaign`, optional
            The campaign it is of, or is to be of, if there is one.

        Returns
        -------
        verdict : `Verdict`
            Of each kind in the order of the document.
        """
        uuid = own.uuid if own is not None else None
        has_name = own is not None and own.name == definition.name
        name = name_fault(self._campaigns, definition.name, own=uuid) if self._makes and not has_name else None
        hindrances, warnings = self._beside_name(definition, own=own)
        return Verdict(tuple([name] if name is not None else ()), tuple(hindrances), tuple(warnings))

    def _beside_name(self, definition: Definition, *, own: Campaign | None) -> tuple[list[Fault], list[Fault]]:
        """Tell what hinders a start, and what is not as it should be."""
        uuid = own.uuid if own is not None else None
        named = find_named(self._context.session, self._context.identity, definition)
        # What is not named yet is told as missing.
        offered = offer_faults(self._context, definition, named.offer) if definition.site is not None else []
        hindrances = [fault for fault in offered if getattr(definition, fault.where or "", None) is not None]
        naming = self._campaigns.naming_output(definition) if self._makes else []
        taken = _taken(naming, definition, own=uuid)
        hindrances += taken
        owner = own.owner if own is not None else self._context.identity.name
        warnings = [*definition_warnings(definition, owner=owner), *_people(named, definition)]
        warnings += [] if taken else _shared(naming, definition, own=uuid)
        warnings += self._unknown_sets(definition)
        return hindrances, warnings

    def warnings(self, campaign: Campaign) -> list[Fault]:
        """Tell what hinders a campaign's start, or is not as it should be; of one that has started, only what it says itself."""
        if campaign.status not in _NOT_STARTED or not campaign.runs_here:
            return definition_warnings(campaign.definition, owner=campaign.owner)
        hindrances, warnings = self._beside_name(campaign.definition, own=campaign)
        return [*hindrances, *warnings]

    def warnings_of_new(self, definition: Definition) -> list[Fault]:
        """Tell what `warnings` would tell of a campaign that the caller makes of a definition.

        Notes
        -----
        It is asked before the campaign is made, since others who make one have to wait from then on. Of two that are made at the
        same time with one output collection neither may hear of the other; `warnings` tells it from then on.
        """
        hindrances, warnings = self._beside_name(definition, own=None)
        return [*hindrances, *warnings]

    def _unknown_sets(self, definition: Definition) -> Iterator[Fault]:
        store, site, butler = DataIdSetStore(self._context.session, self._context.identity), definition.site, definition.butler
        named = named_sets(definition)
        if site is None or butler is None or not named or not store.any_of(site, butler):
            # Whether the site has sets nobody has asked yet.
            return
        entries = store.named(site, butler, {one.reference.partition("@")[0] for one in named})
        known = {name for entry in entries for name in (entry.name, str(entry))}
        for one in named:
            # A name without a version may be that of a list in the data specification, of which the start has the set made.
            may_be_made = definition.data_spec is not None and "@" not in one.reference
            if one.reference not in known and not may_be_made:
                yield Fault(
                    "unknown_set",
                    f"There is no DataId set {one.reference} in {butler} at {site}, as far as the service knows.",
                    one.where,
                    "Correct the name, or have the site's sets looked up anew, on the page of the DataId sets.",
                )


def _people(named: Named, definition: Definition) -> Iterator[Fault]:
    lead, team = definition.lead, definition.team
    if lead is not None and not named.lead:
        remedy = "Give the name that they sign in with, or have an administrator make the user."
        yield Fault("unknown_user", f"There is no user {lead}, who would lead it.", "lead", remedy)
    if team is not None and not named.team:
        remedy = "`campaign team list` shows what there is; `campaign team create` makes one."
        yield Fault("unknown_team", f"There is no team {team}.", "team", remedy)
    if definition.visibility == "team" and team is None:
        message = "It is kept to its team, and names none: only its owner, its lead and administrators will see it."
        yield Fault("no_team", message, "visibility", "Name a `team`, or leave `visibility` out.")


def name_fault(store: CampaignStore, name: str, *, own: str | None) -> Fault | None:
    """Tell whether another campaign has a short name.

    Parameters
    ----------
    store : `CampaignStore`
        The caller's view of campaigns.
    name : `str`
        The name.
    own : `str` or `None`
        The UUID of the campaign that may have it.
    """
    holder = store.holder_of(name)
    if holder is None or holder[0] == own:
        return None
    change = f", or change that campaign: `campaign edit {holder[1]} FILE`" if holder[1] else ""
    message = f"The name {name} is taken by {holder[1] or OF_A_TEAM}."
    return Fault("conflict", message, "name", f"Give another short name{change}.")


def output_fault(store: CampaignStore, definition: Definition, *, own: str | None) -> Fault | None:
    """Tell whether another campaign, which has started, has a definition's output collection; see `name_fault`."""
    return next(iter(_taken(store.naming_output(definition), definition, own=own)), None)


def _taken(naming: list[OutputNaming], definition: Definition, *, own: str | None) -> list[Fault]:
    return [
        Fault(
            "output_taken",
            f"The output collection {definition.output} is that of {other.id or OF_A_TEAM}.",
            "output",
            "Name another output collection: two campaigns must not write into one.",
        )
        for other in naming
        if other.has_it and other.uuid != own
    ]


def _shared(naming: list[OutputNaming], definition: Definition, *, own: str | None) -> list[Fault]:
    others = [other for other in naming if not other.has_it and other.uuid != own]
    return [
        Fault(
            "output_named",
            f"The output collection {definition.output} is named by {other.id} too.",
            "output",
            "Name another output collection: whichever starts first has it, and the other cannot start.",
        )
        for other in others[:1]
    ]
