"""Restores a backup file as a new tenant.

The plan is made first; then the tenant is a pending row until the last step. A killed restore leaves this row, and the
next attempt continues with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.backups import hooks
from apps.backups.exclusion import transfer_lock
from apps.backups.files import importing, outbox
from apps.backups.files.backup_file import BackupFile
from apps.backups.schemas import owner
from apps.kernel.clock import now
from apps.kernel.db.unit_of_work import unit_of_work
from apps.tenancy import directory, tenant_schemas
from apps.tenancy.models import Domain, Tenant, TenantActivity
from apps.tenancy.placement import tenant_mirror

from .loading import load_and_verify, migrate_to_current
from .planning import BEING_RESTORED, Plan, Target, valid_plan


def restore_as_new(backup_file: BackupFile, target: Target) -> Tenant:
    plan = valid_plan(backup_file.manifest, target)
    tenant = _reserve(plan)
    with transfer_lock(tenant.info), _removed_on_failure(tenant):
        made = load_and_verify(backup_file, tenant.pk, tenant.database)
        owner.put_in_place(made.schema, tenant.schema_name, tenant.database)
        tenant.role_name = made.role
        importing.load_files(backup_file, tenant.info)
        migrate_to_current(tenant, backup_file.manifest["fingerprint"])
        if plan.has_events:
            outbox.insert(backup_file.read("events.jsonl"), tenant.database)
        _activate(tenant, plan)
        _restore_carried_data(backup_file, tenant)
    return tenant


def _reserve(plan: Plan) -> Tenant:
    """A pending row for the tenant, or that of an interrupted restore."""
    number = plan.number or tenant_schemas.next_number()
    with unit_of_work():
        tenant, _ = Tenant.objects.update_or_create(
            pk=number,
            defaults={
                "slug": plan.target.slug,
                "name": plan.name,
                "owner_email": plan.owner_email,
                "schema_name": f"{settings.TENANT_SCHEMA_PREFIX}{number}",
                "database": plan.target.database,
                "region": plan.region,
                "epoch": plan.epoch,
                "sandbox_of": plan.target.sandbox_of,
                "created_at": plan.created_at,
                "state_reason": BEING_RESTORED,
            },
        )
    return tenant


@contextmanager
def _removed_on_failure(tenant: Tenant) -> Iterator[None]:
    """A failed restore removes its pending row; a killed one leaves it for the next attempt."""
    try:
        yield
    except Exception:
        owner.drop_schema(tenant.schema_name, tenant.database)
        Tenant.objects.filter(pk=tenant.pk, state=Tenant.State.PENDING).delete()
        raise


def _activate(tenant: Tenant, plan: Plan) -> None:
    tenant.state, tenant.state_since, tenant.state_reason = plan.state, now(), plan.reason
    tenant.mode, tenant.trial_ends_on = plan.mode, plan.trial_ends_on
    with unit_of_work():
        tenant.save()
        for domain in plan.domains:
            is_primary = domain == plan.domains[0]
            Domain.objects.get_or_create(domain=domain, defaults={"tenant": tenant, "is_primary": is_primary})
        TenantActivity.objects.get_or_create(tenant=tenant)
        tenant_mirror.update(tenant)
    directory.changed()


def _restore_carried_data(backup_file: BackupFile, tenant: Tenant) -> None:
    exported = backup_file.manifest["carried_data"]
    for name, carried in hooks.all_carried_data().items():
        if name in exported:
            carried.restore(tenant.pk, exported[name])
