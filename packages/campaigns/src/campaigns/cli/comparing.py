"""``campaign rerun`` and ``campaign diff``: making campaigns from others, and what differs between them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from campaigns.cli.compared import comparison_text, differences_text, log_text
from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output, text_of
from campaigns.client import CampaignClient
from campaigns.domain.document import read_partial
from campaigns.domain.errors import InvalidInput
from campaigns.domain.lineage import Relation
from campaigns.domain.specifications import SpecRole

__all__ = ("diff", "rerun")


@click.command()
@click.argument("campaign")
@click.option("--reason", "-m", required=True, help="Why; it is the new campaign's reason.")
@click.option("--revision", type=click.IntRange(1), help="The revision to derive from; by default the newest.")
@click.option(
    "--set", "places", metavar="PATH=VALUE", multiple=True, help="Put a value at a place, such as bps.requestMemory=8192."
)
@click.option(
    "--edit",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A partial campaign file that is laid over the definition; null takes a field away.",
)
@click.option("--as-pinned", is_flag=True, help="Take DataId sets as the campaign had them pinned, not the newest.")
@click.option("--draft", is_flag=True, help="Leave it a draft, though it is complete.")
@click.option("--dry-run", is_flag=True, help="Show what would be made, field by field, and make nothing.")
@click.option("--yes", "-y", is_flag=True, help="Make it without asking.")
@client_command
def rerun(
    client: CampaignClient,
    output: Output,
    campaign: str,
    *,
    reason: str,
    revision: int | None,
    places: tuple[str, ...],
    file: Path | None,
    as_pinned: bool,
    draft: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Make a new campaign from CAMPAIGN: all its settings, a new name and output collection, and the changes that are given.

    What changes is shown field by field; at a terminal it is asked for before anything is made. The new campaign starts by
    `campaign start`.
    """
    told: dict[str, Any] = {
        "reason": reason,
        "revision": revision,
        "patch": _patch(file),
        "places": dict(map(_place, places)),
        "as_pinned": as_pinned,
        "draft": draft,
    }
    if dry_run or (sys.stdin.isatty() and not yes and not output.as_json):
        plan = client.rerun(campaign, dry_run=True, **told)
        if dry_run:
            output.document(plan, text=_plan_text(plan))
            return
        click.echo(_plan_text(plan))
        click.confirm("Make it?", abort=True)
    made = client.rerun(campaign, **told)
    new = made["campaign"]
    shown = f"made {new['id']} {new['name']} from {made['parent']} revision {made['parent_revision']}, {new['status']}"
    output.document(made, text="\n".join([shown, *differences_text(made["differences"])]))


@click.command()
@click.argument("campaigns", nargs=-1, required=True, metavar="CAMPAIGN[@REVISION] CAMPAIGN[@REVISION]...")
@click.option("--all", "everything", is_flag=True, help="Also what is the same.")
@click.option(
    "--log",
    "role",
    type=click.Choice([role.value for role in SpecRole]),
    help="Only the commits between the specifications of this role, of the first and the last.",
)
@client_command
def diff(client: CampaignClient, output: Output, campaigns: tuple[str, ...], *, everything: bool, role: str | None) -> None:
    """Compare campaigns or revisions: C-1 C-2, or C-1@1 C-1@3. The first is what the others are held against.

    Definitions, DataId sets, what was meant and what succeeded, failures, time, and values of metrics: only what differs.
    """
    if len(campaigns) < 2:
        raise InvalidInput("One campaign is given to compare.", where="CAMPAIGN", remedy="Give two or more, such as C-1 C-2.")
    if role is not None:
        between = client.diff_log(campaigns[0], campaigns[-1], role=role)
        output.document(between, text=log_text(between, first=campaigns[0], last=campaigns[-1]))
        return
    found = client.diff(*campaigns, everything=everything)
    output.document(found, text=comparison_text(found))


def _patch(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    read = read_partial(text_of(file))
    if not isinstance(read, dict):
        raise InvalidInput(f"{file} has no fields of a campaign.", where="--edit", remedy="Write such as `stack: w_2026_47`.")
    return read


def _place(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        remedy = "Write such as `--set bps.requestMemory=8192` or `--set steps[step2].gate.accept=person`."
        raise InvalidInput(f"{text} sets nothing.", where="--set", remedy=remedy)
    return path.strip(), read_partial(value) if value.strip() else ""


def _plan_text(plan: dict[str, Any]) -> str:
    head = f"from {plan['parent']} revision {plan['parent_revision']}: {Relation(plan['relation']).words}"
    missing = [f"  still needs: {one['message']}" for one in plan["missing"]]
    return "\n".join([head, *differences_text(plan["differences"]), *missing])
