"""The steps of an erasure. Nobody but the journey asks for them, and none can be taken back."""

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class JournalErasure(Command):
    """Write down that a tenant is erased, in the database and in the object store, before anything is removed."""

    permission = "tenancy.erase_tenant"
    platform = True
    atomic = False
    audit_message = "wrote into the journal that {result} is erased"

    tenant_id: int
    asked_by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class EraseFiles(Command):
    """Remove every file of a tenant whose days are over."""

    permission = "tenancy.erase_tenant"
    platform = True
    atomic = False
    audit_message = "erased {result} files of tenant {tenant_id}"

    tenant_id: int


@dataclass(frozen=True, kw_only=True)
class DropTenant(Command):
    """Remove a tenant whose days are over: its schema and role, its hosts, its events, and its row."""

    permission = "tenancy.erase_tenant"
    platform = True
    audit_message = "erased {result}"

    tenant_id: int
