from typing import Any

from rest_framework import serializers

from apps.bus.api.serializers import ReadSerializer
from apps.operations import queries
from apps.sagas.api.serializers import RunSerializer
from apps.tenancy.models import Tenant


class TravellerSerializer(ReadSerializer):
    """A tenant, and how far its last journey is. `GET /api/v1/sagas/runs/{id}/` tells the journey's whole story."""

    journey = serializers.SerializerMethodField()

    class Meta:
        model = Tenant
        fields = (
            "id",
            "slug",
            "name",
            "owner_email",
            "state",
            "state_reason",
            "trial_ends_on",
            "delete_after",
            "created_at",
            "journey",
        )

    def get_journey(self, tenant: Tenant) -> dict[str, Any] | None:
        last = queries.journeys_of(tenant.slug).first()
        return dict(RunSerializer(last).data) if last else None


class OnboardedSerializer(TravellerSerializer):
    """A new tenant, with the link by which its owner chooses a password."""

    invitation = serializers.SerializerMethodField()

    class Meta(TravellerSerializer.Meta):
        fields = (*TravellerSerializer.Meta.fields, "invitation")  # type: ignore[assignment]

    def get_invitation(self, tenant: Tenant) -> str:
        return queries.owner_invitation(tenant)


class BelongingsSerializer(serializers.Serializer[Any]):
    """What a tenant has, and would lose."""

    tables = serializers.IntegerField()
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    files = serializers.IntegerField()
    file_bytes = serializers.IntegerField()
