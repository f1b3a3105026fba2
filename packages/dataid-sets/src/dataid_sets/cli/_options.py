"""Arguments and options that several commands have."""

from __future__ import annotations

__all__ = (
    "ACCESSES",
    "FORMATS",
    "RULES",
    "UNKNOWNS",
    "Expiry",
    "Whole",
    "access_option",
    "chosen_access",
    "constant_option",
    "description_option",
    "dimensions_option",
    "expires_option",
    "format_option",
    "group_option",
    "ignore_column_option",
    "json_option",
    "new_set_options",
    "reference_argument",
    "repo_argument",
    "rule_option",
    "source_file_argument",
    "target_file_argument",
    "unknown_option",
    "visit_system_option",
)

import datetime
import re
from typing import Any

import click
from lsst.daf.butler.cli.utils import MWArgumentDecorator, MWOptionDecorator, OptionGroup, split_commas

# The classes that have these words load much; a test holds the words against them.
ACCESSES = ("everyone", "group", "private")
RULES = ("any", "all")
FORMATS = ("json", "jsonl", "csv", "ecsv", "parquet", "votable", "text")
UNKNOWNS = ("error", "drop", "pending")

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_LARGEST = 2**63 - 1
"""What databases hold."""
_LAST = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)


class Whole(click.types.IntParamType):
    """A whole number of 64 bits, which is what databases hold; its range would only spoil the help text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number."""
        number = int(super().convert(value, param, ctx))
        if not -_LARGEST <= number <= _LARGEST:
            self.fail(f"{value} has more than 64 bits.", param, ctx)
        return number


class Expiry(click.ParamType):  # type: ignore[type-arg] # older versions of click have no arguments here
    """A moment to come: a date, a date and time, or how long from now; gives an aware `datetime.datetime`."""

    name = "date or duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.datetime:
        """Take the text apart."""
        if isinstance(value, datetime.datetime):
            return value
        now = datetime.datetime.now(datetime.UTC)
        try:
            if found := re.fullmatch(r"([0-9]{1,5})([hdw])", value):
                moment = now + datetime.timedelta(**{_UNITS[found[2]]: int(found[1])})
            else:
                moment = datetime.datetime.fromisoformat(value)
        except OverflowError:
            moment = _LAST + datetime.timedelta(days=1)
        except ValueError:
            self.fail(f"{value!r} is neither a date, such as 2026-12-31, nor a duration, such as 30d.", param, ctx)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)
        if aware <= now:
            self.fail(f"{value!r} is not in the future." if found else f"{value!r} is past.", param, ctx)
        if aware > _LAST:
            self.fail(f"{value!r} is after 2100-01-01; a set without an expiry stays for good.", param, ctx)
        return aware


# Butler's own decorator of this argument keeps the last help text it was given, for every command that follows.
repo_argument = MWArgumentDecorator(
    "repo", help="REPO is the URI or path to an existing data repository root or configuration file.", required=True
)
reference_argument = MWArgumentDecorator(
    "name", help="NAME is the name of a set, with its version as in demo/bad@1, or without for the newest.", required=True
)
source_file_argument = MWArgumentDecorator("file", help="FILE is the DataId file; - is standard input.", required=True)
target_file_argument = MWArgumentDecorator("file", help="FILE is the file to write; - is standard output.", required=True)

json_option = MWOptionDecorator("--json", "as_json", is_flag=True, help="Print one JSON document, for programs.")
dimensions_option = MWOptionDecorator(
    "--dimensions", multiple=True, callback=split_commas, metavar="TEXT", help="The dimensions, with commas between."
)
format_option = MWOptionDecorator(
    "--format", "format_", type=click.Choice(FORMATS), help="The file's format; by default that of its suffix."
)
constant_option = MWOptionDecorator(
    "--constant",
    "constants",
    multiple=True,
    metavar="NAME=VALUE",
    help="The value of a dimension that the file lacks; reason=TEXT is the reason of rows without one.",
)
ignore_column_option = MWOptionDecorator(
    "--ignore-column", "ignore", multiple=True, callback=split_commas, metavar="NAME", help="A column of the file to leave out."
)
unknown_option = MWOptionDecorator(
    "--unknown",
    type=click.Choice(UNKNOWNS),
    default="error",
    show_default=True,
    help=(
        "What to do with data IDs that the registry has no records of: an error, leave them out, or, of exposures, visits, "
        "groups and days, keep them until there are."
    ),
)
rule_option = MWOptionDecorator(
    "--rule",
    type=click.Choice(RULES),
    default="any",
    show_default=True,
    help="Whether a visit counts as listed if any of its exposures is, or if all are; and the reverse.",
)
visit_system_option = MWOptionDecorator(
    "--visit-system", type=Whole(), metavar="N", help="The visit system whose visits count; by default all."
)
description_option = MWOptionDecorator("--description", default="", help="What the set is for.")
access_option = MWOptionDecorator(
    "--access", type=click.Choice(ACCESSES), help="Who else may read it: everyone, the default, or members of --group, or nobody."
)
group_option = MWOptionDecorator("--group", help="The group that may read it; --access group is then understood.")
expires_option = MWOptionDecorator(
    "--expires",
    type=Expiry(),
    metavar="DATE|DURATION",
    help="When a sweep may remove it: 2026-12-31, or 30d, 12h, 4w from now. A date begins at 0 h UTC. By default it stays.",
)


class new_set_options(OptionGroup):  # noqa: N801 - a decorator
    """What may be said of a set that is being made."""

    def __init__(self) -> None:
        self.decorators = [description_option(), access_option(), group_option(), expires_option()]


def chosen_access(access: str | None, group: str | None) -> str:
    """Give who may read a set, where a group alone says it, too."""
    return access or ("everyone" if group is None else "group")
