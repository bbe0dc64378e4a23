"""The first thing that is asked of whoever calls: is the tenant open to him?"""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.tenancy import lifecycle


class IsLetIn(BasePermission):
    """Raises what the tenant answers to those who are not in charge, while it is closed to them."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user.is_authenticated:
            lifecycle.must_let_in(request.user)
        return True
