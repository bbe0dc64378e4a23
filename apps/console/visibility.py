"""Which parts of a console a request shows: by the user's permissions, the available modules and the flags of pages."""

from __future__ import annotations

from django.http import HttpRequest

from apps.kernel import features
from apps.modules import registry

from .hooks import PLANES, Figure, Page, Part, Plane, pages


def may(request: HttpRequest, part: Part) -> bool:
    """False for every user while the module is unavailable to the tenant, or the flag of the page is off."""
    return exists(part) and permits(request, part.permission)


def exists(part: Part) -> bool:
    """Whether the flag of the page is on; other parts have none."""
    return not isinstance(part, Page) or part.flag is None or features.is_on(part.flag)


def leads_somewhere(figure: Figure) -> bool:
    """False while the page that it opens is off by its flag."""
    name = figure.link.removeprefix("admin:")
    return all(exists(page) for plane in PLANES for page in pages(plane) if page.name == name)


def page_exists(plane: Plane, name: str) -> bool:
    """Whether a page of that name is plugged in, and its flag on: for links to it."""
    return any(page.name == name and exists(page) for page in pages(plane))


def permits(request: HttpRequest, permission: str) -> bool:
    """Whether the user has the permission, in a module that is available to the tenant."""
    user = request.user
    app = permission.partition(".")[0]
    return bool(user.is_authenticated and user.has_perm(permission) and not registry.unavailable_module(app))
