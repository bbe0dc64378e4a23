"""The steps of the erasure saga. They have no compensation."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class JournalErasure(Command):
    """Record the erasure in the database and in the object store, before any data is deleted."""

    permission = "tenancy.erase_tenant"
    platform = True
    atomic = False
    audit_message = gettext_noop("recorded the erasure of {result} in the journal")

    tenant_id: int
    requested_by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class EraseFiles(Command):
    """Delete all files of a tenant that is due for erasure."""

    permission = "tenancy.erase_tenant"
    platform = True
    atomic = False
    audit_message = gettext_noop("erased {result} files of tenant {tenant_id}")

    tenant_id: int


@dataclass(frozen=True, kw_only=True)
class DropTenant(Command):
    """Delete a tenant that is due for erasure: its schema and role, its domains, its events, and its row."""

    permission = "tenancy.erase_tenant"
    platform = True
    audit_message = gettext_noop("erased {result}")

    tenant_id: int
