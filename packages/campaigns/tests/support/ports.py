"""Ports of this machine."""

from __future__ import annotations

import socket

__all__ = ("free_port",)


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
