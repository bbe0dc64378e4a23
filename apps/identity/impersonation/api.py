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
from .models import Impersonation, Visit
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
            "how",
            "actions",
        )


class TicketSerializer(ImpersonationSerializer):
    """With the link that opens the door once, within a minute. It is shown to whoever asked, and never again: a
    request that is repeated under its Idempotency-Key is answered without it."""

    link = serializers.CharField(default="")

    class Meta(ImpersonationSerializer.Meta):
        fields = (*ImpersonationSerializer.Meta.fields, "link")


class VisitSerializer(ReadSerializer):
    """Support was here."""

    class Meta:
        model = Visit
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
            "how",
            "actions",
        )


class ImpersonationFilter(Filters):
    class Meta:
        model = Impersonation
        fields = ("operator_id", "tenant_id", "user_id", "how")


class Impersonations(ListEndpoint, CommandEndpoint):
    """Which operator was which user of which tenant, and why."""

    permission = "identity.view_impersonation"
    queryset = Impersonation.objects.all()
    serializer_class = ImpersonationSerializer
    filterset_class = ImpersonationFilter
    command, result = EnterAsSupport, TicketSerializer
    made = ""

    def post(self, request: Request, **server_fields: Any) -> Response:
        response = super().post(request, **server_fields)
        if self.made:
            response.data["link"] = self.made
        return response

    def shown(self, result: Impersonation) -> Any:
        """What is remembered under the Idempotency-Key has no ticket in it."""
        tenant = directory.by_id(result.tenant_id)
        self.made = link(result.new_ticket, tenant) if tenant and result.new_ticket else ""
        return super().shown(result)


class EndOne(CommandEndpoint):
    command, result, status = EndImpersonation, ImpersonationSerializer, 200
    server_fields = ("impersonation_id",)


class Visits(ListEndpoint):
    """Who of the platform's support was here, as whom, and why."""

    permission = "identity.view_visit"
    queryset = Visit.objects.all()
    serializer_class = VisitSerializer


PLATFORM = [
    path("impersonations/", Impersonations.as_view()),
    path("impersonations/<int:impersonation_id>/end/", EndOne.as_view()),
]
TENANT = [path("support-visits/", Visits.as_view())]
"""Of each plane alone, so the wiring mounts them beside what identity answers on both."""
