"""The links of an error page: back, to the dashboard, and to sign in. They need no query: the database may be what
failed, and the transaction of the request has ended."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

WayOut = tuple[str, str | Promise]
REPEATABLE = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)


def ways_out(request: HttpRequest, status: int) -> Iterator[WayOut]:
    """Addresses with titles. Without those of a console where the request belongs to none, as for an unknown tenant."""
    if hasattr(request, "session"):
        yield from _back(request, status)
        yield from _of_console(request, status)
    else:
        yield from list(_back(request, status)) or [(request.get_full_path(), _("Try again"))]


def _of_console(request: HttpRequest, status: int) -> Iterator[WayOut]:
    dashboard = resolve_url(settings.LOGIN_REDIRECT_URL)
    if request.path != dashboard:
        yield dashboard, _("To the dashboard")
    if status < HTTPStatus.INTERNAL_SERVER_ERROR and SESSION_KEY not in request.session:
        after = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
        yield f"{resolve_url(settings.LOGIN_URL)}{after}", _("Sign in")


def _back(request: HttpRequest, status: int) -> Iterator[WayOut]:
    if request.method != "GET":
        if page := _page_of_form(request):
            yield page, _("Back")
    elif status == HTTPStatus.BAD_REQUEST and request.META.get("QUERY_STRING"):  # which may not be readable
        yield request.path, _("Without filters")
    elif status in REPEATABLE or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield request.get_full_path(), _("Try again")


def _page_of_form(request: HttpRequest) -> str:
    """The page with the form that was sent; empty if it belongs to another site."""
    referrer = request.headers.get("Referer", "")
    is_same_site = url_has_allowed_host_and_scheme(
        referrer, {request.get_host()}, require_https=request.is_secure()
    )
    return urlsplit(referrer)._replace(scheme="", netloc="").geturl() if is_same_site else ""
