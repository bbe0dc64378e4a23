"""The command that gives declared flags their rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command

from .changes import MANAGE


@dataclass(frozen=True, kw_only=True)
class RegisterFlags(Command):
    """Register the flags that the code declares and that have no row yet. Existing rows are not changed."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("registered declared flags: {result}")
