from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.bus.api.fields import Instant, WholeNumber
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


class OwnerInvitationSerializer(serializers.Serializer[Any]):
    """The state of the invitation. Its link is in the e-mail to the owner only."""

    email = serializers.EmailField()
    state = serializers.CharField()
    sent_at = Instant(allow_null=True)
    expires_at = Instant()


class OnboardedSerializer(TenantSagaSerializer):
    """A tenant with the state of its owner's invitation."""

    owner_invitation = serializers.SerializerMethodField()

    class Meta(TenantSagaSerializer.Meta):
        fields: tuple[str, ...] = (*TenantSagaSerializer.Meta.fields, "owner_invitation")

    @extend_schema_field(OwnerInvitationSerializer(allow_null=True))
    def get_owner_invitation(self, tenant: Any) -> dict[str, Any] | None:
        invitation = queries.owner_invitation(tenant)
        return dict(OwnerInvitationSerializer(invitation).data) if invitation else None


class TenantFootprintSerializer(serializers.Serializer[Any]):
    """The data of a tenant, in figures."""

    tables = WholeNumber()
    rows = WholeNumber()
    bytes = WholeNumber()
    files = WholeNumber()
    file_bytes = WholeNumber()
