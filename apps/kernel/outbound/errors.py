"""Errors of outgoing requests."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Invalid


class AddressRefused(Invalid):
    """The URL is not allowed. The message reveals nothing about its target."""

    message = _("Messages to {url} are refused: {why}.")


class CannotReach(Exception):
    """There was no response. The message is safe to show to the user who supplied the URL."""
