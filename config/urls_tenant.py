"""A tenant's addresses: its console and API."""

from django.urls import include, path

from apps.console.sites import tenant_site
from apps.impersonation import api as support
from apps.modules.urls import mounted

from .urls import ANYWHERE, handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *ANYWHERE,
    path("api/v1/identity/", include(support.TENANT)),
    path("api/v1/billing/", include("apps.billing.api.tenant_urls")),
    path("", include("apps.flags.api.protocol_urls")),
    path("api/v1/flags/", include("apps.flags.api.tenant_urls")),
    *mounted(
        "attachments",
        "periods",
        "ledger",
        "inventory",
        "payments",
        "sales",
        "audit",
        "approvals",
        "companies",
        "identity",
        "webhooks",
        "notices",
        "schedules",
        "jobs",
        "service-accounts",
    ),
    path("accounts/", include("apps.identity.accounts.urls")),
    path("support/", include("apps.impersonation.urls")),
    path("", tenant_site.urls),
]
