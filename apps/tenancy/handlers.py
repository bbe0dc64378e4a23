"""Handlers of the commands of tenancy."""

from __future__ import annotations

import datetime as dt

from apps.bus import handles
from apps.bus.edits import Edits, Values, changes_in, edits_columns, rows
from apps.events import publish
from apps.kernel.clock import now, today
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given

from . import directory, rules, tenant_schemas
from .commands import (
    ChangeDatabase,
    CreateTenant,
    DiscardTenant,
    PinTenant,
    QueueTenantForDeletion,
    RenameTenant,
    SetMode,
    SetTenantActive,
    SetTenantArchived,
    SetTenantSuspended,
    UnpinTenant,
)
from .errors import ReasonMissing
from .events import (
    TenantActivated,
    TenantArchived,
    TenantModeChanged,
    TenantQueuedForDeletion,
    TenantSuspended,
)
from .models import Database, Domain, Tenant, TenantActivity
from .placement import tenant_mirror
from .placement.choice import choose_database
from .tenant_names import host_of


@handles(CreateTenant)
def create_tenant(command: CreateTenant) -> Tenant:
    with together() as checks:
        checks.check(rules.slug_must_be_well_formed, command.slug)
        checks.check(rules.slug_must_be_free, command.slug)
    if pending := Tenant.objects.filter(slug=command.slug).first():
        return pending
    rules.host_must_be_free(host_of(command.slug))

    at = choose_database(region=command.region, database=command.database)
    claimed = tenant_schemas.claim(at)
    tenant = Tenant.objects.create(
        id=claimed.id,
        database=at,
        region=command.region,
        schema_name=claimed.schema,
        role_name=claimed.role,
        fingerprint=claimed.fingerprint,
        slug=command.slug,
        name=command.name,
        owner_email=command.owner_email,
        created_at=now(),
    )
    Domain.objects.create(tenant=tenant, domain=host_of(command.slug), is_primary=True)
    TenantActivity.objects.create(tenant=tenant)
    tenant_mirror.update(tenant)

    directory.changed()
    return tenant


@handles(SetTenantActive, emits=(TenantActivated,))
def set_tenant_active(command: SetTenantActive) -> Tenant:
    tenant = rules.tenant_must_exist(command.tenant_id)
    to = Tenant.State.TRIAL if command.trial_days else Tenant.State.ACTIVE
    rules.transition_must_be_allowed(tenant, to)

    if command.trial_days:
        tenant.trial_ends_on = today() + dt.timedelta(days=command.trial_days)
    tenant.become(to, command.reason)

    directory.changed()
    publish(TenantActivated(tenant_id=tenant.pk, slug=tenant.slug))
    return tenant


@handles(SetTenantSuspended, emits=(TenantSuspended,))
def set_tenant_suspended(command: SetTenantSuspended) -> Tenant:
    tenant = rules.tenant_must_exist(command.tenant_id)
    rules.transition_must_be_allowed(tenant, Tenant.State.SUSPENDED)

    tenant.become(Tenant.State.SUSPENDED, command.reason)

    directory.changed()
    publish(TenantSuspended(tenant_id=tenant.pk, slug=tenant.slug, reason=command.reason))
    return tenant


@handles(SetTenantArchived, emits=(TenantArchived,))
def set_tenant_archived(command: SetTenantArchived) -> Tenant:
    tenant = rules.tenant_must_exist(command.tenant_id)
    rules.transition_must_be_allowed(tenant, Tenant.State.ARCHIVED)

    tenant.delete_after = None
    tenant.become(Tenant.State.ARCHIVED, command.reason)

    directory.changed()
    publish(TenantArchived(tenant_id=tenant.pk, slug=tenant.slug, reason=command.reason))
    return tenant


def tenant_must_be_deletable(command: QueueTenantForDeletion) -> None:
    rules.transition_must_be_allowed(rules.tenant_must_exist(command.tenant_id), Tenant.State.DELETING)


@handles(QueueTenantForDeletion, emits=(TenantQueuedForDeletion,), dry_run=tenant_must_be_deletable)
def queue_tenant_for_deletion(command: QueueTenantForDeletion) -> Tenant:
    tenant = rules.tenant_must_exist(command.tenant_id)
    rules.transition_must_be_allowed(tenant, Tenant.State.DELETING)

    tenant.delete_after = command.delete_after
    tenant.become(Tenant.State.DELETING, command.reason)

    directory.changed()
    publish(TenantQueuedForDeletion(tenant_id=tenant.pk, slug=tenant.slug, reason=command.reason))
    return tenant


@handles(SetMode, emits=(TenantModeChanged,), edits=edits_columns(Tenant, "tenant_id", "mode"))
def set_mode(command: SetMode) -> Tenant:
    tenant = rules.tenant_must_exist(command.tenant_id)
    with together() as checks:
        mode = checks.check(rules.mode_must_exist, command.mode)
        checks.check(reason_must_be_given, command.reason, ReasonMissing)

    tenant.set_mode(mode)

    directory.changed()
    publish(TenantModeChanged(tenant_id=tenant.pk, slug=tenant.slug, reason=command.reason, mode=mode))
    return tenant


@handles(RenameTenant, edits=edits_columns(Tenant, "tenant_id", "slug", "name"))
def rename_tenant(command: RenameTenant) -> Tenant:
    tenant = rules.tenant_must_exist(command.tenant_id)
    changed = changes_in(command, "slug", "name")
    before, slug = tenant.slug, changed.get("slug", tenant.slug)
    with together() as checks:
        checks.check(reason_must_be_given, command.reason, ReasonMissing)
        checks.check(rules.tenant_must_be_set_up, tenant)
        if slug != before:
            checks.check(rules.slug_must_be_well_formed, slug)
            checks.check(rules.slug_must_be_free_for, tenant, slug)
        checks.check(rules.tenant_must_be_named, changed.get("name", tenant.name))

    rules.host_must_be_free(host_of(slug), tenant.pk)

    tenant.change(**changed)
    if slug != before:
        _change_host(tenant, host_of(before), host_of(slug))
    tenant_mirror.update(tenant)

    directory.changed()
    return tenant


def _change_host(tenant: Tenant, before: str, after: str) -> None:
    """The new host name exists afterwards, also if the former one was removed or the new one was added by hand."""
    former = Domain.objects.filter(tenant=tenant, domain=before)
    is_primary = former.filter(is_primary=True).exists()
    former.delete()
    Domain.objects.update_or_create(domain=after, defaults={"tenant": tenant, "is_primary": is_primary})


@handles(DiscardTenant)
def discard_tenant(command: DiscardTenant) -> Tenant:
    tenant = rules.tenant_must_exist(command.tenant_id)
    rules.tenant_must_be_pending(tenant)

    tenant_schemas.drop(tenant)
    Domain.objects.filter(tenant=tenant).delete()
    TenantActivity.objects.filter(tenant=tenant).delete()
    Tenant.objects.filter(pk=tenant.pk).delete()

    directory.changed()
    return tenant


def _edited_database(key: str, lock: bool) -> Values:
    row = rows(Database, lock).filter(key=key).first() or Database(key=key)
    return {"capacity": row.capacity, "region": row.region, "accepts_new": row.accepts_new}


@handles(ChangeDatabase, edits=Edits("key", _edited_database))
def change_database(command: ChangeDatabase) -> Database:
    rules.database_must_be_known(command.key)

    row = Database.objects.filter(key=command.key).first() or Database(key=command.key)
    row.region, row.capacity, row.accepts_new = command.region, command.capacity, command.accepts_new
    row.save()

    return row


@handles(PinTenant)
def pin_tenant(command: PinTenant) -> Tenant:
    return _pin(command.tenant_id, True)


@handles(UnpinTenant)
def unpin_tenant(command: UnpinTenant) -> Tenant:
    return _pin(command.tenant_id, False)


def _pin(tenant_id: int, pinned: bool) -> Tenant:
    tenant = rules.tenant_must_exist(tenant_id)

    tenant.pinned = pinned
    tenant.save(update_fields=["pinned"])

    return tenant
