"""Erasure of a tenant: queue → notify → grace period → erasure journal → files → schema and rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from apps.kernel.clock import today
from apps.operations.sagas.contributions import notify_administrators
from apps.operations.setting_definitions import GRACE_DAYS
from apps.sagas.declaration import Saga
from apps.sagas.steps import ExternalStep, ScopedCommand, Step, Wait
from apps.settings import queries as settings_queries
from apps.tenancy import queries as tenants
from apps.tenancy.commands import QueueTenantForDeletion, SetTenantArchived
from apps.tenancy.erasure.commands import DropTenant, EraseFiles, JournalErasure
from apps.tenancy.hooks import Transition

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant

ERASURE_RETRIES = 50
"""Of long steps after the pivot: each attempt continues where the previous one was interrupted."""


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """The request, its actor, and the date that the first step computes."""

    tenant_id: int
    reason: str
    requested_by: str = ""
    delete_after: dt.date = dt.date.max


def queue_for_deletion(d: Erasing) -> QueueTenantForDeletion:
    grace = dt.timedelta(days=settings_queries.value(GRACE_DAYS))
    return QueueTenantForDeletion(tenant_id=d.tenant_id, delete_after=today() + grace, reason=d.reason)


def _queued(d: Erasing, tenant: Tenant) -> Erasing:
    return replace(d, delete_after=tenant.delete_after or dt.date.max)


def _archive(d: Erasing) -> SetTenantArchived:
    return SetTenantArchived(tenant_id=d.tenant_id, reason="The erasure was cancelled.")


def _transition(d: Erasing) -> Transition:
    return Transition(tenant=tenants.tenant_with_id(d.tenant_id).info, reason=d.reason)


def _journal(d: Erasing) -> list[ScopedCommand]:
    return [
        ScopedCommand(JournalErasure(tenant_id=d.tenant_id, requested_by=d.requested_by, reason=d.reason))
    ]


def _files(d: Erasing) -> list[ScopedCommand]:
    return [ScopedCommand(EraseFiles(tenant_id=d.tenant_id))]


def _grace_is_over(d: Erasing) -> bool:
    return today() >= d.delete_after


ERASURE = Saga(
    name="operations.erase_tenant",
    title=_("Erasure"),
    data=Erasing,
    repeats=True,
    deadline=dt.timedelta(days=3650),
    steps=(
        Step("queue for deletion", queue_for_deletion, compensation=_archive, carry=_queued),
        ExternalStep(
            "notify administrators",
            notify_administrators("queued for deletion", _transition),
            compensation=notify_administrators("retained", _transition),
        ),
        Wait("grace", _grace_is_over, timeout=dt.timedelta(days=3650)),
        ExternalStep("write the journal", _journal, pivot=True, retries=ERASURE_RETRIES),
        ExternalStep("erase files", _files, retries=ERASURE_RETRIES),
        Step("drop schema and rows", lambda d: DropTenant(tenant_id=d.tenant_id), retries=ERASURE_RETRIES),
    ),
)


CANCELLABLE_STEPS = ERASURE.names[: ERASURE.names.index("write the journal")]
