"""Stand-in until the console lands."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from apps.kernel.tenant import current_tenant
from apps.modules.urls import mounted


def ix(r):
    return HttpResponse(str(current_tenant())) if r.user.is_authenticated else redirect("account_login")


admin = ([path("", ix, name="index")], "admin")
NAMES = ("periods", "ledger", "audit", "companies", "identity")
urlpatterns = [
    *mounted(*NAMES),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("accounts/", include("allauth.account.urls")),
    path("", include(admin)),
]
handler404 = "apps.kernel.problems.not_found"
handler403 = "apps.kernel.problems.forbidden"
handler400 = "apps.kernel.problems.bad_request"
handler500 = "apps.kernel.problems.server_error"
