"""Networks: which addresses outgoing requests may have."""

from __future__ import annotations

import ipaddress

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_INTERNET = ipaddress.ip_network("2000::/3")
SPECIAL_PURPOSE = (
    # IPv4, by IANA's registry
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *(
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
    ),
    *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"),
    # IPv6, by IANA's registry
    *("::/128", "::1/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16"),
    *("fc00::/7", "fe80::/10"),
    # Outside these registries: multicast, IPv4 inside IPv6, site-local addresses, and the host inside Azure
    *("224.0.0.0/4", "ff00::/8", "::/96", "fec0::/10", "168.63.129.16/32"),
)
"""Networks without hosts of the public internet, whatever the version of `ipaddress` knows of them. Among them are
those that contain an IPv4 address: mapped, NAT64, Teredo (in 2001::/23) and 6to4."""
_SPECIAL = {
    version: tuple(
        network for network in map(ipaddress.ip_network, SPECIAL_PURPOSE) if network.version == version
    )
    for version in (4, 6)
}


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
    return not any(address in network for network in _SPECIAL[address.version])
