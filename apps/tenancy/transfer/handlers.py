"""How the exporter does what it is asked."""

from __future__ import annotations

import tempfile

from apps.bus import handles
from apps.tenancy import rules
from apps.tenancy.erasure.models import Erasure
from apps.tenancy.errors import TenantUnknown
from apps.tenancy.models import Tenant

from . import keeping, moving, places, restoring
from .archive import Archive
from .commands import (
    BackUpTenant,
    CarryTenant,
    CloneTenant,
    RestoreTenant,
    SetBackupPolicy,
    TakeBackMove,
)
from .errors import FilesArePersonal, PolicyIsNegative, TenantWasErased
from .exporting import export
from .leaving import Disguise
from .models import Backup, BackupPolicy


def backing_up(command: BackUpTenant) -> None:
    _tenant(command.tenant_id)


@handles(BackUpTenant, dry_run=backing_up)
def back_up_tenant(command: BackUpTenant) -> Backup:
    tenant = _tenant(command.tenant_id)
    return keeping.make(tenant, Backup.Kind.MANUAL, to=command.to, with_files=command.with_files)


@handles(SetBackupPolicy)
def set_backup_policy(command: SetBackupPolicy) -> Tenant:
    tenant = rules.tenant_must_exist(command.tenant_id)
    rules.reason_must_be_given(command.reason)
    agreed = {name: getattr(command, name) for name in ("every_hours", "kept_days", "kept_most")}
    if min(agreed.values()) < 0:
        raise PolicyIsNegative

    BackupPolicy.objects.update_or_create(tenant=tenant, defaults=agreed)
    return tenant


def restoring_it(command: RestoreTenant) -> None:
    """The archive is opened, and neither read through nor loaded."""
    place, checksum = keeping.found(command.place)
    with places.opened(place, checksum) as file:
        _must_not_be_erased(Archive(file, place))
    if command.slug:
        rules.slug_must_be_well_formed(command.slug)
        rules.slug_must_be_free(command.slug)
        rules.database_must_be_known(command.database)


@handles(RestoreTenant, dry_run=restoring_it)
def restore_tenant(command: RestoreTenant) -> Tenant:
    place, checksum = keeping.found(command.place)

    with places.opened(place, checksum) as file:
        archive = Archive(file, place)
        _must_not_be_erased(archive)
        if command.slug:
            return restoring.as_new(archive, slug=command.slug, name=command.name, at=command.database)
        return restoring.in_place(archive, _tenant(archive.manifest["tenant"]["id"]))


def cloning(command: CloneTenant) -> None:
    _tenant(command.tenant_id)
    rules.slug_must_be_well_formed(command.slug)
    rules.slug_must_be_free(command.slug)
    if command.anonymise and command.with_files:
        raise FilesArePersonal


@handles(CloneTenant, dry_run=cloning)
def clone_tenant(command: CloneTenant) -> Tenant:
    cloning(command)
    source = _tenant(command.tenant_id)
    disguise = Disguise.ANONYMOUS if command.anonymise else Disguise.SANDBOX

    with tempfile.TemporaryFile() as file:
        export(source.info, file, disguise=disguise, with_files=command.with_files)
        return restoring.as_new(
            Archive(file),
            slug=command.slug,
            name=command.name or f"{source.name} (sandbox)",
            at=source.database,
            sandbox_of=source,
        )


def carrying(command: CarryTenant) -> None:
    tenant = _tenant(command.tenant_id)
    moving.must_be_movable(tenant, command.database)
    moving.must_be_at_rest(tenant)


@handles(CarryTenant, dry_run=carrying)
def carry_tenant(command: CarryTenant) -> Tenant:
    return moving.move(command.tenant_id, command.database)


def taking_back(command: TakeBackMove) -> None:
    _tenant(command.tenant_id)
    rules.database_must_be_known(command.database)


@handles(TakeBackMove, dry_run=taking_back)
def take_back_move(command: TakeBackMove) -> Tenant:
    taking_back(command)
    return moving.take_back(command.tenant_id, command.database)


def _tenant(tenant_id: int) -> Tenant:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None:
        raise TenantUnknown(slug=tenant_id)
    return tenant


def _must_not_be_erased(archive: Archive) -> None:
    was = archive.manifest["tenant"]
    if Erasure.objects.filter(number=was["id"], created_at=was["created_at"]).exists():
        raise TenantWasErased(name=was["name"])
