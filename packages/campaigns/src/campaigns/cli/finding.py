"""``campaign list`` and ``query``: finding campaigns, and keeping how."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from campaigns.cli.connecting import client_command
from campaigns.cli.output import Output
from campaigns.cli.shown import moment, quanta_text, state_text
from campaigns.client import CampaignClient
from campaigns.domain.savedquery import COLUMNS, checked_columns

__all__ = ("list_campaigns", "query")

_TIMES = ("created", "updated", "started", "ended")


@click.command("list")
@click.argument("filter", required=False, default="")
@click.option("--sort", help="The order: a field, behind a minus for falling order, such as -updated.")
@click.option("--columns", help="What is shown, such as id,campaign,lead,ticket; the page calls them so too.")
@click.option("--query", "saved", help="A saved query, by NAME or OWNER/NAME; what is given here comes before what it has.")
@click.option("--limit", type=click.IntRange(1), help="How many at most.")
@click.option("--count", is_flag=True, help="Only count them.")
@client_command
def list_campaigns(
    client: CampaignClient,
    output: Output,
    filter: str,  # noqa: A002 - what it is called everywhere
    *,
    sort: str | None,
    columns: str | None,
    saved: str | None,
    limit: int | None,
    count: bool,
) -> None:
    """List campaigns that FILTER finds; by default all, newest first.

    FILTER is words to be found in texts, and conditions: `campaign list 'status in (running, paused) and lead = me'`. With --json
    all that is known of each is printed.
    """
    kept = client.get(f"queries/{saved}") if saved else {"filter": "", "sort": "", "columns": []}
    asked = {"filter": filter or kept["filter"], "sort": sort or kept["sort"]}
    params: dict[str, Any] = {name: value for name, value in asked.items() if value}
    if count:
        answer = client.get("campaigns", **params, count=True, limit=1)
        output.document({"count": answer["count"]}, text=str(answer["count"]))
        return
    items = list(islice(client.items("campaigns", **params, limit=min(limit or 200, 200)), limit))
    names = checked_columns(_listed(columns or "") or list(kept["columns"]))
    heads = {COLUMNS[name].upper(): f"shown_{name}" for name in names}
    shown = [{f"shown_{name}": _cell(item, name) for name in names} for item in items]
    empty = "No campaign matches." if params.get("filter") else "There are no campaigns yet."
    output.table(items if output.as_json else shown, columns=heads, empty=empty)


def _cell(item: dict[str, Any], name: str) -> Any:
    match name:
        case "state":
            return state_text(item["status"])
        case "campaign":
            return item["name"]
        case "quanta":
            return quanta_text(item["quanta"])
        case "waits":
            return item["waits"][0]["text"] if item["waits"] else None
        case "submissions":
            return item["n_submissions"]
        case _ if name in _TIMES:
            return None if item[f"{name}_us"] is None else moment(item[f"{name}_us"])
        case _:
            return item[name]


def _listed(columns: str) -> list[str]:
    return [name.strip() for name in columns.split(",") if name.strip()]


@click.group()
def query() -> None:
    """Keep filters with their order and columns under names, for yourself or for everyone."""


@query.command("list")
@client_command
def list_queries(client: CampaignClient, output: Output) -> None:
    """List the saved queries that you may see, your own first."""
    items = list(client.items("queries"))
    shown = [{**item, "called": f"{item['owner']}/{item['name']}"} for item in items]
    columns = {"NAME": "name", "FILTER": "filter", "SORT": "sort", "OF": "owner", "FOR": "shared", "CALL IT": "called"}
    output.table(items if output.as_json else shown, columns=columns, empty="No query is saved yet.")


@query.command("save")
@click.argument("name")
@click.argument("filter", required=False, default="")
@click.option("--sort", default="", help="The order, such as -updated.")
@click.option("--columns", default="", help="What lists show, such as id,campaign,lead; by default the usual columns.")
@click.option("--shared", default="private", show_default=True, help="For whom: private, everyone, or team:NAME.")
@client_command
def save_query(
    client: CampaignClient,
    output: Output,
    name: str,
    filter: str,  # noqa: A002 - what it is called everywhere
    *,
    sort: str,
    columns: str,
    shared: str,
) -> None:
    """Keep FILTER as NAME; the same NAME again changes it."""
    body = {"name": name, "filter": filter, "sort": sort, "columns": _listed(columns), "shared": shared}
    saved = client.create("queries", body)
    others = "" if saved["shared"] == "private" else f"; others call it {saved['owner']}/{saved['name']}"
    output.document(saved, text=f"saved {saved['name']}{others}: /queries/{saved['uuid']}")


@query.command("remove")
@click.argument("name")
@client_command
def remove_query(client: CampaignClient, output: Output, name: str) -> None:
    """Take the saved query NAME away."""
    found = client.get(f"queries/{name}")
    client.request("DELETE", f"queries/{found['uuid']}")
    output.document(found, text=f"removed {found['name']}")
