"""The way from the dashboard to a page, derived from its address, the menu and the lists, so that no page declares it.

The list above a page about a row is named by the address: `ledger/entry/<int:entry_id>/post/` belongs to the list of
entries. The list above a page that creates a row names that page as its `creating_page`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.admin import AdminSite, ModelAdmin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import ResolverMatch, reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext

from . import hooks, visibility

if TYPE_CHECKING:
    Admin = ModelAdmin[Any]


class Crumb(NamedTuple):
    """A step of the way: a group of the menu has no address."""

    title: str | Promise
    url: str = ""


def steps(request: HttpRequest, site: AdminSite, plane: hooks.Plane) -> list[Crumb]:
    """The steps above the page of the request, without the page itself. Empty for the dashboard."""
    match = request.resolver_match
    if match is None or match.url_name == "index":
        return []
    return [Crumb(gettext("Dashboard"), reverse("admin:index")), *_above(request, match, site, plane)]


def _above(
    request: HttpRequest, match: ResolverMatch, site: AdminSite, plane: hooks.Plane
) -> Iterator[Crumb]:
    page = next((page for page in hooks.pages(plane) if page.name == match.url_name), None)
    admins = [admin for admin in site._registry.values() if admin.has_view_permission(request)]
    if page is None:
        admin = _admin_of_address(match, admins)
        if admin:
            yield from _group_of(f"admin:{_name_of(admin)}_changelist", plane)
            if match.url_name != f"{_name_of(admin)}_changelist":
                yield _list(admin)
        return
    if page.group:
        yield Crumb(page.group)
        return
    if admin := _admin_above(page, match, admins, plane):
        yield from _group_of(f"admin:{_name_of(admin)}_changelist", plane)
        yield _list(admin)
        yield from _row(request, admin, match)
    else:
        yield from _page_above(request, page, plane)


def _admin_of_address(match: ResolverMatch, admins: list[Admin]) -> Admin | None:
    """The list of a page of Django's admin: `ledger_entry_change`."""
    name = (match.url_name or "").rpartition("_")[0]
    return next((admin for admin in admins if _name_of(admin) == name), None)


def _admin_above(
    page: hooks.Page, match: ResolverMatch, admins: list[Admin], plane: hooks.Plane
) -> Admin | None:
    """The list of the rows that the page is about, or that it creates one of; else the first list of its app."""
    labels = {admin.opts.label_lower: admin for admin in admins}
    linked = [part.model for part in hooks.row_links(plane, *labels) if part.page == page.name]
    for label in (*linked, str(match.kwargs.get("subject_type", ""))):
        if label in labels:
            return labels[label]
    own = [admin for admin in admins if admin.opts.app_label in (hooks.app_of(page), page.path.split("/")[0])]
    if not match.kwargs:
        creating = [admin for admin in admins if getattr(admin, "creating_page", "") == page.name]
    else:
        creating = [admin for admin in (*own, *admins) if any(_names(word, admin) for word in match.kwargs)]
        creating.sort(key=lambda admin: not any(_names_rows_of(word, admin) for word in match.kwargs))
    if creating or _pages_above(page, plane):
        return next(iter(creating), None)
    return next(
        (admin for admin in own if page.path.startswith(str(admin.opts.model_name))), next(iter(own), None)
    )


def _names(parameter: str, admin: Admin) -> bool:
    """`channel_id` names a notification channel, `job_id` a run of the app `jobs`."""
    word = parameter.removesuffix("_id").replace("_", "")
    return _names_rows_of(parameter, admin) or admin.opts.app_label == f"{word}s"


def _names_rows_of(parameter: str, admin: Admin) -> bool:
    """`flag_id` names a flag before the other rows of the app `flags`."""
    return str(admin.opts.model_name).endswith(parameter.removesuffix("_id").replace("_", ""))


def _row(request: HttpRequest, admin: Admin, match: ResolverMatch) -> Iterator[Crumb]:
    """The row that the page is about, if its number is the only parameter, or follows its type."""
    about = dict(match.kwargs)
    if about.pop("subject_type", "") == admin.opts.label_lower:
        number = about.get("subject_id", "")
    elif len(about) == 1 and _names(next(iter(about)), admin):
        (number,) = about.values()
    else:
        return
    try:
        row = admin.get_object(request, str(number))
    except (ValueError, ValidationError):
        return
    if row is not None:
        yield Crumb(str(row), reverse(f"admin:{_name_of(admin)}_change", args=[number]))


def _page_above(request: HttpRequest, page: hooks.Page, plane: hooks.Plane) -> Iterator[Crumb]:
    for above in _pages_above(page, plane)[:1]:
        yield Crumb(above.group)
        if visibility.may(request, above):
            yield Crumb(above.title, reverse(f"admin:{above.name}"))


def _pages_above(page: hooks.Page, plane: hooks.Plane) -> list[hooks.Page]:
    """Pages in the menu whose address begins that of this one: `settings/` of `settings/<str:key>/change/`."""
    return [above for above in hooks.pages(plane) if above.group and page.path.startswith(above.path)]


def _group_of(url: str, plane: hooks.Plane) -> Iterator[Crumb]:
    for part in hooks.menu(plane):
        if isinstance(part, hooks.MenuItem) and part.url == url and part.group:
            yield Crumb(part.group)


def _list(admin: Admin) -> Crumb:
    title = capfirst(str(admin.opts.verbose_name_plural))
    return Crumb(title, reverse(f"admin:{_name_of(admin)}_changelist"))


def _name_of(admin: Admin) -> str:
    return f"{admin.opts.app_label}_{admin.opts.model_name}"
