from typing import Any

from django.middleware.csrf import get_token
from rest_framework import serializers

from apps.bus.api.fields import Text, WholeNumber
from apps.bus.api.serializers import ReadSerializer, StrictSerializer
from apps.identity.models import Invitation, User
from apps.kernel.tenant import current_tenant
from apps.kernel.text import storable


class MeSerializer(ReadSerializer):
    """The signed-in user and their permissions. `csrf_token` is for the header X-CSRFToken of every POST."""

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
        return user.role_names

    def get_permissions(self, user: User) -> list[str]:
        return sorted(user.get_all_permissions())

    def get_csrf_token(self, user: User) -> str | None:
        """None for a caller with an access token, which needs no CSRF token and must get no session."""
        request: Any = self.context["request"]
        return None if request.auth else get_token(request._request)


class CredentialsSerializer(StrictSerializer):
    email = Text()
    password = Text(form=storable, write_only=True, style={"input_type": "password"})


class RefreshSerializer(StrictSerializer):
    refresh_token = Text(form=storable, max_length=200)


class PairSerializer(serializers.Serializer[Any]):
    """The tokens of an API client. Both are secrets."""

    token_type = serializers.CharField(help_text="Bearer")
    access_token = serializers.CharField()
    expires_in = WholeNumber(help_text="Lifetime of the access token in seconds.")
    refresh_token = serializers.CharField(help_text="Valid for one use.")
    session_id = WholeNumber()


class PasswordSerializer(StrictSerializer):
    password = Text(form=storable, write_only=True, style={"input_type": "password"})


class FreshTokenSerializer(serializers.Serializer[Any]):
    """The access token after the password was confirmed. Null for a console session, which is fresh itself."""

    access_token = serializers.CharField(allow_null=True)
    expires_in = WholeNumber(allow_null=True, help_text="Lifetime of the access token in seconds.")


class UserSerializer(ReadSerializer):
    """A user, active or deactivated."""

    roles = serializers.ListField(child=serializers.CharField(), source="role_names")

    class Meta:
        model = User
        fields = ("id", "email", "new_email", "name", "is_active", "roles", "last_login")


class InvitationSerializer(ReadSerializer):
    """An invitation and its state. The link is in the e-mail to the invited person only."""

    class Meta:
        model = Invitation
        fields = (
            "id",
            "email",
            "name",
            "role",
            "state",
            "invited_by",
            "invited_at",
            "sent_at",
            "expires_at",
            "ended_at",
            "user",
        )
