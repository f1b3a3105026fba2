"""What `_stock` relies on; run against each new pipe_base and ctrl_mpexec."""

from __future__ import annotations

import contextlib
import inspect
from importlib import import_module

import click
import pytest
from lsst.pipe.base import all_dimensions_quantum_graph_builder as stock_builder
from lsst.pipe.base.quantum_graph_builder import QuantumGraphBuilder
from lsst.utils.logging import getLogger

from dataid_sets.pipetask import _stock
from pipetask.graphs import PAIR, WARPS, pipeline


def test_the_builder_asks_its_butler_for_one_query_and_nothing_else() -> None:
    method = stock_builder.AllDimensionsQuantumGraphBuilder._query_for_data_ids
    assert list(inspect.signature(method).parameters) == ["self", "tree"]
    source = inspect.getsource(method)
    assert source.count("self.butler") == source.count("self.butler.query()") == 1
    assert "self._query_for_data_ids(tree)" in inspect.getsource(stock_builder.AllDimensionsQuantumGraphBuilder.process_subgraph)


def test_parts_have_the_dimensions_that_the_builder_asks_for() -> None:
    graph = pipeline({**WARPS, "other": (PAIR, {"other_in": ("exposure", "detector")}, {"other": PAIR})})
    graph.resolve(dataset_types={})
    for part in graph.split_independent():
        tree = stock_builder._DimensionGroupTree(part)
        tree.build(stock_builder.DatasetQueryConstraintVariant.ALL, (), log=getLogger(__name__))
        assert tree.subgraph is part
        assert tree.queryable_dimensions.names == part.get_all_dimensions(prerequisites=False).names


def test_the_builder_finishes_as_ours_does() -> None:
    assert list(inspect.signature(QuantumGraphBuilder.finish).parameters) == [
        "self",
        "output",
        "metadata",
        "attach_datastore_records",
    ]
    assert "split_independent()" in inspect.getsource(QuantumGraphBuilder._build_skeleton)


def test_the_script_makes_its_builder_and_saves_as_we_expect() -> None:
    script = _stock.stock_script()
    source = inspect.getsource(script)
    assert source.count("AllDimensionsQuantumGraphBuilder(") == 1
    assert {"qgraph", "save_qgraph", "butler_config"} <= set(inspect.signature(script).parameters)
    module = import_module(script.__module__)
    assert module.AllDimensionsQuantumGraphBuilder is stock_builder.AllDimensionsQuantumGraphBuilder


@pytest.mark.parametrize("name", ["qgraph", "run"])
def test_stock_commands_call_the_script_through_its_package(name: str) -> None:
    command = _stock.stock_group().get_command(None, name)
    assert isinstance(command, click.Command)
    callback = inspect.unwrap(command.callback)
    assert "script.qgraph(" in inspect.getsource(callback)
    assert callback.__globals__["script"].qgraph is _stock.stock_script()


def test_what_is_exchanged_comes_back_even_after_an_error() -> None:
    before = _stock.stock_script(), import_module("lsst.ctrl.mpexec.cli.script").qgraph
    with contextlib.suppress(ZeroDivisionError), _stock.exchanged(builder=print, script=print):
        assert import_module("lsst.ctrl.mpexec.cli.script").qgraph is print
        raise ZeroDivisionError
    assert (_stock.stock_script(), import_module("lsst.ctrl.mpexec.cli.script").qgraph) == before
