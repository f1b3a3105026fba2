"""What campaigns have several of, as words that lists are filtered by: `campaigns.schema.campaign_word` keeps them, by kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, TypeAlias

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.orm import Session

from campaigns.domain.campaign import Campaign, Wait
from campaigns.domain.definition import Definition
from campaigns.domain.filtering.tree import folded
from campaigns.domain.specifications import specifications_of
from campaigns.schema.campaign_word import WORD_LENGTH, CampaignWordRow
from campaigns.schema.sign_off import SignOffRow
from campaigns.schema.spec_pin import SpecPinRow
from campaigns.storage.inserting import put_rows

__all__ = ("DEFINED", "add_words", "defined_words", "put_commits", "put_words", "rebuild_words", "wait_words")

Word: TypeAlias = tuple[str, str]
"""A kind and a word."""

DEFINED: Final = ("label", "set", "input", "pipeline", "spec")
"""The kinds that a definition tells of."""


def defined_words(definition: Definition) -> set[Word]:
    """Give what a definition has several of."""
    parts = (definition.sets, *(step.sets for step in definition.steps))
    sets = {name for part in parts for name in (*part.include, *part.exclude)}
    pipelines = {definition.pipeline or "", *map(definition.pipeline_of, definition.steps)}
    words = {("label", label) for label in definition.labels}
    words |= {("set", name) for each in sets for name in (each, each.partition("@")[0])}
    words |= {("input", name) for name in definition.inputs}
    words |= {("pipeline", name.partition("#")[0]) for name in pipelines} - {("pipeline", "")}
    specs = [spec for _, _, spec in specifications_of(definition)]
    return words | {("spec", name) for spec in specs for name in (spec.repository, spec.reference)}


def wait_words(waits: Iterable[Wait]) -> set[Word]:
    """Give what decisions are about: their kinds, steps and submissions."""
    return {("waits_for", name) for wait in waits for name in (wait.kind.value, wait.step, wait.submission) if name}


def add_words(session: Session, campaign_uuid: str, words: Iterable[Word]) -> None:
    """Write words that a campaign does not have yet."""
    kept = sorted({(kind, folded(word)[:WORD_LENGTH]) for kind, word in words})
    put_rows(session, CampaignWordRow, [{"campaign_id": campaign_uuid, "kind": kind, "word": word} for kind, word in kept])


def put_words(session: Session, campaign_uuid: str, kinds: Collection[str], words: Iterable[Word]) -> None:
    """Write words of some kinds in the place of those that a campaign had."""
    mine = (CampaignWordRow.campaign_id == campaign_uuid, CampaignWordRow.kind.in_(kinds))
    session.execute(delete(CampaignWordRow).where(*mine))
    add_words(session, campaign_uuid, words)


def put_commits(session: Session, campaign_uuid: str) -> None:
    """Write the commits that a campaign's specifications were resolved to, those of older revisions too."""
    session.execute(delete(CampaignWordRow).where(CampaignWordRow.campaign_id == campaign_uuid, CampaignWordRow.kind == "commit"))
    commits = select(SpecPinRow.campaign_id, literal("commit"), SpecPinRow.commit).distinct()
    its = commits.where(SpecPinRow.campaign_id == campaign_uuid)
    session.execute(insert(CampaignWordRow).from_select(["campaign_id", "kind", "word"], its))


def rebuild_words(session: Session, campaign: Campaign) -> None:
    """Write the words of a campaign whose rows were written as they came.

    Notes
    -----
    Operators come with them, and what it waited for at its origin: it is kept for there, and not looked at here.
    """
    put_words(session, campaign.uuid, DEFINED, defined_words(campaign.definition))
    put_commits(session, campaign.uuid)
    holds = (SignOffRow.campaign_id == campaign.uuid, SignOffRow.undone_us.is_(None))
    signed = select(SignOffRow.signed_by).where(*holds, SignOffRow.revision == campaign.signed_revision)
    put_words(session, campaign.uuid, ("signed_by",), [("signed_by", name) for name in session.scalars(signed)])
