"""The platform's addresses: the operator's console and API."""

from django.urls import include, path

from apps.console.sites import operator_site
from apps.impersonation import api as support
from apps.modules.urls import mounted
from apps.monitoring.scrape import metrics

from .urls import ANYWHERE, handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *ANYWHERE,
    path("api/v1/identity/", include(support.PLATFORM)),
    path("metrics", metrics, name="metrics"),
    *mounted(
        "tenancy",
        "billing",
        "operations",
        "audit",
        "approvals",
        "identity",
        "notices",
        "schedules",
        "flags",
        "jobs",
        "service-accounts",
        "monitoring",
    ),
    path("accounts/", include("apps.identity.accounts.urls")),
    path("", operator_site.urls),
]
