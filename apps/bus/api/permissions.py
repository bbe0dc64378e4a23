"""Default deny. A read needs the permission its view names; a write is judged by the bus."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.bus.errors import ReadPermissionDenied

SIGNED_IN = "signed in"
"""The `permission` of what everybody who is logged in may read."""


class MayRead(BasePermission):
    """A view that names no permission is read by nobody, and one without a command is written by nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        if request.method == "OPTIONS" or request.method not in view.allowed_methods:
            return True  # nothing to guard: the answer is 405
        if request.method == "POST":
            return hasattr(view, "command")
        if request.method not in ("GET", "HEAD"):
            return False
        return _may(request, getattr(view, "permission", None))


def _may(request: Request, permission: str | None) -> bool:
    """Raises MayNotRead, which says what is missing."""
    if permission is None:
        return False
    if permission != SIGNED_IN and not request.user.has_perm(permission):
        raise ReadPermissionDenied(actor=request.user, permission=permission)
    return True
