"""Signature schemes of sources."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from apps.kernel import strict_json

from . import signing


class UnparsableBody(ValueError):
    """A body with a valid signature is not a message."""


@dataclass(frozen=True)
class Payload:
    """A verified message. `id` is the provider's and the same for repeated messages."""

    id: str
    type: str
    body: Mapping[str, Any]


class Scheme(Protocol):
    """A signature scheme."""

    def read(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], at: dt.datetime
    ) -> Payload:
        """Verifies the signature over the raw `body` and parses it. Raises InvalidSignature or UnparsableBody."""

    def check(self, secret: str) -> None:
        """Raises InvalidSecret."""


class Standard:
    """Standard Webhooks: headers webhook-id, -timestamp and -signature."""

    def read(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], at: dt.datetime
    ) -> Payload:
        signing.verify(secrets, headers, body, at)
        payload = parse_object(body)
        return Payload(headers["webhook-id"], _text_of(payload, "type"), payload)

    def check(self, secret: str) -> None:
        signing.key_of(secret)


class Stripe:
    """Stripe-Signature: t=…,v1=…, in hex; the secret is used verbatim, and the id is in the body."""

    def read(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], at: dt.datetime
    ) -> Payload:
        parts = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
        seconds = signing.timestamp_within_tolerance(
            next((value for name, _, value in parts if name == "t"), ""), at
        )
        signed = f"{seconds}.".encode() + body
        signing.must_match(
            (hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets),
            [value for name, _, value in parts if name == "v1"],
        )
        payload = parse_object(body)
        return Payload(_text_of(payload, "id"), _text_of(payload, "type"), payload)

    def check(self, secret: str) -> None:
        if len(secret) < 16:
            raise signing.InvalidSecret("it needs at least 16 characters")


SCHEMES: dict[str, Scheme] = {"standard": Standard(), "stripe": Stripe()}


def parse_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object of a body. Raises UnparsableBody."""
    try:
        payload = strict_json.loads(body, long_numbers_as_texts=True)
    except strict_json.NotStrictJSON as why:
        raise UnparsableBody(f"it is not JSON: {why}") from None
    if not isinstance(payload, dict):
        raise UnparsableBody("it is not an object")
    return payload


def _text_of(payload: Mapping[str, Any], name: str) -> str:
    """Empty if there is none. Raises UnparsableBody."""
    value = payload.get(name)
    if not isinstance(value, str | None):
        raise UnparsableBody(f"its {name} is not a text")
    return value or ""
