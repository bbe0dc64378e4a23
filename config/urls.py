"""Parts of both URLconfs: health check, API documentation, error handlers."""

from django.urls import path

from apps.bus.api.documentation import DocumentationView, SchemaView
from apps.kernel.files import local
from apps.kernel.problems import responses
from apps.modules.health import healthz

ANYWHERE = [
    path("healthz", healthz, name="healthz"),
    path("files/<str:token>", local.send, name="file"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", DocumentationView.as_view(), name="docs"),
]
handler400 = responses.bad_request
handler403 = responses.forbidden
handler404 = responses.not_found
handler500 = responses.server_error
