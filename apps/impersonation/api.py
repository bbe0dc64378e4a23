"""Support access over the API: the platform opens, ends and lists sessions, a tenant lists its own."""

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.bus.api.filters import Filters
from apps.bus.api.serializers import ReadSerializer
from apps.bus.api.views import CommandEndpoint, ListEndpoint
from apps.tenancy import directory

from .commands import EndImpersonation, EnterAsSupport
from .models import Impersonation, SupportSession
from .views import link


class ImpersonationSerializer(ReadSerializer):
    """An operator's access to a tenant, or the ticket for it."""

    class Meta:
        model = Impersonation
        fields: tuple[str, ...] = (
            "id",
            "operator_id",
            "operator_name",
            "tenant_id",
            "tenant_name",
            "user_id",
            "user_name",
            "reason",
            "requested_at",
            "ticket_expires_at",
            "entered_at",
            "ends_at",
            "ended_at",
            "end_reason",
            "actions",
        )


class TicketSerializer(ImpersonationSerializer):
    """With the one-time link, valid for a minute. Only the first response contains it: a request that is repeated under
    its Idempotency-Key gets a response without it."""

    link = serializers.CharField(default="")

    class Meta(ImpersonationSerializer.Meta):
        fields = (*ImpersonationSerializer.Meta.fields, "link")


class SupportSessionSerializer(ReadSerializer):
    """An operator's access to this tenant."""

    class Meta:
        model = SupportSession
        fields = (
            "id",
            "number",
            "operator",
            "user_id",
            "user_name",
            "reason",
            "entered_at",
            "ends_at",
            "ended_at",
            "end_reason",
            "actions",
        )


class ImpersonationFilter(Filters):
    class Meta:
        model = Impersonation
        fields = ("operator_id", "tenant_id", "user_id", "end_reason")


class Impersonations(ListEndpoint, CommandEndpoint):
    """The impersonations of all tenants: operator, user, tenant and reason."""

    permission = "impersonation.view_impersonation"
    queryset = Impersonation.objects.all()
    serializer_class = ImpersonationSerializer
    filterset_class = ImpersonationFilter
    command, result = EnterAsSupport, TicketSerializer
    ticket_link = ""

    def post(self, request: Request, **server_fields: Any) -> Response:
        response = super().post(request, **server_fields)
        if self.ticket_link:
            response.data["link"] = self.ticket_link
        return response

    def render(self, result: Impersonation) -> Any:
        """The response stored under the Idempotency-Key has no ticket."""
        tenant = directory.by_id(result.tenant_id)
        self.ticket_link = link(result.new_ticket, tenant) if tenant and result.new_ticket else ""
        return super().render(result)


class EndOneImpersonation(CommandEndpoint):
    command, result, status = EndImpersonation, ImpersonationSerializer, 200
    server_fields = ("impersonation_id",)


class SupportSessions(ListEndpoint):
    """The support sessions in this tenant: operator, user and reason."""

    permission = "impersonation.view_supportsession"
    queryset = SupportSession.objects.all()
    serializer_class = SupportSessionSerializer


PLATFORM = [
    path("impersonations/", Impersonations.as_view()),
    path("impersonations/<int:impersonation_id>/end/", EndOneImpersonation.as_view()),
]
TENANT = [path("support-sessions/", SupportSessions.as_view())]
"""Each plane mounts its own list, beside the endpoints that identity has on both."""
