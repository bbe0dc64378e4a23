"""Refusals of the consoles."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import BadRequest


class FilterUnknown(BadRequest):
    message = _("This list cannot be filtered by {name}.")


class FilterMalformed(BadRequest):
    message = _("A filter of this list has a value that it cannot have.")


class PageUnknown(BadRequest):
    message = _("{page!r} is not the number of a page.")
