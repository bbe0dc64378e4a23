"""Networks: which addresses outgoing requests may have."""

from __future__ import annotations

import ipaddress

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_INTERNET = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "64:ff9b::/96",  # NAT64: any IPv4 address, also a private one
        "64:ff9b:1::/48",  # NAT64 for local use
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "192.88.99.0/24",  # its relays
        "3fff::/20",  # documentation, younger than some Pythons
        "168.63.129.16/32",  # a public address that is the host inside Azure
    )
)
"""Networks that some versions of `ipaddress` report as global."""


def fault_of_address(address: Address) -> str:
    """Why requests to the address are not allowed; empty if they are."""
    return "" if _is_public(address) else "it is not a public address"


def is_development(scheme: str, host: str) -> bool:
    """Whether it is the loopback interface, where the settings allow that."""
    if not settings.OUTBOUND_TO_LOOPBACK or scheme != "http":
        return False
    address = literal_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def literal_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    if address.version == 6 and address not in _INTERNET:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)
