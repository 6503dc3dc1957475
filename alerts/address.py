"""Address: where an endpoint's host leads, and whether webhooks may go there.

A name is resolved once for each attempt, every address that it has is checked, and the connection
goes to a checked one: a name that leads elsewhere a moment later does not matter.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: RFC 6052: the IPv4 address is in the last 32 bits.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressError(Exception):
    """A host cannot be used; the text says why, without the URL."""


def is_this_machine(host: str) -> bool:
    """Tell whether *host*, as it is written, can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def resolve(host: str, port: int, allowed: Sequence[Network]) -> list[str]:
    """Return the addresses of *host*, as text, in the resolver's order.

    Raise `AddressError` if it cannot be resolved, or any of its addresses is not public and in
    none of the *allowed* networks. A host that is written as this machine is allowed: who wrote
    it meant it.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressError("its host name cannot be resolved") from error
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    if not is_this_machine(host):
        for address in addresses:
            check(address, allowed)
    return addresses


def check(text: str, allowed: Sequence[Network]) -> None:
    """Raise `AddressError` if the address *text* is neither public nor in an *allowed* network."""
    address = _plain(ipaddress.ip_address(text))
    # is_global is false for private, loopback, link-local, reserved and shared address space.
    if address.is_global and not address.is_multicast:
        return
    if not any(address in network for network in allowed):
        raise AddressError(
            f"its address {text} is not public, and not in [network] allow_private"
            " (--allow-private)"
        )


def _plain(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 one: it is where a connection would go."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
