"""Request traces: the entries of all apps for one correlation id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apps.audit import access_log
from apps.audit import queries as audit
from apps.events import queries as events
from apps.kernel.actors import Actor, System
from apps.kernel.db.tenant_transaction import within
from apps.kernel.ids import CORRELATION_ID
from apps.kernel.observability.request_trace import RequestTraceEntry, entries_here, in_order
from apps.kernel.tenant import TenantInfo, current_tenant
from apps.tenancy.queries import active_tenants


def trace_of(correlation_id: str, *, at: TenantInfo | None = None) -> Sequence[RequestTraceEntry]:
    """The entries of one tenant: `at`, or the current one. For the platform without `at`: its own entries, and the
    entries of every involved tenant."""
    if not CORRELATION_ID.match(correlation_id):
        return ()
    tenant = at or current_tenant()
    lines = _entries(tenant, correlation_id)
    if tenant is None:
        lines += [
            line for other in _involved_tenants(correlation_id) for line in _entries(other, correlation_id)
        ]
    return in_order(lines)


def is_known(correlation_id: str) -> bool:
    """Whether the current tenant has an entry."""
    tenant = current_tenant()
    return bool(CORRELATION_ID.match(correlation_id)) and (
        audit.has_correlation_id(correlation_id)
        or events.has_correlation_id(correlation_id, tenant_id=tenant.id if tenant else None)
    )


def record_access(reader: Actor, correlation_id: str, lines: Sequence[RequestTraceEntry]) -> None:
    """Records the access in the audit log of the reader, and of each tenant whose entries the platform has read."""
    filters = {"correlation_id": correlation_id}
    access_log.record_read(reader, filters, view="trace")
    if current_tenant() is None:
        for tenant in _named({line.tenant for line in lines if line.tenant}):
            with within(tenant):
                access_log.record_read(System(f"{reader} of the platform"), filters, view="trace")


def _named(slugs: set[str]) -> Iterator[TenantInfo]:
    return (tenant for tenant in active_tenants() if tenant.slug in slugs)


def _entries(tenant: TenantInfo | None, correlation_id: str) -> list[RequestTraceEntry]:
    with within(tenant):
        return entries_here(correlation_id)


def _involved_tenants(correlation_id: str) -> Iterator[TenantInfo]:
    """Tenants with an event, and tenants with only a record in their audit log, such as a refusal."""
    with_events = events.tenants_with(correlation_id)
    for tenant in active_tenants():
        with within(tenant):
            is_involved = tenant.id in with_events or audit.has_correlation_id(correlation_id)
        if is_involved:
            yield tenant
