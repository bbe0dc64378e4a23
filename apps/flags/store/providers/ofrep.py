"""Flags of a server that speaks OFREP (the OpenFeature remote evaluation protocol), asked for all flags at once.

The server evaluates for a tenant. A thread asks it every few seconds, so that no evaluation waits for the network, and
while the server is unavailable its latest response is served. Kills, the environment, plans and overrides of the
database narrow it.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.flags.engine import Evaluation, Explanation, Tally
from apps.flags.engine.values import is_of
from apps.flags.store import platform
from apps.flags.store.counts import TALLY
from apps.flags.store.served import Served, View
from apps.kernel.features import DECLARED, TYPES
from apps.kernel.outbound.errors import AddressRefused, CannotReach
from apps.kernel.outbound.posting import Response, post
from apps.kernel.tenant import TenantInfo, current_tenant

POLL_S = 5.0
FORGOTTEN_AFTER_S = 600.0
TIMEOUT_S = 5.0
MAX_RESPONSE_BYTES = 5_000_000
PATH = "/ofrep/v1/evaluate/flags"
REMOTE_REASON = "REMOTE"
REMOTE_VARIANT = "of-the-server"
BEGAN = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
log = logging.getLogger("bursar.flags")


class ServerRefuses(Exception):
    """The server responded with an error."""


@dataclass(frozen=True)
class RemoteView:
    """What the server evaluated for one tenant, as far as the database's kills, environment, plans and overrides leave
    it open: `narrowing` has each flag as one that serves the value of the server."""

    evaluations: Mapping[str, Evaluation]
    narrowing: View

    @property
    def epoch(self) -> int:
        return self.narrowing.epoch

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self.narrowing.keys)

    def document(self, key: str) -> Mapping[str, Any]:
        """As it narrows the evaluation; the server keeps its own documents."""
        document: Mapping[str, Any] = self.narrowing.document(key)
        return document

    def evaluate(
        self, key: str, default: Any, context: Mapping[str, Any], *, as_of: dt.datetime | None = None
    ) -> Evaluation:
        evaluation = self._merged(key, default, self.narrowing.evaluate(key, default, context))
        if evaluation.reason == "UNKNOWN_FLAG":
            TALLY.count_unknown(key)
        else:
            TALLY.tick(key, evaluation.variant, evaluation.reason)()
        return evaluation

    def evaluate_all(self, context: Mapping[str, Any]) -> dict[str, Evaluation]:
        narrowed = self.narrowing.evaluate_all(context)
        return {key: self._merged(key, None, evaluation) for key, evaluation in narrowed.items()}

    def explain(
        self, key: str, default: Any, context: Mapping[str, Any], *, as_of: dt.datetime | None = None
    ) -> Explanation:
        explanation = self.narrowing.explain(key, default, context)
        evaluation = self._merged(key, default, explanation.evaluation)
        if evaluation is explanation.evaluation:
            return explanation
        return Explanation(evaluation, error=f"The server of flags evaluates this flag: {evaluation.reason}.")

    def _merged(self, key: str, default: Any, narrowed: Evaluation) -> Evaluation:
        """The evaluation of the server, unless a layer of this installation closes the flag."""
        remote = self.evaluations.get(key)
        if remote is None or narrowed.reason != "DEFAULT":
            return narrowed
        return remote if remote.value is not None else remote._replace(value=default)


class Remote:
    """The latest response for a tenant, and what narrows it."""

    def __init__(self, context: Mapping[str, str]) -> None:
        self.context, self.wanted_at = context, time.monotonic()
        self.evaluations: Mapping[str, Evaluation] | None = None
        self.etag = ""
        self.lock = threading.Lock()
        self.narrowing = Served(self._platform, Tally())

    def view(self) -> RemoteView:
        return RemoteView(self.evaluations or {}, self.narrowing.view())

    def _platform(self) -> platform.Platform:
        stored = platform.cached.get("all")
        known = {one.key: one.document for one in stored.flags if one.document is not None}
        flags = tuple(
            platform.Stored(key, 0, _constant(key, evaluation, known.get(key)), BEGAN, None)
            for key, evaluation in (self.evaluations or {}).items()
        )
        return platform.Platform(stored.epoch, flags, (), stored.killed)


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
        remote = self._remotes.setdefault(_name(tenant), Remote(_context(tenant)))
        remote.wanted_at = time.monotonic()
        if remote.evaluations is None:
            with remote.lock:
                if remote.evaluations is None:
                    self._request(remote)
        self._poll()
        return remote.view()

    def epoch_of(self, tenant: TenantInfo | None) -> int | None:
        remote = self._remotes.get(_name(tenant))
        return remote.narrowing.epoch_of(tenant) if remote else None

    def entitles(self, limit: str) -> bool:
        return any(remote.narrowing.entitles(limit) for remote in list(self._remotes.values()))

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
        remote.evaluations, remote.etag = _evaluations(response), response.etag
        remote.narrowing.forget()


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


def _constant(key: str, remote: Evaluation, known: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document of a flag that serves what the server evaluated. Its entitlement, and what it serves while it is
    closed, are those that the platform or the code says."""
    declared = DECLARED[key].document if key in DECLARED else None
    own = known or declared or {}
    kind = own.get("type") or TYPES.get(type(remote.value), "boolean" if remote.value is None else "object")
    variants = own.get("variants") or ({"off": False} if kind == "boolean" else {})
    value = remote.value
    if value is None or not is_of(value, kind):
        # Callers receive their default; the document needs some value.
        value = next(iter(variants.values()), value)
    return {
        "format": 1,
        "key": key,
        "type": kind,
        "variants": {**variants, REMOTE_VARIANT: value},
        "enabled": True,
        "off_variant": own.get("off_variant", "off" if kind == "boolean" else None),
        "default_variant": REMOTE_VARIANT,
        "entitlement": own.get("entitlement"),
        "posting": bool(own.get("posting")),
    }


def _fits(expected: type, value: Any) -> bool:
    return type(value) is expected or (expected is float and type(value) is int)


def _name(tenant: TenantInfo | None) -> str:
    return str(tenant.id) if tenant else "platform"


def _context(tenant: TenantInfo | None) -> Mapping[str, str]:
    known = {"tenant": str(tenant.id), "tenant_slug": tenant.slug} if tenant else {}
    return {"targetingKey": _name(tenant), **known}
