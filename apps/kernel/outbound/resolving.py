"""Name resolution: once for each request, and every address is checked."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

from .errors import AddressRefused, CannotReach
from .networks import fault_of_address, is_development
from .targets import Target

Resolve = Callable[[str, int], Sequence[str]]


def system_resolver(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, by the system's resolver."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def allowed_addresses(to: Target, resolve: Resolve = system_resolver) -> Sequence[str]:
    """The addresses of the name. Raises AddressRefused unless all of them are allowed, and CannotReach if there is
    none."""
    resolved = _resolved(to, resolve)
    for text in resolved:
        address = ipaddress.ip_address(text.partition("%")[0])
        is_own_machine = address.is_loopback and is_development(to.scheme, to.host)
        if not is_own_machine and (fault := fault_of_address(address)):
            raise AddressRefused(url=to.authority, why=fault)
    return resolved


def _resolved(to: Target, resolve: Resolve) -> Sequence[str]:
    try:
        resolved = resolve(to.host, to.port)
    except (OSError, UnicodeError):
        raise CannotReach("The name cannot be resolved.") from None
    if not resolved:
        raise CannotReach("The name has no address.")
    return resolved
