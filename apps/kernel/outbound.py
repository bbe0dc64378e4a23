"""Posting to an address that somebody else chose, without being led to where only we can reach (SSRF).

HTTPS on port 443 only. The name is resolved once, every address that it has must be one of the open internet, and
the connection goes to the very address that was judged, so that a name cannot change its mind in between. What
answers is not followed, not unpacked, and not read beyond its first bytes.
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

from .errors import Invalid

TIMEOUT = 15.0
"""Seconds for everything after the name is resolved; a receiver that drips its answer has no longer."""
MOST_OF_ANSWER = 2048
_USUAL = {"https": 443, "http": 80}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

_INTERNET = ipaddress.ip_network("2000::/3")
_LEADS_ELSEWHERE = tuple(
    ipaddress.ip_network(each)
    for each in (
        "64:ff9b::/96",  # NAT64: any IPv4 address, also a private one
        "64:ff9b:1::/48",  # NAT64 for local use
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "192.88.99.0/24",  # its relays
        "3fff::/20",  # documentation, younger than some Pythons
        "168.63.129.16/32",  # a public address that within Azure is the host's own
    )
)
"""Of these `ipaddress` says, in one version or another, that they are global."""


class AddressRefused(Invalid):
    """Of a URL that we tell nothing; of what it leads to no more is said than this."""

    message = "Messages to {url} are refused: {why}."


class CannotReach(Exception):
    """There was no answer; the sentence says why, as whoever gave the address may read it."""


@dataclass(frozen=True)
class Target:
    """A URL that was read and may be asked, as far as can be said without resolving it."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _USUAL[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """`retry_after` is the header as it came; `took` is in milliseconds."""

    status: int
    body: str
    retry_after: str
    took: int


def target(url: str) -> Target:
    """Read a URL. Raises AddressRefused for one that is never told anything, wherever it may lead."""
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
    """Why nothing may be sent to an address; empty when it may."""
    if address.version == 6 and address not in _INTERNET:
        return "it is not in the open internet"
    if not address.is_global or address.is_multicast or address.is_reserved:
        return "it is not in the open internet"
    if any(address in each for each in _LEADS_ELSEWHERE if each.version == address.version):
        return "it is not in the open internet"
    return ""


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Every address that the system knows of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def addresses(to: Target, resolve: Resolve = system_resolver) -> Sequence[str]:
    """Where the name leads, asked once. Raises AddressRefused unless every address will do: a name with a good and
    a bad one is a trap; CannotReach when there is none."""
    try:
        found = resolve(to.host, to.port)
    except (OSError, UnicodeError):
        raise CannotReach("The name cannot be resolved.") from None
    if not found:
        raise CannotReach("The name has no address.")
    for each in found:
        address = ipaddress.ip_address(each.partition("%")[0])
        if settings.OUTBOUND_TO_LOOPBACK and address.is_loopback and _development(to.scheme, to.host):
            continue
        if why := unfit(address):
            raise AddressRefused(url=to.authority, why=why)
    return found


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    resolve: Resolve = system_resolver,
    trust: ssl.SSLContext | None = None,
    timeout: float = TIMEOUT,
) -> Answer:
    """Post and return what came first. Raises AddressRefused, or CannotReach.

    timeout  seconds, of everything together
    trust    whose certificates are believed; the system's authorities when it is left out
    """
    to = target(url)
    found = addresses(to, resolve)
    started = time.monotonic()
    try:
        with (
            closing(_connected(to, found, started + timeout, trust)) as line,
            _ended(line, started + timeout),
        ):
            answer = _asked(to, line, headers, body)
            text = answer.read(MOST_OF_ANSWER).decode("utf-8", "replace").replace("\0", "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CannotReach(_why(error, time.monotonic() - started >= timeout)) from error
    retry_after = answer.headers.get("Retry-After", "")
    return Answer(answer.status, text, retry_after, int((time.monotonic() - started) * 1000))


def _split(url: str) -> SplitResult:
    return urlsplit(url)


def _unfit(url: str) -> str:
    """What is wrong with how it is written. What two programs may read differently is refused."""
    if len(url) > 2000:
        return "it is too long"
    if not url.isprintable() or any(each in " \\" for each in url):
        return "it has characters that no address has"
    try:
        parts = _split(url)
        parts.port  # noqa: B018 - asked for the error
        host = _ascii(parts.hostname or "")
    except ValueError:
        return "it is not an address"
    if parts.scheme not in ("https", "http") or not host or "%" in host:
        return "it is not an address"
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        return "it holds a user name or a password"
    if parts.fragment or not (parts.path + parts.query).isascii():
        return "its path is not as it is sent"
    return ""


def _unfit_host(host: str) -> str:
    """What can be said of a host before it is resolved."""
    if (address := _literal(host)) is not None:
        return unfit(address)
    last = host.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        return "it is not an address"  # 127.1 and 0x7f000001 are numbers to a resolver
    return "" if "." in host else "it is not in the open internet"


def _ascii(host: str) -> str:
    """As the resolver and the certificate know it, by IDNA. Raises UnicodeError, which is a ValueError."""
    return host.lower() if ":" in host else host.encode("idna").decode().lower().rstrip(".")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _development(scheme: str, host: str) -> bool:
    """Whether it is this machine, where the settings allow that."""
    if not settings.OUTBOUND_TO_LOOPBACK or scheme != "http":
        return False
    address = _literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _connected(
    to: Target, found: Sequence[str], deadline: float, trust: ssl.SSLContext | None
) -> socket.socket:
    """A connection to the first of the judged addresses that takes one. The certificate must be the name's."""
    context = trust or ssl.create_default_context()
    for each in found:
        last = each == found[-1]
        try:
            line = socket.create_connection((each, to.port), timeout=_left(deadline))
        except OSError:
            if last:
                raise
            continue
        if to.scheme == "http":
            return line
        try:
            return context.wrap_socket(line, server_hostname=to.host, do_handshake_on_connect=False)
        except BaseException:
            line.close()
            raise
    raise OSError("no address")


def _left(deadline: float) -> float:
    """Raises TimeoutError."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@contextmanager
def _ended(line: socket.socket, deadline: float) -> Iterator[None]:
    """Hang up at the deadline, whatever the other side is saying: a timeout of the socket begins again with each
    byte."""

    def hang_up() -> None:
        with suppress(OSError):  # it hung up first
            line.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(_left(deadline), hang_up)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _asked(
    to: Target, line: socket.socket, headers: Mapping[str, str], body: bytes
) -> http.client.HTTPResponse:
    """One request over the connection. http.client knows neither proxies nor redirects nor compression."""
    if isinstance(line, ssl.SSLSocket):
        line.do_handshake()
    caller = http.client.HTTPConnection(to.host, to.port)
    caller.sock = line
    caller.request(
        "POST",
        to.path,
        body,
        {"Host": to.authority, "Accept-Encoding": "identity", "Connection": "close", **headers},
    )
    return caller.getresponse()


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
