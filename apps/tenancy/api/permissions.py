"""The first permission of every API request: the tenant admits the user."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.tenancy import lifecycle


class TenantIsOpen(BasePermission):
    """Raises the tenant's refusal if only administrators are admitted and the user is not one."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user.is_authenticated:
            lifecycle.must_admit(request.user)
        return True
