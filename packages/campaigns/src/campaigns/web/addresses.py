"""Addresses of pages whose parts have to be quoted."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ("set_address",)


def set_address(site: str, butler: str, name: str, version: int) -> str:
    """Give the address of a DataId set's page."""
    return f"/dataid-sets/{quote(site, safe='')}/{quote(butler, safe='')}/{quote(f'{name}@{version}', safe='/@')}"
