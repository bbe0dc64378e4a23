"""The sidebar: pages that the user may open, by group."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.actors import impersonator
from apps.kernel.tenant import current_tenant

from . import hooks, visibility

GROUPS = (
    "",
    _("Tenants"),
    _("Sales"),
    _("Stock and payments"),
    _("Accounting"),
    _("Company"),
    _("People"),
    _("Webhooks"),
    _("Audit & security"),
    _("System"),
)
"""Groups in their order; any other group comes last."""


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    plane: hooks.Plane = "tenant" if current_tenant() else "operator"
    groups: dict[str, list[dict[str, Any]]] = {str(name): [] for name in GROUPS}
    groups[""].append(_item(gettext("Dashboard"), "space_dashboard", reverse("admin:index")))
    for part in hooks.menu(plane):
        if visibility.may(request, part):
            url = part.url if isinstance(part, hooks.MenuItem) else f"admin:{part.name}"
            groups.setdefault(str(part.group), []).append(_item(str(part.title), part.icon, reverse(url)))
    return [
        {"title": title, "items": items, "separator": bool(title)} for title, items in groups.items() if items
    ]


def own_pages(request: HttpRequest) -> list[dict[str, Any]]:
    """The links in the user's menu. A support session has none."""
    if not request.user.is_authenticated or impersonator():
        return []
    return [
        {"title": page.title, "link": reverse(f"admin:{page.name}")}
        for page in hooks.own_pages()
        if page.when(request.user)
    ]


def _item(title: str, icon: str, link: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link}
