"""Flags of a server that speaks OFREP (the OpenFeature remote evaluation protocol), asked for all flags at once.

The server evaluates for a tenant. A thread asks it every few seconds, so that no evaluation waits for the network, and
while the server is unavailable its latest response is served.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from apps.flags.engine import Evaluation, Explanation
from apps.flags.store.counts import TALLY
from apps.kernel.features import DECLARED
from apps.kernel.outbound.errors import AddressRefused, CannotReach
from apps.kernel.outbound.posting import Response, post
from apps.kernel.tenant import TenantInfo, current_tenant

POLL_S = 5.0
FORGOTTEN_AFTER_S = 600.0
TIMEOUT_S = 5.0
MAX_RESPONSE_BYTES = 5_000_000
PATH = "/ofrep/v1/evaluate/flags"
REMOTE_REASON = "REMOTE"
log = logging.getLogger("bursar.flags")


class ServerRefuses(Exception):
    """The server responded with an error."""


@dataclass(frozen=True)
class RemoteView:
    """What the server evaluated for one tenant."""

    epoch: int
    evaluations: Mapping[str, Evaluation]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self.evaluations)

    def document(self, key: str) -> Mapping[str, Any]:
        """The server keeps its documents."""
        return {}

    def evaluate(
        self, key: str, default: Any, context: Mapping[str, Any], *, as_of: dt.datetime | None = None
    ) -> Evaluation:
        evaluation = self.evaluations.get(key)
        if evaluation is None:
            TALLY.count_unknown(key)
            return Evaluation(default, None, "UNKNOWN_FLAG", None, 0)
        TALLY.tick(key, evaluation.variant, evaluation.reason)()
        return evaluation if evaluation.value is not None else evaluation._replace(value=default)

    def evaluate_all(self, context: Mapping[str, Any]) -> dict[str, Evaluation]:
        return dict(self.evaluations)

    def explain(
        self, key: str, default: Any, context: Mapping[str, Any], *, as_of: dt.datetime | None = None
    ) -> Explanation:
        evaluation = self.evaluations.get(key) or Evaluation(default, None, "UNKNOWN_FLAG", None, 0)
        return Explanation(evaluation, error=f"The server of flags evaluates this flag: {evaluation.reason}.")


@dataclass
class Remote:
    """The latest response for a tenant."""

    context: Mapping[str, str]
    wanted_at: float
    view: RemoteView | None = None
    etag: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


class OfrepProvider:
    """Polls the server for the tenants that evaluated flags in the last minutes."""

    def __init__(self, address: str) -> None:
        self._url = address.rstrip("/") + PATH
        self._remotes: dict[str, Remote] = {}
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def view(self) -> RemoteView:
        """From memory; the first evaluation of a tenant waits for the server, and raises its error."""
        tenant = current_tenant()
        remote = self._remotes.setdefault(_name(tenant), Remote(_context(tenant), time.monotonic()))
        remote.wanted_at = time.monotonic()
        if remote.view is None:
            with remote.lock:
                if remote.view is None:
                    self._request(remote)
        self._poll()
        assert remote.view is not None  # noqa: S101 - `_ask` sets it or raises
        return remote.view

    def epoch_of(self, tenant: TenantInfo | None) -> int | None:
        remote = self._remotes.get(_name(tenant))
        return remote.view.epoch if remote and remote.view else None

    def refresh(self) -> None:
        """Asks for every tenant that is in use. A failure leaves its latest response."""
        for name, remote in list(self._remotes.items()):
            if time.monotonic() - remote.wanted_at > FORGOTTEN_AFTER_S:
                self._remotes.pop(name, None)
                continue
            try:
                self._request(remote)
            except (AddressRefused, CannotReach, ServerRefuses, ValueError, KeyError, TypeError) as error:
                log.error("Flags of %s could not be refreshed, the earlier ones are served: %s", name, error)

    def _poll(self) -> None:
        """A thread of this process; a fork does not copy it."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="flags-ofrep", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closed.wait(POLL_S):
            self.refresh()

    def close(self) -> None:
        """Ends the thread."""
        self._closed.set()

    def _request(self, remote: Remote) -> None:
        headers = {"Content-Type": "application/json"}
        if settings.FLAG_SOURCE_TOKEN:
            headers["Authorization"] = f"Bearer {settings.FLAG_SOURCE_TOKEN}"
        if remote.etag:
            headers["If-None-Match"] = remote.etag
        body = json.dumps({"context": remote.context}).encode()
        response = post(self._url, headers, body, timeout=TIMEOUT_S, max_bytes=MAX_RESPONSE_BYTES)
        if response.status == 304:
            return
        evaluations = _evaluations(response)
        remote.view, remote.etag = RemoteView(int(time.time() * 1000), evaluations), response.etag


def _evaluations(response: Response) -> dict[str, Evaluation]:
    """Raises ServerRefuses, or ValueError, KeyError or TypeError for a malformed response."""
    if response.status != 200:
        raise ServerRefuses(f"status {response.status}")
    evaluations = {}
    for flag in json.loads(response.body)["flags"]:
        key, declared = flag["key"], DECLARED.get(flag["key"])
        if "errorCode" in flag:
            log.error("The server cannot evaluate the flag %s: %s", key, flag["errorCode"])
        elif declared is not None and "value" in flag and not _fits(declared.type, flag["value"]):
            log.error("The server serves another type than %s for the flag %s.", declared.value_type, key)
        else:
            reason = str(flag.get("reason") or REMOTE_REASON)
            evaluations[key] = Evaluation(flag.get("value"), flag.get("variant"), reason, None, 0)
    return evaluations


def _fits(expected: type, value: Any) -> bool:
    return type(value) is expected or (expected is float and type(value) is int)


def _name(tenant: TenantInfo | None) -> str:
    return str(tenant.id) if tenant else "platform"


def _context(tenant: TenantInfo | None) -> Mapping[str, str]:
    known = {"tenant": str(tenant.id), "tenant_slug": tenant.slug} if tenant else {}
    return {"targetingKey": _name(tenant), **known}
