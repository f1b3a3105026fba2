"""Tell a process apart from another that got its number later.

`campaigns.agent.shim` says the same of its own processes; each of the two must stand alone.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ("boot_id", "is_alive", "start_ticks")


def boot_id() -> str:
    """Give the kernel's name for the time since it started."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_ticks(pid: int) -> int | None:
    """Give when a process started, in clock ticks since boot.

    Parameters
    ----------
    pid : `int`
        Its number.

    Returns
    -------
    ticks : `int` or `None`
        `None` if there is no such process, or only what is left of it for its parent to collect.
    """
    try:
        # The name in parentheses may hold anything, so that only what follows the last one can be counted on.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def is_alive(pid: int, *, start: int, boot: str) -> bool:
    """Tell whether that very process still runs on this machine.

    Parameters
    ----------
    pid : `int`
        Its number.
    start : `int`
        When it started, in clock ticks since boot.
    boot : `str`
        The boot it belongs to.
    """
    return boot == boot_id() and start_ticks(pid) == start
