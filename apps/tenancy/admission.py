"""Who is let in to a tenant that is not open to all, and what everybody else is told.

A tenant for whose people there is nothing at all is closed before anything is asked of the request. In the others it
depends on what is wanted, and, where only those in charge are let in, on who wants it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.kernel.availability import Availability, current_availability
from apps.kernel.errors import Refusal
from apps.kernel.problems import problem_response, wants_page
from apps.kernel.tenant import TenantInfo, current_tenant

from . import lifecycle

SIGNING_IN = re.compile(r"\A/(accounts|support|api/v1/identity/tokens)/")
BILLING = re.compile(r"\A/(plan|api/v1/billing)/")
ALWAYS = ("/healthz",)
SAFE = ("GET", "HEAD", "OPTIONS")


class AdmissionMiddleware:
    """Inside the authentication. Whoever shows a token is known only to the API, and asked for there
    (api/permissions.py)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tenant, availability = current_tenant(), current_availability()
        if tenant is None or availability.is_full or request.path_info in ALWAYS:
            return self.get_response(request)
        if availability.refusal and not _is_served(request, availability):
            return turned_away(request, tenant, availability.refusal(name=tenant))
        if request.user.is_authenticated and not SIGNING_IN.match(request.path_info):
            try:
                lifecycle.must_let_in(request.user)
            except Refusal as refusal:
                return turned_away(request, tenant, refusal)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Whoever is not let in learns it when his password was right."""
        tenant, availability = current_tenant(), current_availability()
        if tenant and availability.refusal and type(exception) is availability.refusal:
            return turned_away(request, tenant, exception)
        return None


def _is_served(request: HttpRequest, availability: Availability) -> bool:
    if SIGNING_IN.match(request.path_info):
        return availability.signs_in
    if BILLING.match(request.path_info):
        return availability.billing
    return availability.reads if request.method in SAFE else availability.writes


def turned_away(request: HttpRequest, tenant: TenantInfo, refusal: Refusal) -> HttpResponse:
    """problem+json, or a page for a person that says what became of the tenant and what is left to do."""
    if not wants_page(request):
        return problem_response(request, refusal)
    availability = lifecycle.availability_of(tenant)
    # Before the request has its urlconf and its user there is nothing of either to show.
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    shown = {
        "tenant": tenant,
        "refusal": refusal,
        "kind": refusal.code.removeprefix("tenancy."),
        "signed_in": signed_in,
        "may_sign_in": availability.signs_in and user is not None and not signed_in,
        "may_see_plan": availability.billing and signed_in and _is_administrator(user),
    }
    response = render(request, "tenancy/closed.html", shown, status=refusal.status)
    response["Cache-Control"] = "no-store"
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _is_administrator(user: Any) -> bool:
    try:
        lifecycle.must_let_in(user)
    except Refusal:
        return False
    return True


def context(request: HttpRequest) -> dict[str, Any]:
    """For the banner over each page of a tenant that is not served in full."""
    tenant, availability = current_tenant(), current_availability()
    return {"closed": availability.refusal(name=tenant) if tenant and availability.refusal else None}
