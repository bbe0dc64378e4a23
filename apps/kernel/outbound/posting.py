"""HTTP requests to user-supplied URLs, protected against server-side request forgery (SSRF).

HTTPS on port 443 only. The name is resolved once, all its addresses must be public, and the connection goes to a
validated address, so that a changed DNS answer has no effect. Redirects are not followed, responses are not
decompressed, and only their first bytes are read.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from .errors import Invalid

TIMEOUT_S = 15.0
"""For everything after the name is resolved, also for a receiver that responds byte by byte."""
MAX_RESPONSE_BYTES = 2048
_USUAL = {"https": 443, "http": 80}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

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


class AddressRefused(Invalid):
    """The URL is not allowed. The message reveals nothing about its target."""

    message = _("Messages to {url} are refused: {why}.")


class CannotReach(Exception):
    """There was no response. The message is safe to show to the user who supplied the URL."""


@dataclass(frozen=True)
class Target:
    """A parsed URL that passed all checks that need no name resolution."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _USUAL[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Response:
    """`retry_after` is the unparsed header; `took` is in milliseconds."""

    status: int
    body: str
    retry_after: str
    took: int


def target(url: str) -> Target:
    """Parse a URL. Raises AddressRefused."""
    if why := _unfit(url):
        raise AddressRefused(url=url[:200], why=why)
    parts = _split(url)
    host = _ascii(parts.hostname or "")
    port = parts.port if parts.port is not None else _USUAL[parts.scheme]
    if not _development(parts.scheme, host):
        if parts.scheme != "https" or port != 443:
            raise AddressRefused(url=url, why="it must be https, on port 443")
        if why := _unfit_host(host):
            raise AddressRefused(url=url, why=why)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path)


def unfit(address: Address) -> str:
    """Why requests to the address are not allowed; empty if they are."""
    if address.version == 6 and address not in _INTERNET:
        return "it is not a public address"
    if not address.is_global or address.is_multicast or address.is_reserved:
        return "it is not a public address"
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return "it is not a public address"
    return ""


def system_resolver(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, by the system's resolver."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def addresses(to: Target, resolve: Resolve = system_resolver) -> Sequence[str]:
    """The addresses of the name, resolved once. Raises AddressRefused unless all of them are allowed, and CannotReach
    if there is none."""
    try:
        resolved = resolve(to.host, to.port)
    except (OSError, UnicodeError):
        raise CannotReach("The name cannot be resolved.") from None
    if not resolved:
        raise CannotReach("The name has no address.")
    for text in resolved:
        address = ipaddress.ip_address(text.partition("%")[0])
        if settings.OUTBOUND_TO_LOOPBACK and address.is_loopback and _development(to.scheme, to.host):
            continue
        if why := unfit(address):
            raise AddressRefused(url=to.authority, why=why)
    return resolved


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    resolve: Resolve = system_resolver,
    trust: ssl.SSLContext | None = None,
    timeout: float = TIMEOUT_S,
) -> Response:
    """Post, and return the start of the response. Raises AddressRefused or CannotReach.

    timeout  total seconds
    trust    trusted certificate authorities; the system's by default
    """
    to = target(url)
    resolved = addresses(to, resolve)
    started = time.monotonic()
    try:
        with (
            closing(_connected(to, resolved, started + timeout, trust)) as connection,
            _closed_at(connection, started + timeout),
        ):
            response = _response_to(to, connection, headers, body)
            text = response.read(MAX_RESPONSE_BYTES).decode("utf-8", "replace").replace("\0", "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CannotReach(_why(error, time.monotonic() - started >= timeout)) from error
    retry_after = response.headers.get("Retry-After", "")
    return Response(response.status, text, retry_after, int((time.monotonic() - started) * 1000))


def _split(url: str) -> SplitResult:
    return urlsplit(url)


def _unfit(url: str) -> str:
    """The fault in the syntax of a URL; empty if there is none. Ambiguous URLs are refused."""
    if len(url) > 2000:
        return "it is too long"
    if not url.isprintable() or any(character in " \\" for character in url):
        return "it has characters that are not allowed in a URL"
    try:
        parts = _split(url)
        parts.port  # noqa: B018 - raises ValueError
        host = _ascii(parts.hostname or "")
    except ValueError:
        return "it is not a valid address"
    if parts.scheme not in ("https", "http") or not host or "%" in host:
        return "it is not a valid address"
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        return "it contains a user name or a password"
    if parts.fragment or not (parts.path + parts.query).isascii():
        return "its path is not encoded"
    return ""


def _unfit_host(host: str) -> str:
    """The fault of a host before it is resolved; empty if there is none."""
    if (address := _literal(host)) is not None:
        return unfit(address)
    last = host.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        return "it is not a valid address"  # 127.1 and 0x7f000001 are numbers to a resolver
    return "" if "." in host else "it is not in the open internet"


def _ascii(host: str) -> str:
    """The IDNA form, as in DNS and certificates. Raises UnicodeError, which is a ValueError."""
    return host.lower() if ":" in host else host.encode("idna").decode().lower().rstrip(".")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _development(scheme: str, host: str) -> bool:
    """Whether it is the loopback interface, where the settings allow that."""
    if not settings.OUTBOUND_TO_LOOPBACK or scheme != "http":
        return False
    address = _literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _connected(
    to: Target, resolved: Sequence[str], deadline: float, trust: ssl.SSLContext | None
) -> socket.socket:
    """A connection to the first validated address that accepts one. The certificate must match the name."""
    context = trust or ssl.create_default_context()
    for address in resolved:
        last = address == resolved[-1]
        try:
            connection = socket.create_connection((address, to.port), timeout=_left(deadline))
        except OSError:
            if last:
                raise
            continue
        if to.scheme == "http":
            return connection
        try:
            return context.wrap_socket(connection, server_hostname=to.host, do_handshake_on_connect=False)
        except BaseException:
            connection.close()
            raise
    raise OSError("no address")


def _left(deadline: float) -> float:
    """Raises TimeoutError."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@contextmanager
def _closed_at(connection: socket.socket, deadline: float) -> Iterator[None]:
    """Closes the connection at the deadline. A timeout of the socket would start again with each byte."""

    def hang_up() -> None:
        with suppress(OSError):  # the receiver closed it first
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_left(deadline), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _response_to(
    to: Target, connection: socket.socket, headers: Mapping[str, str], body: bytes
) -> http.client.HTTPResponse:
    """One request over the connection. http.client has no proxies, redirects or compression."""
    if isinstance(connection, ssl.SSLSocket):
        connection.do_handshake()
    client = http.client.HTTPConnection(to.host, to.port)
    client.sock = connection
    client.request(
        "POST",
        to.path,
        body,
        {"Host": to.authority, "Accept-Encoding": "identity", "Connection": "close", **headers},
    )
    return client.getresponse()


def _why(error: Exception, too_late: bool) -> str:
    if too_late or isinstance(error, TimeoutError):
        return "It did not answer in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate will not do: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "No secure connection could be made."
    if isinstance(error, ConnectionRefusedError):
        return "It refuses the connection."
    return f"It could not be reached: {type(error).__name__}."
