"""Refusals of requests that are malformed, whatever they ask for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import BadRequest, Refusal


class RequestMalformed(BadRequest, code="request.malformed"):
    message = _("The request is malformed: {part} {fault}.")


class BodyIncomplete(BadRequest, code="request.body_incomplete"):
    message = _("The body of the request has {received} of {announced} bytes, so nothing was done.")


class BodyLengthMissing(Refusal, code="request.body_length_missing"):
    status = 411
    message = _("The request has a body without Content-Length.")


class FormTooLarge(Refusal, code="request.form_too_large"):
    status = 413
    message = _("The form is larger than this server reads. Nothing was changed.")
