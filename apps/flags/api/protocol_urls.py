"""The addresses of protocols, outside of /api/v1: clients join them to a base address, such as that of a tenant."""

from django.urls import include, path, re_path

from apps.modules.urls import not_found

urlpatterns = [
    path("ofrep/v1/evaluate/", include(("apps.flags.api.ofrep.urls", "flags"), namespace="flags-ofrep")),
    re_path("^ofrep/", not_found),
    path("api/client/", include(("apps.flags.api.unleash.urls", "flags"), namespace="flags-unleash")),
]
