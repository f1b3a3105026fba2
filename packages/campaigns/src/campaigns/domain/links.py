"""Links to other systems: those that people add, and those that a site's templates make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlsplit

from campaigns.domain.addresses import MAX_URL, address_fault
from campaigns.domain.campaign import Campaign
from campaigns.domain.submission import Submission

__all__ = (
    "MAX_URL",
    "TEMPLATE_FIELDS",
    "Link",
    "LinkCheck",
    "LinkKind",
    "LinkOrigin",
    "LinkTemplate",
    "address_fault",
    "expanded",
    "template_fault",
)


class LinkKind(StrEnum):
    """What sort of place it is."""

    COLLECTION = "collection"
    METRICS = "metrics"
    PLOTS = "plots"
    MONITOR = "monitor"
    TICKET = "ticket"
    DOCUMENT = "document"
    OTHER = "other"


class LinkOrigin(StrEnum):
    """Where a link comes from."""

    DEFINITION = "definition"
    SITE = "site"
    TICKET = "ticket"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCheck:
    """What was found at an address.

    Attributes
    ----------
    reached : `bool`
        Whether a page is there.
    answer : `str`
        What the host said, or why there was no answer.
    checked_us : `int`
        When, UTC microseconds.
    """

    reached: bool
    answer: str
    checked_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a campaign or of one of its submissions.

    Attributes
    ----------
    uuid : `str`, optional
        Of one that was added; the others have none.
    submission : `str`, optional
        The submission's id, such as ``S-12``.
    added_by, added_us : optional
        Who added it and when, UTC microseconds.
    check : `LinkCheck`, optional
        What was found there when it was last looked at.
    passed_over : `str`
        Why it was not looked at, where somebody has just asked for that.
    """

    kind: LinkKind
    title: str
    url: str
    origin: LinkOrigin
    uuid: str | None = None
    submission: str | None = None
    added_by: str | None = None
    added_us: int | None = None
    check: LinkCheck | None = None
    passed_over: str = ""

    @property
    def host(self) -> str:
        """The host's name (`str`); empty where a stored address is none."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""

    def checked(self, check: LinkCheck | None) -> Link:
        """Give the link with what was found there."""
        return replace(self, check=check)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTemplate:
    """A link that a site has for each campaign or submission, with names in braces in its address."""

    kind: LinkKind
    title: str
    url: str


_FIELD: Final = re.compile(r"\{([^{}]*)\}")

TEMPLATE_FIELDS: Final = (
    *("campaign.id", "campaign.uuid", "campaign.name", "campaign.ticket", "campaign.output", "campaign.butler"),
    *("submission.id", "submission.uuid", "submission.step", "submission.group", "submission.attempt"),
    *("submission.operator", "submission.output_run", "submission.run_id"),
)
"""What may stand in braces. A template with a submission's is for each submission, the others for the campaign."""


def template_fault(url: str) -> str | None:
    """Say what is wrong with the address of a template, or nothing."""
    unknown = [name for name in _FIELD.findall(url) if name not in TEMPLATE_FIELDS]
    if unknown:
        return f"{{{unknown[0]}}} is not known; there are {', '.join(TEMPLATE_FIELDS)}"
    filled = _FIELD.sub("x", url)
    if "{" in filled or "}" in filled:
        return "a brace has no other"
    head = re.match(r"https?://[^/?#]*", url)
    if head is not None and "{" in head[0]:
        return "the host cannot have names in braces"
    fault = address_fault(filled)
    return None if fault is None else fault.rstrip(".")


def expanded(template: LinkTemplate, campaign: Campaign, submission: Submission | None = None) -> Link | None:
    """Give the link that a template makes.

    Parameters
    ----------
    template : `LinkTemplate`
        Of the site.
    campaign : `Campaign`
        The campaign.
    submission : `Submission`, optional
        The submission; without one, templates for submissions make nothing.

    Returns
    -------
    link : `Link` or `None`
        `None` where something that it names is not known yet, or the template is for the other of the two.
    """
    names = _FIELD.findall(template.url)
    for_submission = any(name.startswith("submission.") for name in names)
    if for_submission is not (submission is not None) or template_fault(template.url) is not None:
        return None
    values = _values(campaign, submission)
    if any(not values.get(name) for name in names):
        return None
    # Whatever a name holds, it stays one part of the path: not a slash, a question mark or a host.
    url = _FIELD.sub(lambda match: quote(values[match[1]], safe=""), template.url)
    if address_fault(url) is not None:
        return None
    about = None if submission is None else submission.id
    return Link(kind=template.kind, title=template.title, url=url, origin=LinkOrigin.SITE, submission=about)


def _values(campaign: Campaign, submission: Submission | None) -> Mapping[str, str]:
    definition = campaign.definition
    told: dict[str, object] = {
        "campaign.id": campaign.id,
        "campaign.uuid": campaign.uuid,
        "campaign.name": campaign.name,
        "campaign.ticket": definition.ticket,
        "campaign.output": definition.output,
        "campaign.butler": definition.butler,
    }
    if submission is not None:
        names = ("id", "uuid", "step", "group", "attempt", "operator", "output_run")
        told |= {f"submission.{name}": getattr(submission, name) for name in names}
        told["submission.run_id"] = submission.workflow.run_id
    return {name: str(value) for name, value in told.items() if value not in (None, "")}
