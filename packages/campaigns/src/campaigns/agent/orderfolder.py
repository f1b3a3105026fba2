"""What the agent keeps on disk of one order, so that it can be killed at any time and know where it was.

Each file is a fact: it is there, whole, or it is not. ``order.json`` is written before the order is begun, ``begun`` when the
server has said so, ``cancel.json`` when it is to be stopped, ``closed`` when the server has the last report. What the launch shim
keeps lies in ``launch/``.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from campaigns.agent import shim
from campaigns.agent.outbox import Outbox
from campaigns.wire.agent import Order

__all__ = ("TERMINAL", "OrderFolder", "OrderFolders")

TERMINAL = frozenset({"done", "failed"})
"""The kinds of report that end an order."""


class OrderFolder:
    """The directory of one order.

    Parameters
    ----------
    path : `pathlib.Path`
        The directory; it must exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outbox = Outbox(path / "outbox.jsonl")

    @property
    def order_id(self) -> str:
        """The order's id (`str`)."""
        return self.path.name

    @property
    def launch(self) -> Path:
        """The launch shim's directory (`pathlib.Path`)."""
        return self.path / "launch"

    @property
    def is_begun(self) -> bool:
        """Whether the server has given the order to this agent for good (`bool`)."""
        return (self.path / "begun").exists()

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to do or to say (`bool`)."""
        return (self.path / "closed").exists()

    @property
    def is_ended(self) -> bool:
        """Whether the last report is written, if not yet with the server (`bool`)."""
        return bool(TERMINAL & self.outbox.kinds)

    def order(self) -> Order:
        """Give the order as it was last leased."""
        return Order.model_validate_json((self.path / "order.json").read_bytes())

    def write_order(self, order: Order) -> None:
        """Keep the order, or the newer token of it."""
        shim.write_durably(str(self.path), "order.json", order.model_dump(mode="json"))

    def mark_begun(self) -> None:
        """Note that the order is this agent's."""
        shim.write_durably(str(self.path), "begun", {})

    def request_cancel(self, reason: str) -> None:
        """Note that the order is to be stopped; the first reason stays."""
        if self.cancel_reason() is None:
            shim.write_durably(str(self.path), "cancel.json", {"reason": reason})

    def cancel_reason(self) -> str | None:
        """Give why the order is to be stopped, or `None` if it is not."""
        content = self.read("cancel.json")
        return None if content is None else str(content["reason"])

    def read(self, name: str) -> dict[str, Any] | None:
        """Read one of the facts; `None` if it is not there."""
        try:
            content: dict[str, Any] = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            return None
        return content

    def close(self) -> None:
        """Note that the order is over, and let go of what was only needed for carrying it out."""
        shim.write_durably(str(self.path), "closed", {})
        for name in ("logs", "plots"):
            shutil.rmtree(self.path / name, ignore_errors=True)


class OrderFolders:
    """The directories of all orders.

    Parameters
    ----------
    root : `pathlib.Path`
        Where they are; made if it is not there.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def open(self) -> list[OrderFolder]:
        """Give those that are not closed, in the order of their names; those without an order are removed."""
        folders = []
        for path in sorted(self._root.iterdir()):
            folder = OrderFolder(path)
            if not (path / "order.json").exists():
                # It was made and the agent ended: the server has not been told of it, so nothing was begun.
                shutil.rmtree(path)
            elif not folder.is_closed:
                folders.append(folder)
        return folders

    def find(self, order_id: str) -> OrderFolder | None:
        """Give the directory of an order, or `None` if there is none."""
        path = self._root / order_id
        return OrderFolder(path) if (path / "order.json").exists() else None

    def create(self, order: Order) -> OrderFolder:
        """Make the directory of an order, or renew what it knows of the lease.

        Parameters
        ----------
        order : `Order`
            As it was leased.
        """
        path = self._root / order.id
        (path / "launch").mkdir(parents=True, exist_ok=True)
        folder = OrderFolder(path)
        folder.write_order(order)
        return folder

    def remove(self, folder: OrderFolder) -> None:
        """Forget an order that was never begun."""
        shutil.rmtree(folder.path)
