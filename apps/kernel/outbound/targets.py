"""Targets: URLs that passed all checks that need no name resolution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from .errors import AddressRefused
from .networks import fault_of_address, is_development, literal_address

T = TypeVar("T")
MAX_URL_LENGTH = 2000
USUAL_PORTS: Mapping[str, int] = MappingProxyType({"https": 443, "http": 80})
_INVALID = "it is not a valid address"


@dataclass(frozen=True)
class Target:
    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"


def target(url: str) -> Target:
    """Parses a URL. Ambiguous URLs are refused. Raises AddressRefused."""
    _must_follow(_TEXT_RULES, url, url)
    parts = _parts(url)
    _must_follow(_SYNTAX_RULES, parts, url)
    to = _target_of(parts)
    if not is_development(to.scheme, to.host):
        _must_follow(_NETWORK_RULES, to, url)
    return to


def _must_follow(rules: Iterable[Callable[[T], str]], value: T, url: str) -> None:
    """A rule returns the fault, or an empty text."""
    for fault_of in rules:
        if fault := fault_of(value):
            raise AddressRefused(url=url[:200], why=fault)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError
        _ascii(parts.hostname or "")
    except ValueError:
        raise AddressRefused(url=url[:200], why=_INVALID) from None
    return parts


def _target_of(parts: SplitResult) -> Target:
    port = USUAL_PORTS[parts.scheme] if parts.port is None else parts.port
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _ascii(parts.hostname or ""), port, path)


def _ascii(host: str) -> str:
    """The IDNA form, as in DNS and certificates. Raises UnicodeError, which is a ValueError."""
    return host.lower() if ":" in host else host.encode("idna").decode().lower().rstrip(".")


def _fault_of_length(url: str) -> str:
    return "it is too long" if len(url) > MAX_URL_LENGTH else ""


def _fault_of_characters(url: str) -> str:
    is_allowed = url.isprintable() and not {*" \\"} & {*url}
    return "" if is_allowed else "it has characters that are not allowed in a URL"


def _fault_of_origin(parts: SplitResult) -> str:
    host = _ascii(parts.hostname or "")
    return "" if parts.scheme in USUAL_PORTS and host and "%" not in host else _INVALID


def _fault_of_login(parts: SplitResult) -> str:
    return "it contains a user name or a password" if "@" in parts.netloc else ""


def _fault_of_path(parts: SplitResult) -> str:
    is_encoded = not parts.fragment and (parts.path + parts.query).isascii()
    return "" if is_encoded else "its path is not encoded"


def _fault_of_port(to: Target) -> str:
    return "" if (to.scheme, to.port) == ("https", 443) else "it must be https, on port 443"


def _fault_of_host(to: Target) -> str:
    address = literal_address(to.host)
    if address is not None:
        return fault_of_address(address)
    last = to.host.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        return _INVALID  # 127.1 and 0x7f000001 are numbers to a resolver
    return "" if "." in to.host else "it is not in the open internet"


_TEXT_RULES = (_fault_of_length, _fault_of_characters)
_SYNTAX_RULES = (_fault_of_origin, _fault_of_login, _fault_of_path)
_NETWORK_RULES = (_fault_of_port, _fault_of_host)
