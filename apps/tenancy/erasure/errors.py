"""What an erasure refuses."""

from __future__ import annotations

from apps.kernel.errors import Conflict
from apps.tenancy.errors import TenancyRefusal


class NotDue(TenancyRefusal, Conflict):
    message = "{name} is not due to be erased."


class NotJournaled(TenancyRefusal, Conflict):
    message = "The journal does not say yet that {name} is erased."
