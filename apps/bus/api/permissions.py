"""Default deny. A read needs the permission of its view; the bus checks the permission of a command."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.bus.errors import ReadPermissionDenied
from apps.kernel import features

SIGNED_IN = "signed in"
"""The `permission` of views for all signed-in users."""


class MayRead(BasePermission):
    """GET requires a `permission` of the view, POST and PATCH a `command`; a POST that only reads a `permission`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        if request.method == "OPTIONS" or request.method not in view.allowed_methods:
            return True  # the view returns 405
        if getattr(view, "reads_by_post", False):
            return _may(request, view.permission)
        if request.method in ("POST", "PATCH"):
            return hasattr(view, "command")
        if request.method not in ("GET", "HEAD"):
            return False
        return _may(request, getattr(view, "permission", None))


class FlagIsOn(BasePermission):
    """While the `flag` of a view is off for the caller, the view does not exist."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises Http404."""
        flag = getattr(view, "flag", None)
        if flag is not None and request.user.is_authenticated and not features.is_on(flag):
            raise Http404
        return True


def _may(request: Request, permission: str | None) -> bool:
    """Raises ReadPermissionDenied, with the missing permission."""
    if permission is None:
        return False
    if permission != SIGNED_IN and not request.user.has_perm(permission):
        raise ReadPermissionDenied(actor=request.user, permission=permission)
    return True
