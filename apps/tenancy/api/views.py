from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.tenancy.commands import RenameTenant, SetMode
from apps.tenancy.models import Tenant

from .serializers import TenantSerializer


class TenantFilter(Filters):
    class Meta:
        model = Tenant
        fields = ("slug", "state", "mode", "database")


class TenantList(ListEndpoint):
    """The tenants of this platform, newest first."""

    permission = "tenancy.view_tenant"
    queryset = Tenant.objects.select_related("activity")
    serializer_class = TenantSerializer
    filterset_class = TenantFilter


class TenantDetail(DetailEndpoint):
    """A tenant."""

    permission = "tenancy.view_tenant"
    queryset = Tenant.objects.select_related("activity")
    serializer_class = TenantSerializer
    lookup_url_kwarg = "tenant_id"


class TenantMode(CommandEndpoint):
    command, result, status = SetMode, TenantSerializer, 200
    server_fields = ("tenant_id",)


class TenantRenaming(CommandEndpoint):
    command, result, status = RenameTenant, TenantSerializer, 200
    server_fields = ("tenant_id",)
