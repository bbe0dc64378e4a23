from django.utils.translation import gettext
from rest_framework import serializers

from apps.bus.api.serializers import ReadSerializer
from apps.service_accounts.models import ServiceAccount, ServiceToken


class ServiceTokenSerializer(ReadSerializer):
    """The validity of a token, without the token."""

    valid = serializers.BooleanField(source="is_valid")

    class Meta:
        model = ServiceToken
        fields = ("id", "issued_at", "expires_at", "last_used_at", "valid")


class ServiceAccountSerializer(ReadSerializer):
    tokens = ServiceTokenSerializer(many=True)

    class Meta:
        model = ServiceAccount
        fields: tuple[str, ...] = (
            "id",
            "name",
            "purpose",
            "owner",
            "scopes",
            "created_at",
            "revoked_at",
            "revoked_reason",
            "tokens",
        )


class ServiceAccountWithTokenSerializer(ServiceAccountSerializer):
    """A service account with its new token, which is returned once: the response to a repeated request with the same
    Idempotency-Key is without it. A lost token cannot be read again; rotate it."""

    new_token = serializers.CharField()
    notice = serializers.SerializerMethodField()

    class Meta(ServiceAccountSerializer.Meta):
        fields = (*ServiceAccountSerializer.Meta.fields, "new_token", "notice")

    def get_notice(self, account: ServiceAccount) -> str:
        return gettext("The token is shown once, in the first response. If it was not stored, rotate it.")
