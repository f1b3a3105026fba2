"""What a graph was made from, so that it can be told from one that was made of other inputs."""

from __future__ import annotations

from typing import Any

from campaigns_instack.graphs import load
from campaigns_instack.outputs import open_butler

__all__ = ("graph_pins",)


def graph_pins(graph: str, repository: str) -> dict[str, Any]:
    """Tell what a graph was made from.

    Parameters
    ----------
    graph : `str`
        The ``.qg`` file.
    repository : `str`
        The repository's root or configuration.

    Returns
    -------
    pins : `dict`
        ``collections``, the input collections with chains flattened as they are now, in the order of the search, each
        with ``name`` and ``type``; ``read``, the runs that inputs lie in, each with how many datasets the graph reads of it, less
        what it makes itself; ``universe``, such as ``daf_butler@7``; and ``skymaps``, those of its data IDs.
    """
    read = load(graph)
    universe = read.pipeline.universe
    with open_butler(repository) as butler:
        found = butler.collections.query_info(read.inputs, flatten_chains=True) if read.inputs else ()
        return {
            "collections": [{"name": one.name, "type": one.type.name} for one in found],
            "read": read.read,
            "universe": f"{universe.namespace}@{universe.version}",
            "skymaps": list(read.skymaps),
        }
