from typing import Any

from apps.bus.api.views import CommandEndpoint, QueryEndpoint
from apps.operations import queries
from apps.operations.commands import (
    ActivateTenant,
    ArchiveTenant,
    CancelErasure,
    EraseTenant,
    MoveTenant,
    OnboardTenant,
    ResendOwnerInvitation,
    SuspendTenant,
)
from apps.sagas.api.serializers import RunSerializer
from apps.tenancy import queries as tenants
from apps.tenancy.erasure.footprint import TenantFootprint, tenant_footprint

from .serializers import OnboardedSerializer, TenantFootprintSerializer, TenantSagaSerializer


class Onboardings(CommandEndpoint):
    command, result = OnboardTenant, OnboardedSerializer


class ResendInvitationOfOwner(CommandEndpoint):
    command, result, status = ResendOwnerInvitation, OnboardedSerializer, 200
    server_fields = ("tenant_id",)


class Suspend(CommandEndpoint):
    command, result, status = SuspendTenant, TenantSagaSerializer, 200
    server_fields = ("tenant_id",)


class Activate(CommandEndpoint):
    command, result, status = ActivateTenant, TenantSagaSerializer, 200
    server_fields = ("tenant_id",)


class Archive(CommandEndpoint):
    command, result, status = ArchiveTenant, TenantSagaSerializer, 200
    server_fields = ("tenant_id",)


class Move(CommandEndpoint):
    command, result, status = MoveTenant, TenantSagaSerializer, 200
    server_fields = ("tenant_id",)


class Erase(CommandEndpoint):
    command, result, status = EraseTenant, TenantSagaSerializer, 202
    server_fields = ("tenant_id",)


class CancelErasing(CommandEndpoint):
    command, result, status = CancelErasure, TenantSagaSerializer, 200
    server_fields = ("tenant_id",)


class TenantSagas(QueryEndpoint):
    """The latest saga runs of a tenant with their progress, newest first."""

    permission = "sagas.view_run"
    serializer_class = RunSerializer
    many = True

    def run_query(self, query: Any, **server_fields: Any) -> Any:
        return queries.saga_runs_of(tenants.tenant_with_id(server_fields["tenant_id"]).slug)[:50]


class Footprint(QueryEndpoint):
    """The data that an erasure of the tenant would delete."""

    permission = "tenancy.erase_tenant"
    serializer_class = TenantFootprintSerializer

    def run_query(self, query: Any, **server_fields: Any) -> TenantFootprint:
        return tenant_footprint(tenants.tenant_with_id(server_fields["tenant_id"]).info)
