"""Asking the application, in this process or over a real connection."""

from __future__ import annotations

import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from campaigns.domain.identity import Role
from support.people import token_of

with warnings.catch_warnings():
    # It says that it would rather have another client, when it is imported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ("Clients", "LiveServer", "TestClient", "serve")


class Clients:
    """Gives a client for each role: ``client(Role.ADMIN)``, and ``client()`` for a stranger.

    Parameters
    ----------
    app : `fastapi.FastAPI`
        The application.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def __call__(self, role: Role | None = None, *, fail_loudly: bool = True) -> TestClient:
        """Give a client.

        Parameters
        ----------
        role : `Role`, optional
            Whose token it shows; none for a stranger.
        fail_loudly : `bool`, optional
            Whether unexpected errors of the application are raised in the test.
        """
        headers = {} if role is None else {"Authorization": f"Bearer {token_of(role)}"}
        return TestClient(self.app, headers=headers, raise_server_exceptions=fail_loudly, follow_redirects=False)


@dataclass(frozen=True)
class LiveServer:
    """A server on this machine.

    Attributes
    ----------
    url : `str`
        Its address, without a slash at the end.
    app : `fastapi.FastAPI`
        What it serves.
    """

    url: str
    app: FastAPI


@contextmanager
def serve(app: FastAPI) -> Iterator[LiveServer]:
    """Serve an application on a free port of 127.0.0.1, in a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="live-server")
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        yield LiveServer(url=f"http://127.0.0.1:{listening.getsockname()[1]}", app=app)
    finally:
        app.state.database.bell.close()
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()
