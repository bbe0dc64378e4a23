"""Counting, timing, tracing and logging of requests and tasks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from celery.exceptions import Ignore, Reject, Retry
from django.http import HttpRequest, HttpResponse

from apps.kernel.tenant import current_tenant

from . import metrics
from .logs import current_request
from .redaction import clean_text
from .tracing import span

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NOWHERE = "nowhere"
"""The route of unknown addresses, which must not become labels."""
log = logging.getLogger("bursar.requests")


class _Observed(HttpRequest):
    """A request that remembers its tenant."""

    observed_tenant: str | None


class ObservationMiddleware:
    """Directly inside the correlation middleware, so that the duration includes all other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token, began = current_request.set(request), perf_counter()
        method = request.method if request.method in metrics.METHODS else "OTHER"
        try:
            with span(f"HTTP {method}", {"url.path": clean_text(request.path_info)}, kind="server"):
                response = self.get_response(request)
            _note(request, str(method), response.status_code, perf_counter() - began)
            return response
        finally:
            current_request.reset(token)

    def process_view(self, request: _Observed, *_: Any) -> None:
        """Remembers the tenant, which is set by inner middleware and reset before the response returns here."""
        tenant = current_tenant()
        request.observed_tenant = tenant.slug if tenant else None


def _note(request: HttpRequest, method: str, status: int, seconds: float) -> None:
    module, route = _route(request)
    metrics.REQUESTS.labels(module, route, method, f"{status // 100}xx").inc()
    metrics.REQUEST_SECONDS.labels(module, route, method).observe(seconds)
    log.log(
        logging.DEBUG if method in SAFE else logging.INFO,
        "%s %s answered %s.",
        method,
        route,
        status,
        extra={
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            **_tenant(request),
        },
    )


def _tenant(request: HttpRequest) -> dict[str, str]:
    slug = getattr(request, "observed_tenant", None)
    return {"tenant": slug} if slug else {}


def _route(request: HttpRequest) -> tuple[str, str]:
    """The module and the pattern of the address."""
    match = request.resolver_match
    if match is None:
        return "", NOWHERE
    if match.route.startswith("api/v1/"):
        return match.route.split("/")[2], match.route
    return (match.namespaces[0] if match.namespaces else ""), match.route


@contextmanager
def observed_task(name: str, queue: str, *, sent_at: float | None, tries: int) -> Iterator[None]:
    """One attempt of a task. The first attempt also records the time that the task waited for a worker."""
    if sent_at and not tries:
        metrics.QUEUE_WAIT_SECONDS.labels(queue).observe(max(0.0, time.time() - float(sent_at)))
    began, outcome = perf_counter(), "done"
    try:
        with span(name, {"messaging.destination.name": queue}, kind="consumer"):
            yield
    except BaseException as error:
        outcome = "retried" if isinstance(error, Retry) else _put_back_or_failed(error)
        raise
    finally:
        metrics.TASKS.labels(queue, name, outcome).inc()
        metrics.TASK_SECONDS.labels(queue, name).observe(perf_counter() - began)


def _put_back_or_failed(error: BaseException) -> str:
    return "put back" if isinstance(error, Ignore | Reject) else "failed"
