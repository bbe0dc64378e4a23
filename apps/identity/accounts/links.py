"""Links in e-mails: host and port come from configuration, never from a request."""

from __future__ import annotations

from django.conf import settings
from django.urls import get_script_prefix, reverse

from apps.kernel.tenant import current_tenant


def console_link(name: str, **arguments: str) -> str:
    """The address of a page of accounts in the current tenant's console, or in the operator's."""
    tenant = current_tenant()
    urlconf = settings.ROOT_URLCONF if tenant else settings.OPERATOR_URLCONF
    path = reverse(name, urlconf=urlconf, kwargs=arguments or None).removeprefix(get_script_prefix())
    console = f"{settings.PUBLIC_URL}/t/{tenant.slug}" if tenant else settings.PUBLIC_URL
    return f"{console}/{path}"
