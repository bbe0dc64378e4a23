"""Signatures of the Standard Webhooks specification: HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import secrets
from collections.abc import Iterable, Mapping

TOLERANCE = dt.timedelta(minutes=5)
PREFIX = "whsec_"


class SignatureDoesNotHold(ValueError):
    """Missing, malformed, too old or not made with a secret of ours."""


class NotASecret(ValueError):
    """Says why a text cannot be a secret."""


def new_secret() -> str:
    """256 random bits: "whsec_" and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key that is written in a secret. Raises NotASecret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise NotASecret("after whsec_ it is not base64") from None
    if not 24 <= len(key) <= 64:
        raise NotASecret("its key has 24 to 64 bytes")
    return key


def signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    """ "v1,…": `at` is in seconds since 1970."""
    signed = hmac.digest(key_of(secret), f"{message_id}.{at}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"


def headers(secrets: Iterable[str], message_id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The three headers; one signature for each secret, so that a receiver may know either."""
    seconds = int(at.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signature(secret, message_id, seconds, body) for secret in secrets),
    }


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, at: dt.datetime) -> None:
    """Raises SignatureDoesNotHold. `headers` are in small letters, `at` is the receiver's time."""
    message_id, given = headers.get("webhook-id", ""), headers.get("webhook-signature", "")
    seconds = timely(headers.get("webhook-timestamp", ""), at)
    if not message_id:
        raise SignatureDoesNotHold("it has no id")
    must_match((signature(secret, message_id, seconds, body) for secret in secrets), given.split(" "))


def timely(written: str, at: dt.datetime) -> int:
    """The seconds since 1970. Raises SignatureDoesNotHold when they are none or not within the tolerance: an old
    message may be somebody else's repetition."""
    if not (written.isascii() and written.isdigit() and len(written) <= 12):
        raise SignatureDoesNotHold("it has no time")
    if abs(int(written) - at.timestamp()) > TOLERANCE.total_seconds():
        raise SignatureDoesNotHold("its time is not now")
    return int(written)


def must_match(expected: Iterable[str], given: Iterable[str]) -> None:
    """One of each must be the same; every pair is compared in constant time."""
    offered = [each.encode() for each in given]
    hits = [hmac.compare_digest(each.encode(), one) for each in expected for one in offered]
    if not any(hits):
        raise SignatureDoesNotHold("no signature of ours is there")
