"""How providers sign what they post."""

from __future__ import annotations

import datetime as dt
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from . import signing


class Unreadable(ValueError):
    """The signature holds, and yet there is no message in it."""


@dataclass(frozen=True)
class Letter:
    """What a verified message says of itself. `id` is the provider's and stays when he sends it again."""

    id: str
    type: str
    said: Mapping[str, Any]


class Scheme(Protocol):
    """A way of signing."""

    def read(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], at: dt.datetime
    ) -> Letter:
        """The message, once its signature over the raw `body` holds. Raises SignatureDoesNotHold or Unreadable."""

    def check(self, secret: str) -> None:
        """Raises NotASecret."""


class Standard:
    """Standard Webhooks: headers webhook-id, -timestamp and -signature."""

    def read(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], at: dt.datetime
    ) -> Letter:
        signing.verify(secrets, headers, body, at)
        said = spoken(body)
        return Letter(headers["webhook-id"], str(said.get("type", "")), said)

    def check(self, secret: str) -> None:
        signing.key_of(secret)


class Stripe:
    """Stripe-Signature: t=…,v1=…, in hex; the secret is used as it is written, and the id stands in the body."""

    def read(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], at: dt.datetime
    ) -> Letter:
        parts = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
        seconds = signing.timely(next((value for name, _, value in parts if name == "t"), ""), at)
        signed = f"{seconds}.".encode() + body
        signing.must_match(
            (hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets),
            [value for name, _, value in parts if name == "v1"],
        )
        said = spoken(body)
        return Letter(str(said.get("id") or ""), str(said.get("type", "")), said)

    def check(self, secret: str) -> None:
        if len(secret) < 16:
            raise signing.NotASecret("it has 16 characters or more")


SCHEMES: dict[str, Scheme] = {"standard": Standard(), "stripe": Stripe()}


def spoken(body: bytes) -> Mapping[str, Any]:
    """The JSON object of a body. Raises Unreadable."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("it is not JSON") from None
    if not isinstance(said, dict):
        raise Unreadable("it is not an object")
    return said
