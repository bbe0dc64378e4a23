"""Requests of tenants as one transaction each, which a transaction pooler requires: the tenant's role is set per
transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.http import HttpRequest, HttpResponse

from apps.kernel.tenant import current_tenant

from .callbacks import called_after_request


class OfTenants:
    """ATOMIC_REQUESTS behind a transaction pooler, evaluated for each request. A request of the platform is no single
    transaction: it needs no role, and its pages switch between tenants."""

    def __bool__(self) -> bool:
        return current_tenant() is not None


class _Held(HttpRequest):
    """A request with the contexts that end after its response is rendered."""

    held: ExitStack


class WholeRequestMiddleware:
    """Extends the transaction of a view to the rendering of its response, which often runs queries. The innermost
    middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: _Held) -> HttpResponse:
        with ExitStack() as request.held:
            return self.get_response(request)

    def process_view(self, request: _Held, view: Any, *_: Any) -> None:
        is_non_atomic = DEFAULT_DB_ALIAS in getattr(view, "_non_atomic_requests", ())
        if connections.settings[DEFAULT_DB_ALIAS]["ATOMIC_REQUESTS"] and not is_non_atomic:
            request.held.enter_context(transaction.atomic())


class AfterTheRequestMiddleware:
    """Runs the callbacks of units of work after the request where the whole request is one transaction; otherwise a
    refusal would roll them back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with called_after_request():
            return self.get_response(request)
