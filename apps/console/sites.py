"""The operator's console and the tenant console: two admin sites in the same design, each with its own URLconf."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, cast

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.options import BaseModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.bus.errors import NotAsSupport
from apps.kernel import degradable
from apps.kernel.actors import impersonator
from apps.kernel.degradable import RETRY_AFTER_S, Degradable
from apps.kernel.manifest import Module
from apps.kernel.tenant import current_tenant
from apps.modules import registry

from . import breadcrumbs, hooks, palette, visibility
from .step_up import with_step_up

NOT_MOUNTED = ("view_on_site", "password_change", "password_change_done")
"""Pages of Django: a redirect to a row's public page, which no row has, and a page that judges unlimited guesses of the
current password."""
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Site(UnfoldAdminSite):
    """A console. Every page names its permission; sign-in is django-allauth's."""

    plane: hooks.Plane
    index_template = "console/dashboard.html"
    enable_nav_sidebar = True
    empty_value_display = "—"

    def get_urls(self) -> list[Any]:  # the types of Django and of Unfold exclude each other
        """All but those of NOT_MOUNTED, with our own pages about the user's account."""
        own = [
            path(page.path, self.admin_view(self._for_the_user(page)), name=page.name)
            for page in hooks.own_pages()
        ]
        return [*own, *(url for url in super().get_urls() if getattr(url, "name", "") not in NOT_MOUNTED)]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            **super().each_context(request),
            "breadcrumbs": partial(breadcrumbs.steps, request, self, self.plane),
        }

    def extra_urls(self) -> list[URLPattern]:
        return [
            path(
                page.path,
                self.admin_view(self._while_available(hooks.app_of(page), self._guarded(page))),
                name=page.name,
            )
            for page in hooks.pages(self.plane)
        ]

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Requires sign-in; pages of a model also require that its module is available to the tenant."""
        owner = getattr(view, "__self__", None)
        if isinstance(owner, BaseModelAdmin):
            view = cast(View, self._while_available(owner.opts.app_label, view))
        return super().admin_view(view, cacheable)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        if module := registry.unavailable_module(app_label):
            return self._unavailable(request, module)
        return super().app_index(request, app_label, extra_context)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The sign-in page of accounts. Django's own form, which judges unlimited guesses, is never reached."""
        response: HttpResponse = secure_admin_login(self._home)(request)
        return response

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The palette: lists, pages and rows. Without `extended`, lists only."""
        term, extended = palette.term_of(request), "extended" in request.GET
        if not term:
            return cast(TemplateResponse, HttpResponse())  # as Unfold, whose annotation leaves it out
        hits = [*self._search_apps(AdminSite.get_app_list(self, request), term)]
        if extended:
            hits += palette.search(request, term)
        return palette.page_of(request, hits, extended=extended)

    def _home(self, request: HttpRequest) -> HttpResponse:
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")

    def _while_available(self, app: str, view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **server_fields: Any) -> HttpResponseBase:
            module = registry.unavailable_module(app)
            response: HttpResponseBase = (
                self._unavailable(request, module) if module else view(request, *args, **server_fields)
            )
            return response

        return guarded

    def _unavailable(self, request: HttpRequest, module: Module) -> TemplateResponse:
        """The page for an address of a module that is unavailable to the tenant: the reason, and a link to the plan."""
        name = module.name.replace("-", " ").capitalize()
        is_off = not registry.is_on(module) or registry.is_entitled(module)
        plan = next((part for part in hooks.pages(self.plane) if part.name == settings.PLAN_PAGE), None)
        page = {
            "title": gettext("{name} is switched off").format(name=name)
            if is_off
            else gettext("{name} is not in your plan").format(name=name),
            "module": module,
            "is_off": is_off,
            "plan": reverse(f"admin:{plan.name}") if plan and visibility.may(request, plan) else "",
        }
        return TemplateResponse(
            request, "console/module_unavailable.html", {**self.each_context(request), **page}, status=403
        )

    def _for_the_user(self, page: hooks.OwnPage) -> Any:
        def view(request: HttpRequest, **server_fields: Any) -> HttpResponseBase:
            if support := impersonator():
                raise NotAsSupport(actor=request.user, title=str(page.title).lower(), support=support)
            context = {**self.each_context(request), "title": page.title}
            return page.view(request, context=context, **server_fields)

        return view

    def _guarded(self, page: hooks.Page) -> Any:
        def view(request: HttpRequest, **server_fields: Any) -> HttpResponseBase:
            if not visibility.exists(page):
                raise Http404
            if not visibility.may(request, page):
                raise PermissionDenied
            context = {**self.each_context(request), "title": page.title}
            if page.degradable and not degradable.is_on(page.degradable):
                return _degraded(request, page.degradable, context)
            return with_step_up(page.view)(request, context=context, **server_fields)

        return view


def _degraded(request: HttpRequest, part: Degradable, context: dict[str, Any]) -> TemplateResponse:
    """The page in place of one that is off: what does its work meanwhile, and the link to that."""
    page = {"part": part, "link": reverse(f"admin:{part.page}", args=part.arguments) if part.page else ""}
    response = TemplateResponse(request, "console/degraded.html", {**context, **page}, status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


class OperatorSite(Site):
    """The console of the platform: its pages query the public schema."""

    plane: hooks.Plane = "operator"
    settings_name = "UNFOLD_OPERATOR"
    index_title = _("Platform")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and current_tenant() is None


class TenantSite(Site):
    """The console of a tenant: its pages query that tenant's schema."""

    plane: hooks.Plane = "tenant"
    settings_name = "UNFOLD_TENANT"
    index_title = _("Dashboard")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and current_tenant() is not None


operator_site = OperatorSite(name="admin")  # third-party templates know only this name
tenant_site = TenantSite(name="admin")
