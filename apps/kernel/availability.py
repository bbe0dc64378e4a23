"""What is done for a tenant at present, and who says it.

Whoever keeps the tenants' lives is named by `settings.TENANT_SERVICE`; every door asks here, so that each of them means
the same by "suspended".
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from .errors import Refusal
from .tenant import TenantInfo, current_tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What a tenant gets. All of it, unless something is left out.

    reads      its console and its API answer what is asked
    writes     its business may be changed
    works      workers do its tasks, and what has happened there is heard
    beats      what comes round comes to it
    sends      other systems are told by webhooks
    signs_in   its people can sign in
    billing    its plan can be looked at, and what it owes be settled
    in_charge  only those who are in charge there are let in
    refusal    what whoever is turned away is told
    """

    reads: bool = True
    writes: bool = True
    works: bool = True
    beats: bool = True
    sends: bool = True
    signs_in: bool = True
    billing: bool = True
    in_charge: bool = False
    refusal: type[Refusal] | None = None

    @property
    def is_full(self) -> bool:
        return self.refusal is None

    @property
    def is_open(self) -> bool:
        """Whether there is anything at all for its people."""
        return self.reads or self.signs_in or self.billing


FULL = Availability()


def availability_of(tenant: TenantInfo | None) -> Availability:
    """The platform itself is always availability."""
    if tenant is None:
        return FULL
    found: Availability = import_string(settings.TENANT_AVAILABILITY)(tenant)
    return found


def current_availability() -> Availability:
    """Of the current tenant."""
    return availability_of(current_tenant())


def must_write() -> None:
    """Raises what the current tenant answers while its business may not be changed."""
    tenant = current_tenant()
    availability = availability_of(tenant)
    if not availability.writes and availability.refusal:
        raise availability.refusal(name=tenant)
