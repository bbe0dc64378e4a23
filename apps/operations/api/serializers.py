from rest_framework import serializers

from apps.bus.api.serializers import Shown
from apps.operations import queries
from apps.tenancy.models import Tenant


class OnboardedSerializer(Shown):
    """A new tenant, with the link by which its owner chooses a password."""

    invitation = serializers.SerializerMethodField()

    class Meta:
        model = Tenant
        fields = ("id", "slug", "name", "owner_email", "state", "created_at", "invitation")

    def get_invitation(self, tenant: Tenant) -> str:
        return queries.owner_invitation(tenant)
