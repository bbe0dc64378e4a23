"""The endpoint for sources, which authenticate by signature instead of a session."""

from __future__ import annotations

from collections.abc import Mapping

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.kernel.errors import Refusal
from apps.kernel.problems.responses import problem_response
from apps.webhooks import queries, receiving, rules
from apps.webhooks.errors import MessageTooLarge, OnlyPosted, SourceNotFound

MAX_BODY_BYTES = 262_144


@csrf_exempt
def receive(request: HttpRequest, name: str) -> HttpResponse:
    """202 for a new message, 200 for a repeated one: either way the source must not send it again."""
    try:
        return _received(request, name)
    except Refusal as refusal:
        return problem_response(request, refusal)


def _received(request: HttpRequest, name: str) -> HttpResponse:
    source = queries.source_named(name)
    if source is None:
        raise SourceNotFound(source=name)
    if request.method != "POST":
        raise OnlyPosted
    rules.must_not_be_too_many(source, get_adapter().get_client_ip(request))
    is_new = receiving.store(source, _headers(request), _body(request))
    return JsonResponse({"received": True, "duplicate": not is_new}, status=202 if is_new else 200)


def _body(request: HttpRequest) -> bytes:
    """The raw bytes, read up to the limit."""
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise MessageTooLarge(limit=MAX_BODY_BYTES)
    return body


def _headers(request: HttpRequest) -> Mapping[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
