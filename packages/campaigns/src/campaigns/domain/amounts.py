"""How amounts are written for people: sizes, and times that may be short."""

from __future__ import annotations

__all__ = ("short_time_text", "size_text")


def size_text(n_bytes: int) -> str:
    """Write a size, such as ``1.2 MB``."""
    value = float(n_bytes)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def short_time_text(duration_us: int) -> str:
    """Write how long something took that may be over in a moment, such as ``0.35 s``, ``12.1 s`` or ``3 min 20 s``."""
    seconds = duration_us / 1_000_000
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds) // 60
    return f"{minutes} min {int(seconds) % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
