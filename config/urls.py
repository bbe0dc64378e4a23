"""Parts of both URLconfs: health check, API documentation, error handlers."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.kernel import problems
from apps.kernel.files import local
from apps.modules.health import healthz

ANYWHERE = [
    path("healthz", healthz, name="healthz"),
    path("files/<str:token>", local.send, name="file"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
]
handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.server_error
