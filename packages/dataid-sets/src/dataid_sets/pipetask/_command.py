"""``pipetask-sets``: the whole of ``pipetask``, with sets where graphs are made."""

from __future__ import annotations

__all__ = ("cli",)

import copy
import functools
from collections.abc import Callable
from typing import IO, Any, cast

import click
from lsst.daf.butler import Butler
from lsst.daf.butler.cli.utils import OptionSection
from lsst.pipe.base import PipelineGraph
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from .._conditions import Rule, SetCondition
from .._errors import DataIdSetError, DataIdSetValueError, Problem
from ..cli._command import MOST_TOLD
from ..cli._options import Whole
from ..cli._output import one_line
from ._builder import SetQuantumGraphBuilder
from ._choice import SetChoice
from ._recording import record_graph
from ._stock import exchanged, stock_group, stock_script

_COMMANDS = ("qgraph", "run")
"""The subcommands that make graphs."""


class SetsFailure(click.ClickException):
    """What is wrong with sets, told as problems: stock commands log every other exception with its traceback.

    Parameters
    ----------
    error : `DataIdSetError`
        What is wrong.
    """

    def __init__(self, error: DataIdSetError) -> None:
        super().__init__(str(error))
        self.problems = error.problems

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the problems, each on a line."""
        for problem in self.problems[:MOST_TOLD]:
            click.echo(one_line(str(problem)), file=file, err=file is None)
        if len(self.problems) > MOST_TOLD:
            click.echo(f"... and {len(self.problems) - MOST_TOLD:,} more.", file=file, err=file is None)


def _options() -> list[click.Option]:
    def option(name: str, key: str, text: str, **kwargs: Any) -> click.Option:
        return click.Option([name, key], help=text, **kwargs)

    several: dict[str, Any] = {"multiple": True}
    return [
        # Click takes a list here, whatever Butler's annotation says.
        OptionSection(cast("Any", ["--dataid-set-options"]), sectionText="\nDataId set options:"),
        option(
            "--include-set", "include", "Only data IDs of this set. May be given several times.", metavar="NAME[@V]", **several
        ),
        option("--exclude-set", "exclude", "No data IDs of this set. May be given several times.", metavar="NAME[@V]", **several),
        option("--include-file", "include_files", "Only data IDs of this DataId file.", metavar="FILE", **several),
        option("--exclude-file", "exclude_files", "No data IDs of this DataId file.", metavar="FILE", **several),
        option("--set-constant", "constants", "The value of a dimension that the files lack.", metavar="KEY=VALUE", **several),
        option(
            "--set-rule",
            "rule",
            "Whether a visit counts as listed if any of its exposures is, or if all are; and the reverse.",
            type=click.Choice([rule.value for rule in Rule]),
            default=Rule.ANY.value,
            show_default=True,
        ),
        option(
            "--set-visit-system",
            "visit_system",
            "The visit system whose visits count; by default all.",
            type=Whole(),
            metavar="N",
        ),
    ]


class SetsGroup(type(stock_group())):  # type: ignore[misc]
    """Stock ``pipetask``, with sets in the subcommands that make graphs."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Give a subcommand."""
        command = super().get_command(ctx, name)
        return _with_sets(command) if command is not None and name in _COMMANDS else command


def _with_sets(command: click.Command) -> click.Command:
    """Give a copy of a stock command that takes sets; the stock one stays as it is."""
    changed = copy.copy(command)
    options = _options()
    changed.params = [*command.params, *options]
    stock = cast("Callable[..., Any]", command.callback)
    names = [option.name for option in options if option.expose_value]

    @functools.wraps(stock)
    def callback(*args: Any, **kwargs: Any) -> Any:
        choice = SetChoice(**{name: kwargs.pop(name) for name in names})
        if not choice:
            return stock(*args, **kwargs)
        making = _Making(choice, stock_script())
        with exchanged(builder=making.builder, script=making.script):
            return stock(*args, **kwargs)

    changed.callback = callback
    return changed


class _Making:
    """One run of a stock command under sets.

    Parameters
    ----------
    choice : `SetChoice`
        The sets.
    stock : callable
        The stock script.
    """

    def __init__(self, choice: SetChoice, stock: Callable[..., PredictedQuantumGraph | None]) -> None:
        self._choice = choice
        self._stock = stock
        self._conditions: list[SetCondition] = []

    def builder(self, pipeline_graph: PipelineGraph, butler: Butler, **stock: Any) -> SetQuantumGraphBuilder:
        """Make the builder, in place of the stock one."""
        self._conditions = self._choice.conditions(butler)
        return SetQuantumGraphBuilder(pipeline_graph, butler, conditions=self._conditions, **stock)

    def script(self, *args: Any, **kwargs: Any) -> PredictedQuantumGraph | None:
        """Make the graph, and write down what it was made under."""
        try:
            if kwargs.get("qgraph") is not None:
                raise DataIdSetValueError(
                    Problem(
                        code="graph_is_made",
                        where="qgraph",
                        message="The graph is read from a file; sets have no effect on it.",
                        remedy="Give them where the graph is made.",
                    )
                )
            graph = self._stock(*args, **kwargs)
        except DataIdSetError as error:
            raise SetsFailure(error) from error
        if graph is not None:
            saved = kwargs.get("save_qgraph")
            record_graph(kwargs["butler_config"], self._conditions, graph.header, graph=saved or None)
        return graph


_stock = stock_group()
cli = SetsGroup(
    name="pipetask-sets",
    params=_stock.params,
    callback=_stock.callback,
    context_settings=_stock.context_settings,
    help="Run pipetask, with options of DataId sets for `qgraph` and `run`.",
)
