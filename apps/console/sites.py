"""The operator's console and the tenants': one look, two sites. They never share a URLconf."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin.options import BaseModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.sites import UnfoldAdminSite

from apps.kernel.manifest import Module
from apps.kernel.tenant import current_tenant
from apps.modules import registry

from . import hooks


class Site(UnfoldAdminSite):  # type: ignore[misc]
    """A console. Every page names its permission, and login is django-allauth's."""

    plane: hooks.Plane
    index_template = "console/dashboard.html"
    enable_nav_sidebar = True

    def get_urls(self) -> list[URLPattern]:
        """Without Django's redirect to a row's public page: there is none."""
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def extra_urls(self) -> list[URLPattern]:
        return [
            path(
                page.path,
                self.admin_view(self._while_open(hooks.app_of(page), self._guarded(page))),
                name=page.name,
            )
            for page in hooks.pages(self.plane)
        ]

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Behind the login, and for what belongs to a model only while its module is open."""
        owner = getattr(view, "__self__", None)
        if isinstance(owner, BaseModelAdmin):
            view = self._while_open(owner.opts.app_label, view)
        wrapped: Callable[..., Any] = super().admin_view(view, cacheable)
        return wrapped

    def app_index(
        self, request: HttpRequest, app_label: str, *args: Any, **server_fields: Any
    ) -> HttpResponseBase:
        if module := registry.shut(app_label):
            return self._shut(request, module)
        response: HttpResponseBase = super().app_index(request, app_label, *args, **server_fields)
        return response

    def _while_open(self, app: str, view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **server_fields: Any) -> HttpResponseBase:
            module = registry.shut(app)
            response: HttpResponseBase = (
                self._shut(request, module) if module else view(request, *args, **server_fields)
            )
            return response

        return opened

    def _shut(self, request: HttpRequest, module: Module) -> HttpResponseBase:
        """What a person is told who comes by an address that he has kept."""
        name = module.name.replace("-", " ").capitalize()
        is_off = not registry.is_on(module)
        plan = next((page for page in hooks.pages(self.plane) if page.name == settings.PLAN_PAGE), None)
        shown = {
            "title": f"{name} is switched off" if is_off else f"{name} is not in your plan",
            "module": module,
            "is_off": is_off,
            "plan": reverse(f"admin:{plan.name}") if plan and hooks.may(request, plan) else "",
        }
        return TemplateResponse(
            request, "console/shut.html", {**self.each_context(request), **shown}, status=403
        )

    def _guarded(self, page: hooks.Page) -> Any:
        def view(request: HttpRequest, **server_fields: Any) -> HttpResponseBase:
            if not hooks.may(request, page):
                raise PermissionDenied
            context = {**self.each_context(request), "title": page.title}
            return page.view(request, context=context, **server_fields)

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
