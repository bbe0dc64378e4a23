"""Refusal of requests with characters that no database and no encoder holds, and of bodies that are incomplete.

Django replaces what is not UTF-8 by a question mark, and passes NUL on to PostgreSQL, which refuses it with an error of
the server. A body shorter than its Content-Length is read as if it was complete: `amount=1200` becomes `amount=12`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Refusal
from apps.kernel.notation import is_whole_number

from .errors import BodyIncomplete, BodyLengthMissing, FormTooLarge, RequestMalformed
from .responses import UNDER_API, bad_request, problem_response

ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
"""Of the parameter `charset`. By another one, Django would decode query and form: `unicode_escape` makes surrogates."""
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
REPLACEMENT_CHARACTER = "\ufffd"
"""Django's parser of multipart forms leaves it where a text was not UTF-8."""
NUL = _("has the character NUL")
NOT_UTF8 = _("is not encoded in UTF-8")


class Fault(NamedTuple):
    """The malformed part of a request, and what is wrong with it."""

    part: Any
    fault: Any


class OddRequestMiddleware:
    """Inside the security middleware, whose headers the refusals have too, and outside all that reads the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for fault in _faults_of_head(request):
            request.encoding = "utf-8"  # the one in Content-Type may be the fault
            return problem_response(request, RequestMalformed(**fault._asdict()))
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            return problem_response(request, BodyLengthMissing())
        _refuse_end_before_length(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponseBase | None:
        """Reads the form. The API has none: its parser refuses odd characters in JSON."""
        if UNDER_API.match(request.path_info) or request.method != "POST":
            return None
        try:
            for fault in _faults_of_form(request):
                return problem_response(request, RequestMalformed(**fault._asdict()))
        except Refusal as refusal:
            return problem_response(request, refusal)
        except RequestDataTooBig:
            return problem_response(request, FormTooLarge())
        except (MultiPartParserError, TooManyFieldsSent, TooManyFilesSent) as error:
            return bad_request(request, error)
        return None


class CompleteBody:
    """The stream of a body. Raises BodyIncomplete where it ends before `length` bytes."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        self._stream, self._length, self._received = stream, length, 0

    def read(self, size: int | None = -1, /) -> bytes:
        left = self._length - self._received
        wanted = left if size is None or size < 0 else min(size, left)
        chunks = []
        while wanted > 0:
            chunks.append(self._counted(self._stream.read(wanted)))
            wanted -= len(chunks[-1])
        return b"".join(chunks)

    def readline(self, size: int | None = -1, /) -> bytes:
        if self._received == self._length or size == 0:
            return b""
        return self._counted(self._stream.readline(-1 if size is None else size))

    def close(self) -> None:
        self._stream.close()

    def _counted(self, chunk: bytes) -> bytes:
        self._received += len(chunk)
        if not chunk:
            raise BodyIncomplete(received=self._received, announced=self._length)
        return chunk


def _refuse_end_before_length(request: HttpRequest) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if is_whole_number(length) and int(length):
        request.__dict__["_stream"] = CompleteBody(request.__dict__["_stream"], int(length))


def _faults_of_head(request: HttpRequest) -> Iterator[Fault]:
    """Of path, query and headers."""
    yield from _faults_of_bytes(_("its path"), request.path_info.encode("utf-8", "surrogatepass"))
    if "%" in request.path_info:  # Django has left bytes that are not UTF-8 encoded
        yield from _faults_of_bytes(_("its path"), unquote_to_bytes(request.path_info))
    query = request.META.get("QUERY_STRING", "")
    yield from _faults_of_urlencoded(_("its query"), _raw(query))
    if query.count("&") >= (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or sys.maxsize):
        yield Fault(_("its query"), _("has too many parameters"))
    for name, value in request.META.items():
        if name.startswith("HTTP_") and (CONTROL_CHARACTER.search(value) or not _is_latin(value)):
            yield Fault(_("a header"), _("has a character that no header has"))
    if request.content_params and request.content_params.get("charset", "utf-8").lower() not in ENCODINGS:
        yield Fault(_("its body"), NOT_UTF8)


def _faults_of_form(request: HttpRequest) -> Iterator[Fault]:
    part = _("its form")
    if request.content_type == URLENCODED:
        yield from _faults_of_urlencoded(part, request.body)
    elif request.content_type == MULTIPART:
        for name, values in request.POST.lists():
            for text in (name, *values):
                yield from _faults_of_bytes(part, text.encode("utf-8", "surrogatepass"))
                if REPLACEMENT_CHARACTER in text:
                    yield Fault(part, NOT_UTF8)


def _faults_of_urlencoded(part: Any, encoded: bytes) -> Iterator[Fault]:
    yield from _faults_of_bytes(part, unquote_to_bytes(encoded))


def _faults_of_bytes(part: Any, text: bytes) -> Iterator[Fault]:
    if b"\0" in text:
        yield Fault(part, NUL)
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        yield Fault(part, NOT_UTF8)


def _raw(text: str) -> bytes:
    """The bytes of a value of the WSGI environment."""
    return (
        text.encode("latin-1", "surrogatepass") if _is_latin(text) else text.encode("utf-8", "surrogatepass")
    )


def _is_latin(text: str) -> bool:
    return not text or max(text) <= "\xff"
