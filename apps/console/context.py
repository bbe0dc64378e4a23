"""The name of the console, in the header of every page, before sign-in too."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.tenant import current_tenant

ENVIRONMENTS = {"development": _("development"), "test": _("test"), "staging": _("staging")}


def console(request: HttpRequest) -> dict[str, str]:
    tenant = current_tenant()
    if tenant is None:
        return {"console_name": gettext("Bursar operator console"), "console_kind": "operator"}
    return {"console_name": tenant.name, "console_kind": "tenant"}


def site_header(request: HttpRequest) -> str:
    tenant = current_tenant()
    return tenant.name if tenant else "Bursar"


def site_subheader(request: HttpRequest) -> str:
    return gettext("Back office") if current_tenant() else gettext("Operator console")


def environment(request: HttpRequest) -> list[str]:
    """The plane, and the environment of the installation unless it is production."""
    plane, colour = (gettext("Tenant"), "info") if current_tenant() else (gettext("Platform"), "warning")
    if settings.ENVIRONMENT == "production":
        return [plane, colour]
    return [f"{plane} · {ENVIRONMENTS[settings.ENVIRONMENT]}", colour]
