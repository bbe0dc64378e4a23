"""A tenant's life: what each state and each mode means at every door, in one table (rows TEN-06…08).

    pending → trial | active ⇄ suspended → archived → queued for deletion

The legal moves stand on the model (`Tenant.MOVES`) and in a trigger. A mode lies over the state for a while: what
either of them takes away is away. Nothing here knows who asks: the doors do (middleware.py, admission.py,
api/permissions.py, the bus, kernel/queues.py, fanout.py, the relay, the sender of webhooks).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from apps.kernel.availability import FULL, Availability
from apps.kernel.tenant import TenantInfo, current_tenant

from .errors import (
    TenantInMaintenance,
    TenantIsArchived,
    TenantIsQueuedForDeletion,
    TenantIsReadOnly,
    TenantIsSuspended,
    TenantNotReady,
)
from .models import Tenant

State, Mode = Tenant.State, Tenant.Mode


def _nothing_but(**left: Any) -> Availability:
    taken = {field.name: False for field in fields(Availability) if field.name != "refusal"}
    return Availability(**{**taken, **left})


OF_STATE: Mapping[str, Availability] = MappingProxyType(
    {
        State.PENDING: _nothing_but(refusal=TenantNotReady),
        State.TRIAL: FULL,
        State.ACTIVE: FULL,
        State.SUSPENDED: _nothing_but(
            signs_in=True, billing=True, administrators_only=True, refusal=TenantIsSuspended
        ),
        State.ARCHIVED: _nothing_but(
            reads=True, signs_in=True, billing=True, administrators_only=True, refusal=TenantIsArchived
        ),
        State.DELETING: _nothing_but(refusal=TenantIsQueuedForDeletion),
    }
)
"""While a tenant is suspended those in charge can see to what it owes, and in an archived one they can read. What it
has not heard yet, or not sent, waits until it is active again."""

OF_MODE: Mapping[str, Availability] = MappingProxyType(
    {
        Mode.NORMAL: FULL,
        Mode.READ_ONLY: _nothing_but(reads=True, signs_in=True, billing=True, refusal=TenantIsReadOnly),
        Mode.MAINTENANCE: _nothing_but(refusal=TenantInMaintenance),
    }
)


def _both(state: Availability, mode: Availability) -> Availability:
    """What is left of the state in that mode. Whoever is turned away hears what stands longest against him, or that
    the tenant is in maintenance: then he may come again soon."""
    left = {
        field.name: getattr(state, field.name) and getattr(mode, field.name)
        for field in fields(Availability)
        if field.name not in ("administrators_only", "refusal")
    }
    refusal = state.refusal or mode.refusal if mode.reads else mode.refusal
    return Availability(**left, administrators_only=state.administrators_only, refusal=refusal)


AVAILABILITY: Mapping[tuple[str, str], Availability] = MappingProxyType(
    {
        (str(state), str(mode)): _both(OF_STATE[state], OF_MODE[mode])
        for state in State.values
        for mode in Mode.values
    }
)


def availability_of(tenant: TenantInfo) -> Availability:
    """settings.TENANT_SERVICE. A state or mode that is not known, of a newer release, gets nothing. A sandbox tells
    nobody outside anything."""
    availability = AVAILABILITY.get((tenant.state, tenant.mode), OF_MODE[Mode.MAINTENANCE])
    return replace(availability, sends=False) if tenant.sandbox else availability


def having(part: str) -> Q:
    """Whose service has that part: `Tenant.objects.filter(having("beats"))`."""
    return Q(
        state__in=[state for state, availability in OF_STATE.items() if getattr(availability, part)],
        mode__in=[mode for mode, availability in OF_MODE.items() if getattr(availability, part)],
    )


def must_let_in(user: Any) -> None:
    """Raises what the current tenant answers to those who are not in charge, while it is closed to them."""
    tenant = current_tenant()
    if tenant is None:
        return
    availability = availability_of(tenant)
    if (
        availability.refusal
        and availability.administrators_only
        and not import_string(settings.IS_ADMINISTRATOR)(user)
    ):
        raise availability.refusal(name=tenant)
