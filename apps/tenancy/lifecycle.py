"""The availability of a tenant in each state and mode, in one table, for all entry points.

    pending → trial | active ⇄ suspended → archived → queued for deletion

The legal transitions are `Tenant.TRANSITIONS`, and a trigger. A mode temporarily restricts the state: a part is
available only if both allow it. The entry points are middleware.py, admission.py, api/permissions.py, the bus,
kernel/queues/tenant_task.py, fanout.py, the relay, and the sender of webhooks.
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
from .states import Mode, State


def _nothing_but(**available: Any) -> Availability:
    unavailable = {field.name: False for field in fields(Availability) if field.name != "refusal"}
    return Availability(**{**unavailable, **available})


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
"""Administrators of a suspended tenant can pay for its plan, and those of an archived tenant can read. Undelivered
events and messages wait until the tenant is active again."""

OF_MODE: Mapping[str, Availability] = MappingProxyType(
    {
        Mode.NORMAL: FULL,
        Mode.READ_ONLY: _nothing_but(reads=True, signs_in=True, billing=True, refusal=TenantIsReadOnly),
        Mode.MAINTENANCE: _nothing_but(refusal=TenantInMaintenance),
    }
)


def _both(state: Availability, mode: Availability) -> Availability:
    """The parts that both allow. The refusal is that of the state, which lasts longer, unless the tenant is in
    maintenance."""
    both = {
        field.name: getattr(state, field.name) and getattr(mode, field.name)
        for field in fields(Availability)
        if field.name not in ("administrators_only", "refusal")
    }
    refusal = state.refusal or mode.refusal if mode.reads else mode.refusal
    return Availability(**both, administrators_only=state.administrators_only, refusal=refusal)


AVAILABILITY: Mapping[tuple[str, str], Availability] = MappingProxyType(
    {
        (str(state), str(mode)): _both(OF_STATE[state], OF_MODE[mode])
        for state in State.values
        for mode in Mode.values
    }
)


def availability_of(tenant: TenantInfo) -> Availability:
    """settings.TENANT_AVAILABILITY. An unknown state or mode, of a newer release, gets nothing. A sandbox sends
    nothing to other systems."""
    availability = AVAILABILITY.get((tenant.state, tenant.mode), OF_MODE[Mode.MAINTENANCE])
    return replace(availability, sends=False) if tenant.sandbox else availability


def having(part: str) -> Q:
    """Filter of tenants with that part: `Tenant.objects.filter(having("beats"))`."""
    return Q(
        state__in=[state for state, availability in OF_STATE.items() if getattr(availability, part)],
        mode__in=[mode for mode, availability in OF_MODE.items() if getattr(availability, part)],
    )


def must_admit(user: Any) -> None:
    """Raises the current tenant's refusal if only its administrators are admitted and the user is not one."""
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
