"""What the endpoints of both protocols share: tokens, permissions, rate limits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.bus.api.throttling import Throttled
from apps.bus.api.views import Endpoint
from apps.bus.errors import ReadPermissionDenied
from apps.flags.module import EVALUATE
from apps.tenancy.api.permissions import TenantIsOpen


class MayEvaluate(BasePermission):
    """Every method needs the `permission` of the view: a client evaluates by POST, which changes nothing."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises ReadPermissionDenied, with the missing permission."""
        if not request.user.is_authenticated:
            return False
        if request.method in view.allowed_methods and not request.user.has_perm(view.permission):
            raise ReadPermissionDenied(actor=request.user, permission=view.permission)
        return True


class ProtocolEndpoint(Throttled, Endpoint):
    """Of a protocol whose clients are written elsewhere. Errors get its form by `protocol_errors`."""

    permission: ClassVar[str] = EVALUATE
    permission_classes = (TenantIsOpen, MayEvaluate)
    parameters: ClassVar[Collection[str]] = ()

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [import_string(name)() for name in settings.PROTOCOL_AUTHENTICATION_CLASSES]

    def understood(self, method: str) -> Collection[str]:
        return self.parameters
