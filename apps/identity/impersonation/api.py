"""Visits over the API: the platform starts, ends and lists them, a tenant lists its own."""

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
    """An operator's visit to a tenant, or the ticket to it."""

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
            "asked_at",
            "ticket_until",
            "entered_at",
            "ends_at",
            "ended_at",
            "end_reason",
            "actions",
        )


class TicketSerializer(ImpersonationSerializer):
    """With the link that opens the door once, within a minute. It is shown to whoever asked, and never again: a
    request that is repeated under its Idempotency-Key is answered without it."""

    link = serializers.CharField(default="")

    class Meta(ImpersonationSerializer.Meta):
        fields = (*ImpersonationSerializer.Meta.fields, "link")


class SupportSessionSerializer(ReadSerializer):
    """Support was here."""

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
    """Which operator was which user of which tenant, and why."""

    permission = "identity.view_impersonation"
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

    def shown(self, result: Impersonation) -> Any:
        """What is remembered under the Idempotency-Key has no ticket in it."""
        tenant = directory.by_id(result.tenant_id)
        self.ticket_link = link(result.new_ticket, tenant) if tenant and result.new_ticket else ""
        return super().shown(result)


class EndOneImpersonation(CommandEndpoint):
    command, result, status = EndImpersonation, ImpersonationSerializer, 200
    server_fields = ("impersonation_id",)


class SupportSessions(ListEndpoint):
    """Who of the platform's support was here, as whom, and why."""

    permission = "identity.view_supportsession"
    queryset = SupportSession.objects.all()
    serializer_class = SupportSessionSerializer


PLATFORM = [
    path("impersonations/", Impersonations.as_view()),
    path("impersonations/<int:impersonation_id>/end/", EndOneImpersonation.as_view()),
]
TENANT = [path("support-sessions/", SupportSessions.as_view())]
"""Of each plane alone, so the wiring mounts them beside what identity answers on both."""
