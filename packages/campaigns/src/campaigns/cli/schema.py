"""``campaign schema``: needs no server."""

from __future__ import annotations

import json

import click

from campaigns.domain.definition.schema import definition_schema

__all__ = ("schema",)


@click.command()
def schema() -> None:
    """Print the JSON Schema of a campaign file."""
    click.echo(json.dumps(definition_schema(), indent=2, ensure_ascii=False))
