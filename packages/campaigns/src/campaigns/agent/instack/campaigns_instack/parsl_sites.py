# ruff: noqa: ARG002 - the methods' parameters are those of BPS's own interface
"""Places for Parsl to run jobs on one machine, bound to the loopback interface."""

from __future__ import annotations

from typing import Any

from lsst.ctrl.bps.parsl import ParslJob, SiteConfig
from lsst.ctrl.bps.parsl.configuration import get_bps_config_value
from parsl.executors import HighThroughputExecutor, ThreadPoolExecutor
from parsl.executors.base import ParslExecutor
from parsl.providers import LocalProvider

__all__ = ("LoopbackLocal", "Threads")

LOOPBACK = "127.0.0.1"


class Threads(SiteConfig):
    """Run each job as a child of the ``bps`` process; the quickest on one machine, and nothing is left behind.

    ``site.<computeSite>.cores`` says how many run at once (2).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Threads take no resource requests: Parsl refuses them.
        super().__init__(*args, **{**kwargs, "resource_list": []})

    def get_address(self) -> str:
        """Give the address that others reach Parsl at."""
        return LOOPBACK

    def get_executors(self) -> list[ParslExecutor]:
        """Give the one pool of threads."""
        return [ThreadPoolExecutor(label="threads", max_threads=get_bps_config_value(self.site, "cores", int, 2))]

    def select_executor(self, job: ParslJob) -> str:
        """Give the label of the executor for a job."""
        return "threads"


class LoopbackLocal(SiteConfig):
    """Run jobs in Parsl's own worker processes on this machine.

    The stock site listens on every interface and tries each of the machine's addresses in turn.
    ``site.<computeSite>.cores`` says how many workers there are.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "resource_list": ["priority"]})

    def get_address(self) -> str:
        """Give the address that others reach Parsl at."""
        return LOOPBACK

    def get_executors(self) -> list[ParslExecutor]:
        """Give the one executor with its workers."""
        cores = get_bps_config_value(self.site, "cores", int, required=True)
        provider = LocalProvider(init_blocks=1, max_blocks=1)
        return [
            HighThroughputExecutor("local", address=LOOPBACK, provider=provider, max_workers_per_node=cores, cores_per_worker=1)
        ]

    def select_executor(self, job: ParslJob) -> str:
        """Give the label of the executor for a job."""
        return "local"
