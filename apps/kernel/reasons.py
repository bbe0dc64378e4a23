"""Reasons of commands, which the audit log records."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .errors import Invalid


class ReasonRequired(Invalid):
    """An app derives its own refusal, so that the code names the app."""

    message = _("Enter a reason: it is recorded in the audit log.")


def reason_must_be_given(reason: str, refusal: type[ReasonRequired]) -> str:
    """The reason without surrounding blanks."""
    if not (stripped := reason.strip()):
        raise refusal
    return stripped
