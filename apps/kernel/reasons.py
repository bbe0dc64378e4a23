"""Reasons of commands, which the audit log records."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .errors import Invalid
from .text import is_visible, several_lines


class ReasonRequired(Invalid):
    """An app derives its own refusal, so that the code names the app."""

    message = _("Enter a reason: it is recorded in the audit log.")


def reason_must_be_given(reason: str, refusal: type[ReasonRequired]) -> str:
    """The reason in its normal form. Raises the refusal for a reason in which nothing can be read."""
    normal = several_lines(reason, field="reason")
    if not is_visible(normal):
        raise refusal
    return normal
