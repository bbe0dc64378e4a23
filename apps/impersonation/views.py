"""Pages of a tenant on which an operator begins and ends a support session with a one-time ticket."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import get_script_prefix, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.identity.models import User
from apps.kernel.actors import System, impersonated_by
from apps.kernel.tenant import TenantInfo, activate, current_tenant

from . import browser_sessions, lifecycle, queries
from .errors import TicketInvalid
from .models import EndReason, Impersonation


@transaction.non_atomic_requests
@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, ticket: str) -> HttpResponse:
    """GET does not redeem the ticket, so that a prefetching browser or scanner does not either; POST does."""
    tenant = _tenant()
    if request.method == "GET":
        with activate(None):
            impersonation = queries.impersonation_with_ticket(ticket, tenant.id)
        return _page(request, "identity/support_enter.html", {"impersonation": impersonation})
    _end_earlier_session(request)
    with impersonated_by(None):
        support_session = lifecycle.admit(ticket, tenant)
    with transaction.atomic():
        user = User.objects.get(pk=support_session.user_id)
    browser_sessions.sign_in(request, user, support_session)
    return redirect("admin:index")


@transaction.non_atomic_requests
@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    active_support: browser_sessions.ActiveSupport | None = getattr(request, "support", None)
    if active_support is None:
        return redirect("admin:index")
    with transaction.atomic():
        user = str(request.user)
    browser_sessions.sign_out(request)
    ended = lifecycle.end(active_support.number, EndReason.LEFT, by=System(active_support.operator))
    return _page(
        request, "identity/support_left.html", {"ended": ended, "user": user, "console": _console(ended)}
    )


def link(ticket: str, tenant: TenantInfo) -> str:
    """The link on which the ticket is valid."""
    path = reverse("support_enter", urlconf=settings.ROOT_URLCONF, args=[ticket]).removeprefix(
        get_script_prefix()
    )
    return f"{settings.PUBLIC_URL}/t/{tenant.slug}/{path}"


def _console(ended: Impersonation) -> str:
    path = reverse(
        "admin:impersonation_impersonation_change", urlconf=settings.OPERATOR_URLCONF, args=[ended.pk]
    ).removeprefix(get_script_prefix())
    return f"{settings.PUBLIC_URL}/{path}"


def _end_earlier_session(request: HttpRequest) -> None:
    """A browser has one support session at a time."""
    active_support: browser_sessions.ActiveSupport | None = getattr(request, "support", None)
    if active_support:
        lifecycle.end(active_support.number, EndReason.LEFT, by=System(active_support.operator))


def _page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    """The URL contains the ticket, so the Referer is reduced to the host. Without any Referer the CSRF check of the
    form would fail."""
    page = TemplateResponse(request, template, context, headers={"Referrer-Policy": "strict-origin"})
    with transaction.atomic():
        return page.render()


def _tenant() -> TenantInfo:
    tenant = current_tenant()
    if tenant is None:
        raise TicketInvalid
    return tenant
