from apps.bus.api.secrets import SecretOnceEndpoint
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.service_accounts.commands import (
    CreateServiceAccount,
    RevokeServiceAccount,
    RotateServiceAccountToken,
)
from apps.service_accounts.models import ServiceAccount
from apps.service_accounts.module import VIEW

from .serializers import ServiceAccountSerializer, ServiceAccountWithTokenSerializer

ACCOUNTS = ServiceAccount.objects.prefetch_related("tokens__account")
OF_ONE = ("service_account_id",)


class ServiceAccounts(ListEndpoint, SecretOnceEndpoint):
    """The service accounts of the current plane, revoked ones included."""

    permission, queryset, serializer_class = VIEW, ACCOUNTS, ServiceAccountSerializer
    command, result, secret_field = CreateServiceAccount, ServiceAccountWithTokenSerializer, "new_token"


class OneServiceAccount(DetailEndpoint):
    """A service account with the validity and the use of its tokens."""

    permission, queryset, serializer_class = VIEW, ACCOUNTS, ServiceAccountSerializer
    lookup_url_kwarg = "service_account_id"


class RotateToken(SecretOnceEndpoint):
    command, result, secret_field = (
        RotateServiceAccountToken,
        ServiceAccountWithTokenSerializer,
        "new_token",
    )
    server_fields = OF_ONE


class RevokeOne(CommandEndpoint):
    command, result, status, server_fields = RevokeServiceAccount, ServiceAccountSerializer, 200, OF_ONE
