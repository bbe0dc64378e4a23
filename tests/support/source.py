"""Signed messages of other systems."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from django.test import Client
from standardwebhooks import Webhook

from apps.kernel import clock
from apps.kernel.tenant import activate
from tests.support.responses import ClientResponse

PROVIDERS_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def signed(
    payload: Any, ref: str = "msg_1", secret: str = PROVIDERS_SECRET, at: dt.datetime | None = None
) -> tuple[bytes, dict[str, str]]:
    """(body, headers) as the package makes them."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    at = at or clock.now()
    return body, {
        "webhook-id": ref,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(ref, at, body.decode()),
    }


def post(payload: Any, name: str = "psp", tenant: str = "acme", **how: Any) -> ClientResponse:
    body, headers = signed(payload, **how)
    return send(body, headers, name, tenant)


def send(
    body: bytes,
    headers: Mapping[str, str],
    name: str = "psp",
    tenant: str = "acme",
    address: str = "127.0.0.1",
) -> ClientResponse:
    with activate(None):
        return Client(enforce_csrf_checks=True, REMOTE_ADDR=address).post(
            f"/t/{tenant}/api/v1/webhooks/in/{name}/",
            body,
            content_type="application/json",
            headers=headers,
        )
