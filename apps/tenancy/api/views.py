from apps.bus.api.filters import Filters
from apps.bus.api.views import Lists, Shows
from apps.tenancy.models import Tenant

from .serializers import TenantSerializer


class TenantFilter(Filters):
    class Meta:
        model = Tenant
        fields = ("slug", "state")


class Tenants(Lists):
    """The tenants of this platform, newest first."""

    permission = "tenancy.view_tenant"
    queryset = Tenant.objects.select_related("activity")
    serializer_class = TenantSerializer
    filterset_class = TenantFilter


class OneTenant(Shows):
    """A tenant."""

    permission = "tenancy.view_tenant"
    queryset = Tenant.objects.select_related("activity")
    serializer_class = TenantSerializer
    lookup_url_kwarg = "tenant_id"
