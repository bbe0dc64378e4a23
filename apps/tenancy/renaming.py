"""Requests to the former address of a renamed tenant: redirected to the present one, with their method and body."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponsePermanentRedirect

from apps.kernel.tenant import activate

from . import directory, rules
from .tenant_names import host_of

BY_PATH = re.compile(r"\A/[tT](?:/(?P<slug>[^/]*)(?P<rest>/.*)?)?\Z", re.DOTALL)
"""Everything below /t/ belongs to tenants: what names none is refused, and never reaches the operator's console."""


def host_name(request: HttpRequest) -> str:
    return request.get_host().rsplit(":", 1)[0].lower().removesuffix(".")


def redirect_to_present_name(request: HttpRequest) -> HttpResponsePermanentRedirect | None:
    """308; None if no tenant had the name in the address. Browsers do not store it, since the tenant may take its
    former name back."""
    address = _by_path(request) if host_name(request) in settings.OPERATOR_HOSTS else _by_host(request)
    if address is None:
        return None
    response = HttpResponsePermanentRedirect(address, preserve_request=True)
    response["Cache-Control"] = "no-store"
    return response


def _by_path(request: HttpRequest) -> str | None:
    named = BY_PATH.match(request.path_info)
    slug = _present_slug(named["slug"] or "") if named and settings.TENANT_BY_PATH else None
    if named is None or slug is None:
        return None
    script = request.META.get("SCRIPT_NAME", "")
    after = request.get_full_path()[len(f"{script}/t/{named['slug']}") :]
    return f"{script}/t/{slug}{after}"


def _by_host(request: HttpRequest) -> str | None:
    label = host_name(request).removesuffix(f".{settings.BASE_DOMAIN}")
    slug = _present_slug(label)
    if slug is None:
        return None
    _, colon, port = request.get_host().partition(":")
    return f"{request.scheme}://{host_of(slug)}{colon}{port}{request.get_full_path()}"


def _present_slug(name: str) -> str | None:
    name = name.lower()
    if not rules.SLUG.match(name):
        return None
    with activate(None):
        tenant = directory.by_former_slug(name)
    return tenant.slug if tenant else None
