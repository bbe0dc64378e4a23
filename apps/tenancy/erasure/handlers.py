"""Handlers of the erasure steps. Each of them is idempotent."""

from __future__ import annotations

import json
from dataclasses import asdict

from django.core.files.base import ContentFile
from django.db import transaction

from apps.bus import handles
from apps.events import publish
from apps.kernel.cache import keys
from apps.kernel.clock import now
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.files.store import files
from apps.kernel.progress import steps
from apps.kernel.tenant import activate
from apps.tenancy import directory, rules, tenant_schemas
from apps.tenancy.events import TenantErased
from apps.tenancy.models import Tenant

from .commands import DropTenant, EraseFiles, JournalErasure
from .errors import ErasureNotDue, ErasureNotJournaled
from .footprint import file_names, tenant_footprint
from .models import Erasure

FOLDER = "erasures"
"""Of the platform's files. The copy of the journal there survives a restore of the database to an older state."""


def _prerequisites(command: JournalErasure | EraseFiles) -> None:
    _must_be_due(rules.tenant_must_exist(command.tenant_id))


@handles(JournalErasure, dry_run=_prerequisites)
def journal_erasure(command: JournalErasure) -> Erasure:
    with unit_of_work():
        tenant = rules.tenant_must_exist(command.tenant_id)
        _must_be_due(tenant)
    if earlier := _journaled(tenant):
        return earlier

    erasure = _entry(tenant, command)
    _write_file(erasure)
    with unit_of_work():
        erasure.save(force_insert=True)
    return erasure


@handles(EraseFiles, dry_run=_prerequisites)
def erase_files(command: EraseFiles) -> int:
    """Files that were deleted before are ignored."""
    tenant = Tenant.objects.get(pk=command.tenant_id)
    _must_be_due(tenant)
    _must_be_journaled(tenant)

    with activate(tenant.info):
        names = list(file_names())
        for name in steps(names, len(names)):
            files().delete(name)
    return len(names)


@handles(DropTenant, emits=(TenantErased,))
def drop_tenant(command: DropTenant) -> Erasure:
    tenant = rules.tenant_must_exist(command.tenant_id)
    _must_be_due(tenant)
    erasure = _must_be_journaled(tenant)

    tenant_schemas.drop(tenant)
    Tenant.objects.filter(pk=tenant.pk).delete()

    directory.changed()
    transaction.on_commit(lambda: keys.forget_tenant(erasure.number), robust=True)
    publish(TenantErased(tenant_id=erasure.number, slug=erasure.slug, reason=erasure.reason))
    return erasure


def _must_be_due(tenant: Tenant) -> None:
    """Raises ErasureNotDue before the date that was set when the erasure was queued. The database enforces it as
    well."""
    due = tenant.delete_after
    if tenant.state != Tenant.State.DELETING or due is None or due > now().date():
        raise ErasureNotDue(name=tenant.name)


def _must_be_journaled(tenant: Tenant) -> Erasure:
    erasure = _journaled(tenant)
    if erasure is None:
        raise ErasureNotJournaled(name=tenant.name)
    return erasure


def _journaled(tenant: Tenant) -> Erasure | None:
    return Erasure.objects.filter(number=tenant.pk, created_at=tenant.created_at).first()


def _entry(tenant: Tenant, command: JournalErasure) -> Erasure:
    return Erasure(
        number=tenant.pk,
        slug=tenant.slug,
        schema_name=tenant.schema_name,
        role_name=tenant.role_name,
        database=tenant.database,
        created_at=tenant.created_at,
        requested_by=command.requested_by,
        reason=command.reason,
        dropped=asdict(tenant_footprint(tenant.info)),
        erased_at=now(),
    )


def _write_file(erasure: Erasure) -> None:
    """After a crash there may be a second file of the same erasure, with the same content."""
    entry = {field.attname: getattr(erasure, field.attname) for field in Erasure._meta.concrete_fields}
    text = json.dumps(entry | {"id": None}, default=str, indent=1)
    with activate(None):
        files().save(f"{FOLDER}/{erasure.number}-{erasure.slug}.json", ContentFile(text.encode()))
