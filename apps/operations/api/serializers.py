from typing import Any

from rest_framework import serializers

from apps.operations import queries
from apps.sagas.api.serializers import RunSerializer
from apps.tenancy.api.serializers import TenantSerializer


class TenantSagaSerializer(TenantSerializer):
    """A tenant with its latest saga run. `GET /api/v1/sagas/runs/{id}/` returns the run with its log."""

    saga_run = serializers.SerializerMethodField()

    class Meta(TenantSerializer.Meta):
        fields: tuple[str, ...] = (
            "id",
            "slug",
            "name",
            "owner_email",
            "state",
            "state_reason",
            "trial_ends_on",
            "delete_after",
            "created_at",
            "saga_run",
        )

    def get_saga_run(self, tenant: Any) -> dict[str, Any] | None:
        last = queries.saga_runs_of(tenant.slug).first()
        return dict(RunSerializer(last).data) if last else None


class OnboardedSerializer(TenantSagaSerializer):
    """A new tenant, with the one-time link by which its owner chooses a password."""

    invitation = serializers.SerializerMethodField()

    class Meta(TenantSagaSerializer.Meta):
        fields: tuple[str, ...] = (*TenantSagaSerializer.Meta.fields, "invitation")

    def get_invitation(self, tenant: Any) -> str:
        return queries.owner_invitation(tenant)


class TenantFootprintSerializer(serializers.Serializer[Any]):
    """The data of a tenant, in figures."""

    tables = serializers.IntegerField()
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    files = serializers.IntegerField()
    file_bytes = serializers.IntegerField()
