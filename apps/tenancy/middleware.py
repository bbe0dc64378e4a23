"""Resolves the tenant of a request by host (`acme.example.com`) or path (`/t/acme/`)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from contextvars import Context, copy_context
from typing import cast

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, StreamingHttpResponse
from django.urls import get_script_prefix, set_script_prefix

from apps.kernel.availability import current_availability
from apps.kernel.problems.responses import UNDER_API, problem_response
from apps.kernel.tenant import TenantInfo, activate, current_tenant

from . import directory, rules
from .admission import ALWAYS_ADMITTED, refusal_response
from .backend.contexts import PLATFORM_TENANT, PlatformTenant
from .errors import TenantUnknown
from .renaming import BY_PATH, host_name, redirect_to_present_name

MAX_NAME_LENGTH = 40
GetResponse = Callable[[HttpRequest], HttpResponse]


class TenantRequest(HttpRequest):
    """`tenant_prefix` is `/t/acme` for a request by path, and empty for one by host. `tenant` is what `get_tenant()` of
    django-tenants returns."""

    tenant_prefix: str
    tenant: TenantInfo | PlatformTenant


class TenantMiddleware:
    """Activates the tenant for the request and picks the URLconf of its console, or the operator's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: TenantRequest) -> HttpResponse:
        request.tenant_prefix = ""
        path = request.path_info
        try:
            with activate(None):
                tenant = self._tenant_of(request)
        except TenantUnknown as refusal:
            return redirect_to_present_name(request) or problem_response(request, refusal)
        if tenant and _is_page_of_other_form(request, path, tenant):
            return HttpResponsePermanentRedirect(request.get_full_path(), preserve_request=True)
        if tenant is None:
            request.urlconf = settings.OPERATOR_URLCONF
        request.tenant = tenant or PLATFORM_TENANT
        prefix = get_script_prefix()
        set_script_prefix(f"{request.META.get('SCRIPT_NAME', '')}/")
        try:
            with activate(tenant):
                return _stream_as_tenant(self._respond(request, tenant))
        finally:
            set_script_prefix(prefix)

    def _respond(self, request: HttpRequest, tenant: TenantInfo | None) -> HttpResponse:
        """A tenant without any available part is refused without a session or a query."""
        availability = current_availability()
        if (
            tenant
            and availability.refusal
            and not availability.is_open
            and request.path_info not in ALWAYS_ADMITTED
        ):
            return refusal_response(request, tenant, availability.refusal(name=tenant))
        return self.get_response(request)

    def _tenant_of(self, request: TenantRequest) -> TenantInfo | None:
        host = host_name(request)
        if host not in settings.OPERATOR_HOSTS:
            return directory.existing(directory.by_host(host), host)
        by_path = BY_PATH.match(request.path_info)
        return self._by_path(request, by_path["slug"] or "", by_path["rest"] or "/") if by_path else None

    def _by_path(self, request: TenantRequest, name: str, rest: str) -> TenantInfo:
        slug = name.lower()
        known = directory.by_slug(slug) if settings.TENANT_BY_PATH and rules.SLUG.match(slug) else None
        tenant = directory.existing(known, name[:MAX_NAME_LENGTH])
        prefix = request.META.get("SCRIPT_NAME", "") + f"/t/{slug}"
        request.META["SCRIPT_NAME"] = prefix
        request.path_info = request.META["PATH_INFO"] = rest
        request.path = prefix + rest
        request.tenant_prefix = prefix
        return tenant


def _is_page_of_other_form(request: TenantRequest, path: str, tenant: TenantInfo) -> bool:
    """Whether the path names the tenant otherwise than in lower case, as the path of the session's cookie does. The API
    and forms are served under any form."""
    is_plain = not request.tenant_prefix or path.startswith(f"/t/{tenant.slug}")
    return not is_plain and request.method in ("GET", "HEAD") and not UNDER_API.match(path)


def _stream_as_tenant(response: HttpResponse) -> HttpResponse:
    """A streamed response is generated after the middleware has returned, but must run as the request's tenant."""
    if isinstance(response, StreamingHttpResponse) and not response.is_async:
        content = cast(Iterable[bytes], response.streaming_content)
        reads_database = getattr(response, "reads_database", True)
        chunks = _in_one_transaction(content) if reads_database else (chunk for chunk in content)
        response.streaming_content = _in_context(copy_context(), chunks)
    return response


def _in_context(context: Context, chunks: Generator[bytes, None, None]) -> Iterator[bytes]:
    try:
        while (chunk := context.run(next, chunks, None)) is not None:
            yield chunk
    finally:
        context.run(chunks.close)


def _in_one_transaction(chunks: Iterable[bytes]) -> Generator[bytes, None, None]:
    """In a transaction, if requests are transactions: that of the request has ended."""
    with ExitStack() as stack:
        if connections.settings[DEFAULT_DB_ALIAS]["ATOMIC_REQUESTS"]:
            stack.enter_context(transaction.atomic())
        yield from chunks


class ConsoleSessionMiddleware(SessionMiddleware):
    """Cookies of session and CSRF token for each console, so that consoles on one origin do not end each other's
    sessions or invalidate each other's forms."""

    def process_request(self, request: HttpRequest) -> None:
        own = {name: request.COOKIES.get(_cookie_name(name)) for name in _names()}
        others = {name: value for name, value in request.COOKIES.items() if name not in own}
        request.COOKIES = others | {name: value for name, value in own.items() if value is not None}
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        for name in _names():
            own = _cookie_name(name)
            if name in response.cookies and own != name:
                morsel = response.cookies.pop(name)
                response.cookies[own] = morsel.value
                response.cookies[own].update({k: v for k, v in morsel.items() if v})
                response.cookies[own]["path"] = cast(TenantRequest, request).tenant_prefix + "/"
        return response


def _names() -> tuple[str, str]:
    return settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME


def _cookie_name(name: str) -> str:
    tenant = current_tenant()
    return f"{name}_{tenant.id}" if tenant else name
