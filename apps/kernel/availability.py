"""What a tenant can use at present, according to its state and mode.

`settings.TENANT_AVAILABILITY` names the function that decides. Every entry point reads it here, so that "suspended"
means the same for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from .errors import Refusal
from .tenant import TenantInfo, current_tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """The parts of Bursar that a tenant can use; by default all of them.

    reads      read requests of its console and API
    writes     changes of its data
    works      background tasks, and delivery of its events to listeners
    beats      scheduled tasks
    sends      webhooks
    signs_in   sign-in of its users
    billing    viewing its plan and paying for it
    administrators_only  access for the tenant's administrators alone
    refusal    the error for a request that is not admitted
    """

    reads: bool = True
    writes: bool = True
    works: bool = True
    beats: bool = True
    sends: bool = True
    signs_in: bool = True
    billing: bool = True
    administrators_only: bool = False
    refusal: type[Refusal] | None = None

    @property
    def is_full(self) -> bool:
        return self.refusal is None

    @property
    def is_open(self) -> bool:
        """Whether its users can use any part."""
        return self.reads or self.signs_in or self.billing


FULL = Availability()


def availability_of(tenant: TenantInfo | None) -> Availability:
    """The platform itself is always fully available."""
    if tenant is None:
        return FULL
    availability: Availability = import_string(settings.TENANT_AVAILABILITY)(tenant)
    return availability


def current_availability() -> Availability:
    """Of the current tenant."""
    return availability_of(current_tenant())


def must_write() -> None:
    """Raises the current tenant's refusal while its data may not be changed."""
    tenant = current_tenant()
    availability = availability_of(tenant)
    if not availability.writes and availability.refusal:
        raise availability.refusal(name=tenant)
