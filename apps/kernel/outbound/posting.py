"""POST requests to user-supplied URLs."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from .connections import Deadline, connected
from .errors import CannotReach
from .resolving import Resolve, allowed_addresses, system_resolver
from .targets import Target, target

TIMEOUT_S = 15.0
"""For everything after the name is resolved, also for a receiver that responds byte by byte."""
MAX_RESPONSE_BYTES = 2048
_NO_RESPONSE: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "It did not answer in time."),
    (ssl.SSLCertVerificationError, "Its certificate is not valid: {error.verify_message}."),
    (ssl.SSLError, "No secure connection could be made."),
    (ConnectionRefusedError, "It refuses the connection."),
    (Exception, "It could not be reached: {error.__class__.__name__}."),
)
"""The sentence of an error, by the first class that fits."""


@dataclass(frozen=True)
class Response:
    """`retry_after` and `etag` are the unparsed headers; `took` is in milliseconds."""

    status: int
    body: str
    retry_after: str
    took: int
    etag: str = ""


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    resolve: Resolve = system_resolver,
    trust: ssl.SSLContext | None = None,
    timeout: float = TIMEOUT_S,
    max_bytes: int = MAX_RESPONSE_BYTES,
) -> Response:
    """Post, and return the start of the response. Raises AddressRefused or CannotReach.

    timeout  total seconds
    trust    trusted certificate authorities; the system's by default
    max_bytes  of the response; the rest is not read
    """
    to = target(url)
    addresses = allowed_addresses(to, resolve)
    deadline = Deadline(timeout)
    try:
        with connected(to, addresses, deadline, trust) as connection:
            return _response(_sent(to, connection, headers, body), deadline, max_bytes)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CannotReach(_sentence(error, deadline)) from error


def _sent(
    to: Target, connection: socket.socket, headers: Mapping[str, str], body: bytes
) -> http.client.HTTPResponse:
    """One request over the connection. http.client has no proxies, redirects or compression."""
    fixed = {"Host": to.authority, "Accept-Encoding": "identity", "Connection": "close"}
    client = http.client.HTTPConnection(to.host, to.port)
    client.sock = connection
    client.request("POST", to.path, body, {**fixed, **headers})
    return client.getresponse()


def _response(received: http.client.HTTPResponse, deadline: Deadline, max_bytes: int) -> Response:
    text = received.read(max_bytes).decode("utf-8", "replace").replace("\0", "")
    retry_after = received.headers.get("Retry-After", "")
    etag = received.headers.get("ETag", "")
    return Response(received.status, text, retry_after, int(deadline.used_s * 1000), etag)


def _sentence(error: Exception, deadline: Deadline) -> str:
    cause = TimeoutError() if deadline.is_over else error
    text = next(text for kind, text in _NO_RESPONSE if isinstance(cause, kind))
    return text.format(error=cause)
