from apps.bus.api.serializers import ReadSerializer
from apps.tenancy.models import Tenant, TenantActivity


class ActivitySerializer(ReadSerializer):
    class Meta:
        model = TenantActivity
        fields = ("entries_posted", "periods_closed", "last_active_at")


class TenantSerializer(ReadSerializer):
    activity = ActivitySerializer(read_only=True)

    class Meta:
        model = Tenant
        fields: tuple[str, ...] = (
            "id",
            "slug",
            "name",
            "owner_email",
            "state",
            "state_since",
            "state_reason",
            "mode",
            "trial_ends_on",
            "delete_after",
            "database",
            "region",
            "created_at",
            "activity",
        )
