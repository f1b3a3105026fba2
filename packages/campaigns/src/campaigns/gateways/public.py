"""Which addresses are public: the one rule for all that the service is asked to go to."""

from __future__ import annotations

import ipaddress
from typing import Final

__all__ = ("is_public",)

_LEADS_ELSEWHERE: Final = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "fec0::/10")))
"""IPv6 networks that stand for IPv4 addresses, which may be private (IPv4-compatible, NAT64, 6to4), or for a site's own."""


def is_public(address: str) -> bool:
    """Tell whether an address, as it was looked up, is of one host that everybody reaches."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _LEADS_ELSEWHERE):
            return False
    return found.is_global and not found.is_multicast
