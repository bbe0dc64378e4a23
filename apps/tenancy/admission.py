"""Admission of requests to a tenant with restricted availability, and the response to the others.

A tenant without any part for its users is refused before the request is examined. Otherwise admission depends on the
requested part, and, where only administrators are admitted, on the user.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.kernel.availability import Availability, current_availability
from apps.kernel.errors import Refusal
from apps.kernel.problems.responses import problem_response, wants_page
from apps.kernel.tenant import TenantInfo, current_tenant

from . import lifecycle

SIGNING_IN = re.compile(r"\A/(accounts|support|api/v1/identity/tokens)/")
QUERIES = re.compile(r"\A/ofrep/")
"""Reads by POST: the context of an evaluation of feature flags is in the body."""
BILLING = re.compile(r"\A/(plan|api/v1/billing)/")
ALWAYS_ADMITTED = ("/healthz",)
READ_METHODS = ("GET", "HEAD", "OPTIONS")


class AdmissionMiddleware:
    """Inside the authentication middleware. Requests with a token are checked by the API (api/permissions.py), which
    authenticates them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tenant, availability = current_tenant(), current_availability()
        if tenant is None or availability.is_full or request.path_info in ALWAYS_ADMITTED:
            return self.get_response(request)
        if availability.refusal and not _is_available(request, availability):
            return refusal_response(request, tenant, availability.refusal(name=tenant))
        if request.user.is_authenticated and not SIGNING_IN.match(request.path_info):
            try:
                lifecycle.must_admit(request.user)
            except Refusal as refusal:
                return refusal_response(request, tenant, refusal)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A refused sign-in with the right password gets the tenant's refusal."""
        tenant, availability = current_tenant(), current_availability()
        if tenant and availability.refusal and type(exception) is availability.refusal:
            return refusal_response(request, tenant, exception)
        return None


def _is_available(request: HttpRequest, availability: Availability) -> bool:
    if SIGNING_IN.match(request.path_info):
        return availability.signs_in
    if BILLING.match(request.path_info):
        return availability.billing
    is_read = request.method in READ_METHODS or QUERIES.match(request.path_info)
    return availability.reads if is_read else availability.writes


def refusal_response(request: HttpRequest, tenant: TenantInfo, refusal: Refusal) -> HttpResponse:
    """problem+json, or for a browser a page with the state of the tenant and the remaining options."""
    if not wants_page(request):
        return problem_response(request, refusal)
    availability = lifecycle.availability_of(tenant)
    # The request may have no urlconf and no user yet.
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    page = {
        "tenant": tenant,
        "refusal": refusal,
        "kind": refusal.code.removeprefix("tenancy."),
        "signed_in": signed_in,
        "may_sign_in": availability.signs_in and user is not None and not signed_in,
        "may_see_plan": availability.billing and signed_in and _is_administrator(user),
    }
    response = render(request, "tenancy/closed.html", page, status=refusal.status)
    response["Cache-Control"] = "no-store"
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _is_administrator(user: Any) -> bool:
    try:
        lifecycle.must_admit(user)
    except Refusal:
        return False
    return True


def context(request: HttpRequest) -> dict[str, Any]:
    """Context of the banner on the pages of a tenant with restricted availability."""
    tenant, availability = current_tenant(), current_availability()
    return {"closed": availability.refusal(name=tenant) if tenant and availability.refusal else None}
