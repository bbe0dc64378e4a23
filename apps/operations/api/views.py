from typing import Any

from apps.bus.api.views import CommandEndpoint, QueryEndpoint
from apps.operations import queries, rules
from apps.operations.commands import (
    ActivateTenant,
    ArchiveTenant,
    CancelErasure,
    EraseTenant,
    MoveTenant,
    OnboardTenant,
    SuspendTenant,
)
from apps.sagas.api.serializers import RunSerializer
from apps.tenancy.erasure.footprint import TenantFootprint, tenant_footprint

from .serializers import BelongingsSerializer, OnboardedSerializer, TravellerSerializer


class Onboardings(CommandEndpoint):
    command, result = OnboardTenant, OnboardedSerializer


class Suspend(CommandEndpoint):
    command, result, status = SuspendTenant, TravellerSerializer, 200
    server_fields = ("tenant_id",)


class Activate(CommandEndpoint):
    command, result, status = ActivateTenant, TravellerSerializer, 200
    server_fields = ("tenant_id",)


class Archive(CommandEndpoint):
    command, result, status = ArchiveTenant, TravellerSerializer, 200
    server_fields = ("tenant_id",)


class Move(CommandEndpoint):
    command, result, status = MoveTenant, TravellerSerializer, 200
    server_fields = ("tenant_id",)


class Erase(CommandEndpoint):
    command, result, status = EraseTenant, TravellerSerializer, 202
    server_fields = ("tenant_id",)


class CancelErasing(CommandEndpoint):
    command, result, status = CancelErasure, TravellerSerializer, 200
    server_fields = ("tenant_id",)


class Journeys(QueryEndpoint):
    """The last journeys of a tenant and how far each is, newest first."""

    permission = "sagas.view_run"
    serializer_class = RunSerializer
    many = True

    def answer(self, question: Any, **server_fields: Any) -> Any:
        return queries.journeys_of(rules.tenant_must_be_known(server_fields["tenant_id"]).slug)[:50]


class WhatItHas(QueryEndpoint):
    """What would go if the tenant were erased."""

    permission = "tenancy.erase_tenant"
    serializer_class = BelongingsSerializer

    def answer(self, question: Any, **server_fields: Any) -> TenantFootprint:
        return tenant_footprint(rules.tenant_must_be_known(server_fields["tenant_id"]).info)
