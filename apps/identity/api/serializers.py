from typing import Any

from django.middleware.csrf import get_token
from rest_framework import serializers

from apps.bus.api.serializers import Shown
from apps.identity.models import User
from apps.kernel.tenant import current_tenant


class MeSerializer(Shown):
    """Who is logged in here, and what he may do. `csrf_token` is for the header X-CSRFToken of every POST."""

    tenant = serializers.SerializerMethodField(help_text="Null on the operator's plane.")
    roles = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()
    csrf_token = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "email", "name", "tenant", "roles", "permissions", "csrf_token")

    def get_tenant(self, user: User) -> str | None:
        tenant = current_tenant()
        return tenant.slug if tenant else None

    def get_roles(self, user: User) -> list[str]:
        return sorted(user.groups.values_list("name", flat=True))

    def get_permissions(self, user: User) -> list[str]:
        return sorted(user.get_all_permissions())

    def get_csrf_token(self, user: User) -> str:
        request: Any = self.context["request"]
        return get_token(request._request)
