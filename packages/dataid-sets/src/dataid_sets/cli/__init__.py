"""The subcommands that ``butler`` gains: each in a module of its name.

Butler loads all commands to run any one of them, so these modules import only click and what Butler has loaded by then.
"""

from __future__ import annotations

__all__ = ("get_cli_subcommands",)

import click

from .combine_dataid_sets import combine_dataid_sets
from .compare_dataid_sets import compare_dataid_sets
from .convert_dataids import convert_dataids
from .explain_missing_dataid import explain_missing_dataid
from .export_dataid_set import export_dataid_set
from .init_dataid_sets import init_dataid_sets
from .query_dataid_sets import query_dataid_sets
from .remove_dataid_set import remove_dataid_set
from .share_dataid_set import share_dataid_set
from .tag_dataid_set import tag_dataid_set
from .upload_dataid_set import upload_dataid_set


def get_cli_subcommands() -> list[click.Command]:
    """Give the commands (`list` [`click.Command`]); the entry point ``butler.cli`` names this function."""
    return [
        init_dataid_sets,
        upload_dataid_set,
        query_dataid_sets,
        export_dataid_set,
        combine_dataid_sets,
        compare_dataid_sets,
        convert_dataids,
        tag_dataid_set,
        remove_dataid_set,
        share_dataid_set,
        explain_missing_dataid,
    ]
