"""Signatures of the Standard Webhooks specification: HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import secrets
from collections.abc import Iterable, Mapping

from apps.kernel.notation import is_whole_number

TOLERANCE = dt.timedelta(minutes=5)
PREFIX = "whsec_"


class InvalidSignature(ValueError):
    """A signature is missing, malformed, too old or of an unknown secret."""


class InvalidSecret(ValueError):
    """A malformed secret; the argument is the reason."""


def new_secret() -> str:
    """256 random bits: "whsec_" and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The decoded key of a secret. Raises InvalidSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:  # also for characters outside ASCII
        raise InvalidSecret("it is not base64 after whsec_") from None
    if not 24 <= len(key) <= 64:
        raise InvalidSecret("its key needs 24 to 64 bytes")
    return key


def signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    """ "v1,…": `at` is in seconds since 1970."""
    signed = hmac.digest(key_of(secret), f"{message_id}.{at}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"


def headers(secrets: Iterable[str], message_id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The three headers, with one signature per secret, so that any of them is sufficient."""
    seconds = int(at.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signature(secret, message_id, seconds, body) for secret in secrets),
    }


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, at: dt.datetime) -> None:
    """Raises InvalidSignature. `headers` are in lower case, `at` is the receiver's time."""
    message_id, signatures = headers.get("webhook-id", ""), headers.get("webhook-signature", "")
    seconds = timestamp_within_tolerance(headers.get("webhook-timestamp", ""), at)
    if not message_id:
        raise InvalidSignature("it has no id")
    must_match((signature(secret, message_id, seconds, body) for secret in secrets), signatures.split(" "))


def timestamp_within_tolerance(text: str, at: dt.datetime) -> int:
    """The seconds since 1970. Raises InvalidSignature outside the tolerance, because an old message may be a replay
    attack."""
    if not is_whole_number(text):
        raise InvalidSignature("it has no time")
    if abs(int(text) - at.timestamp()) > TOLERANCE.total_seconds():
        raise InvalidSignature("its time is not now")
    return int(text)


def must_match(expected: Iterable[str], signatures: Iterable[str]) -> None:
    """Any pair must be equal; every pair is compared in constant time."""
    actual = [signature.encode() for signature in signatures]
    hits = [hmac.compare_digest(text.encode(), candidate) for text in expected for candidate in actual]
    if not any(hits):
        raise InvalidSignature("no signature matches")
