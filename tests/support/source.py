"""Signed messages of other systems."""

from __future__ import annotations

import json

from django.test import Client
from standardwebhooks import Webhook

from apps.kernel import clock
from apps.kernel.tenant import activate

PROVIDERS_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def signed(payload, ref="msg_1", secret=PROVIDERS_SECRET, at=None):
    """(body, headers) as the package makes them."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    at = at or clock.now()
    return body, {
        "webhook-id": ref,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(ref, at, body.decode()),
    }


def post(payload, name="psp", tenant="acme", **how):
    body, headers = signed(payload, **how)
    return send(body, headers, name, tenant)


def send(body, headers, name="psp", tenant="acme", address="127.0.0.1"):
    with activate(None):
        return Client(enforce_csrf_checks=True, REMOTE_ADDR=address).post(
            f"/t/{tenant}/api/v1/webhooks/in/{name}/",
            body,
            content_type="application/json",
            headers=headers,
        )
