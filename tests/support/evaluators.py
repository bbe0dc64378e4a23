"""Programs that evaluate flags by OFREP and the client API of Unleash, and flags of every type for them."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from apps.bus import dispatch
from apps.flags.commands import KillFlag
from apps.flags.store import freshness
from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate
from tests.support.database import TESTER
from tests.support.programs import creation
from tests.support.published_flags import document, publish
from tests.support.responses import ClientResponse

RULES = [{"name": "germans", "when": {"attribute": "country", "op": "in", "values": ["DE"]}, "serve": "on"}]
HALF = {"unit": "user", "percentage": 50.0}
DOCUMENTS = [
    document("bool-on"),
    document(
        "str",
        type="string",
        variants={"greeting": "hello", "none": ""},
        default_variant="greeting",
        off_variant=None,
    ),
    document("int", type="integer", variants={"ten": 10}, default_variant="ten", off_variant=None),
    document("float", type="float", variants={"one": 1}, default_variant="one", off_variant=None),
    document("obj", type="object", variants={"o": {"a": [1, 2.5]}}, default_variant="o", off_variant=None),
    document("disabled", enabled=False, off_variant=None),
    document("targeted", rules=RULES, default_variant="off"),
    document("half", rollout=HALF),
]


class Evaluator:
    """A program that speaks OFREP and the client API of Unleash with a tenant."""

    def __init__(self, token: str, tenant: TenantInfo) -> None:
        self.token, self.base = token, f"/t/{tenant.slug}"
        self.headers = {"Authorization": f"Bearer {token}"}

    def one(self, key: str, /, **context: Any) -> ClientResponse:
        return self.send(f"/flags/{key}", {"context": context})

    def every(self, etag: str = "", /, **context: Any) -> ClientResponse:
        return self.send("/flags", {"context": context}, **{"If-None-Match": etag} if etag else {})

    def send(self, path: str, body: Any, **headers: str) -> ClientResponse:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        address = f"{self.base}/ofrep/v1/evaluate{path}"
        return Client(raise_request_exception=False).post(
            address, content, content_type="application/json", headers={**self.headers, **headers}
        )

    def features(self, **headers: str) -> ClientResponse:
        return Client().get(
            f"{self.base}/api/client/features", headers={"Authorization": self.token, **headers}
        )

    def report(self, toggles: Any) -> ClientResponse:
        body = {"appName": "erp", "bucket": {"start": "…", "stop": "…", "toggles": toggles}}
        return Client().post(
            f"{self.base}/api/client/metrics", body, content_type="application/json", headers=self.headers
        )


def token_of(tenant: TenantInfo, *scopes: str) -> str:
    with activate(tenant):
        owner = User.objects.get(email=f"owner@{tenant.slug}.example")
        account = dispatch(creation(owner, name=f"reader {scopes}", scopes=scopes), actor=owner)
    return str(account.new_token)


def kill(key: str) -> None:
    """As an operator does, at once."""
    dispatch(KillFlag(key=key, reason="It loses orders."), actor=TESTER)


def serve(served: dict[str, Any]) -> None:
    """Publishes a revision, which is served at once."""
    publish(served, served["key"])
    freshness.changed()
