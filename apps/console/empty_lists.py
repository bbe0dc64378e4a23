"""A list without rows names what it would contain, and offers the page that creates the first row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.kernel.tenant import current_tenant

from . import hooks, visibility

NOT_FILTERS = {ORDER_VAR, PAGE_VAR, "_facets"}


@dataclass(frozen=True)
class EmptyList:
    """The text of an empty list, and the button below it, if any."""

    text: str | Promise
    button: str | Promise = ""
    url: str = ""
    icon: str = ""


def empty_list(
    request: HttpRequest, *, objects: str, message: str | Promise, creating_page: str
) -> EmptyList:
    """`objects` is the plural of what is listed; `creating_page` is the name of a page of the current console."""
    if any(value for name, value in request.GET.items() if name not in NOT_FILTERS):
        text = _("No {objects} match these filters.").format(objects=objects)
        return EmptyList(text, _("Clear the filters"), request.path, "filter_alt_off")
    for page in _pages(creating_page):
        if visibility.may(request, page):
            return EmptyList(message, page.title, reverse(f"admin:{page.name}"), page.icon or "add")
    return EmptyList(message)


def _pages(name: str) -> Iterator[hooks.Page]:
    plane: hooks.Plane = "tenant" if current_tenant() else "operator"
    return (page for page in hooks.pages(plane) if page.name == name)
