"""Where the demonstration listens."""

from __future__ import annotations

import socket

from campaigns.domain.errors import InvalidInput

__all__ = ("choose_port", "free_port")


def free_port() -> int:
    """Give a port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def choose_port(wanted: int | None, *, usual: int) -> int:
    """Choose a port of 127.0.0.1.

    Parameters
    ----------
    wanted : `int` or `None`
        The port that was asked for; 0 for any.
    usual : `int`
        Taken, if it is free, when none was asked for.

    Returns
    -------
    port : `int`
        A port that nobody listens on now.

    Raises
    ------
    InvalidInput
        If the port that was asked for is taken.
    """
    if wanted == 0:
        return free_port()
    try:
        with socket.create_server(("127.0.0.1", usual if wanted is None else wanted)) as listening:
            return int(listening.getsockname()[1])
    except OSError:
        if wanted is None:
            return free_port()
        raise InvalidInput(f"Port {wanted} is taken.", where="--port", remedy="Give another, or none.") from None
