"""Refusals of the consoles."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import BadRequest, Conflict, NotFound


class FilterUnknown(BadRequest):
    message = _("This list cannot be filtered by {name}.")


class FilterMalformed(BadRequest):
    message = _("A filter of this list has a value that it cannot have.")


class FilterRepeated(BadRequest):
    message = _("The export takes {name} once: filter the list by one value of it.")


class RowUnknown(BadRequest):
    message = _("{row!r} is not the number of a row.")


class RowGone(NotFound):
    message = _("This row is no longer there.")


class RowChanged(Conflict):
    message = _("This row was changed since the preview. Nothing was done for it: preview it again.")


class TooManyRows(BadRequest):
    message = _("The list has {count} rows, and a file at most {limit}: filter the list more.")


class TooManyChosen(BadRequest):
    message = _("At most {limit} rows can be handled together: choose fewer, or filter the list more.")


class PageUnknown(BadRequest):
    message = _("{page!r} is not the number of a page.")
