"""The operator's console and the tenants': one look, two sites. They never share a URLconf."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from apps.kernel.tenant import current_tenant

from . import hooks


class Site(UnfoldAdminSite):  # type: ignore[misc]
    """A console. Every page names its permission, and login is django-allauth's."""

    plane: hooks.Plane
    index_template = "console/dashboard.html"
    enable_nav_sidebar = True

    def get_urls(self) -> list[URLPattern]:
        """Without Django's redirect to a row's public page: there is none."""
        return [each for each in super().get_urls() if getattr(each, "name", "") != "view_on_site"]

    def extra_urls(self) -> list[URLPattern]:
        return [
            path(page.path, self.admin_view(self._guarded(page)), name=page.name)
            for page in hooks.pages(self.plane)
        ]

    def _guarded(self, page: hooks.Page) -> Any:
        def view(request: HttpRequest, **given: Any) -> HttpResponseBase:
            if not hooks.may(request, page):
                raise PermissionDenied
            context = {**self.each_context(request), "title": page.title}
            return page.view(request, context=context, **given)

        return view


class OperatorSite(Site):
    """Of the platform: its pages see the public schema."""

    plane: hooks.Plane = "operator"
    settings_name = "UNFOLD_OPERATOR"
    index_title = "Platform"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and current_tenant() is None


class TenantSite(Site):
    """Of a tenant: its pages see that tenant's schema."""

    plane: hooks.Plane = "tenant"
    settings_name = "UNFOLD_TENANT"
    index_title = "Dashboard"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and current_tenant() is not None


operator_site = OperatorSite(name="admin")  # third-party templates know only this name
tenant_site = TenantSite(name="admin")
for _site in (operator_site, tenant_site):
    _site.login = secure_admin_login(_site.login)
