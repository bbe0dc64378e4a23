"""Refusals of uploads. The codes are those of all uploads, whatever they are for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Invalid, Refusal


class UploadTooLarge(Refusal):
    status = 413
    message = _("The upload has more than {limit:,} bytes, which is the limit.")


class UploadIsEmpty(Invalid):
    message = _("The file {name} is empty.")


class UploadMissing(Invalid):
    message = _("There is no file in the request: send one in the field {field} of a multipart form.")


class UploadNameNotAllowed(Invalid):
    message = _("{name!r} cannot be the name of a file here: {reason}.")


class UploadTypeNotAllowed(Invalid):
    message = _("Files of the type {extension} are not accepted. Accepted types: {accepted}.")


class UploadTypeMismatch(Invalid):
    message = _("The content of {name} is not of the type {extension}.")


class UploadIsMixed(Invalid):
    message = _("{name} contains data of another type ({part}), so it is refused.")


class UploadIsActive(Invalid):
    message = _("{name} contains a program, a script or a page ({part}), so it is refused.")


class UploadDocumentNotAllowed(Invalid):
    message = _("The document {name} is refused: {reason}.")
