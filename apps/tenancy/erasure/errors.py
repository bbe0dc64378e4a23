"""Refusals of erasures."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict


class ErasureNotDue(Conflict):
    message = _("{name} is not due for erasure.")


class ErasureNotJournaled(Conflict):
    message = _("The erasure of {name} is not in the journal yet.")
