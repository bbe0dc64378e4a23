"""Refusals of erasures."""

from __future__ import annotations

from apps.kernel.errors import Conflict
from apps.tenancy.errors import TenancyRefusal


class ErasureNotDue(TenancyRefusal, Conflict):
    message = "{name} is not due for erasure."


class ErasureNotJournaled(TenancyRefusal, Conflict):
    message = "The erasure of {name} is not in the journal yet."
