"""The life story of one request, as every app tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apps.audit import reading
from apps.audit.models import Record
from apps.events.models import OutboxEvent
from apps.kernel.actors import Actor, System
from apps.kernel.ids import CORRELATION_ID
from apps.kernel.request_trace import RequestTraceEntry, entries_here, in_order
from apps.kernel.tenant import TenantInfo, current_tenant
from apps.kernel.transactions import within
from apps.tenancy.queries import active_tenants

STORY = "the life story of a request"


def story_of(correlation_id: str, *, at: TenantInfo | None = None) -> Sequence[RequestTraceEntry]:
    """What one tenant knows of the request: `at`, or the current one. The platform, unless `at` is named, is told of
    its own part and of every tenant's that had to do with it."""
    if not CORRELATION_ID.match(correlation_id):
        return ()
    here = at or current_tenant()
    lines = _told(here, correlation_id)
    if here is None:
        lines += [line for tenant in _concerned(correlation_id) for line in _told(tenant, correlation_id)]
    return in_order(lines)


def is_known(correlation_id: str) -> bool:
    """Whether anything here has to do with it."""
    return bool(CORRELATION_ID.match(correlation_id)) and bool(
        Record.objects.filter(correlation_id=correlation_id).exists()
        or OutboxEvent.objects.filter(correlation_id=correlation_id, **_own()).exists()
    )


def note_reading(reader: Actor, correlation_id: str, lines: Sequence[RequestTraceEntry]) -> None:
    """A story is read from the audit log, so reading it leaves a trace: in the reader's own, and with each tenant whom
    the platform looked at."""
    asked = {"correlation_id": correlation_id}
    reading.looked(reader, asked, at=STORY)
    if current_tenant() is None:
        for tenant in _named({line.tenant for line in lines if line.tenant}):
            with within(tenant):
                reading.looked(System(f"{reader} of the platform"), asked, at=STORY)


def _named(slugs: set[str]) -> Iterator[TenantInfo]:
    return (tenant for tenant in active_tenants() if tenant.slug in slugs)


def _own() -> dict[str, int]:
    """The outbox is everybody's; the platform oversees it all."""
    tenant = current_tenant()
    return {"tenant_id": tenant.id} if tenant else {}


def _told(tenant: TenantInfo | None, correlation_id: str) -> list[RequestTraceEntry]:
    with within(tenant):
        return entries_here(correlation_id)


def _concerned(correlation_id: str) -> Iterator[TenantInfo]:
    """Those where something was told, and those where something was only asked: each has a audit log of its own."""
    told = set(
        OutboxEvent.objects.filter(correlation_id=correlation_id, tenant_id__isnull=False).values_list(
            "tenant_id", flat=True
        )
    )
    for tenant in active_tenants():
        with within(tenant):
            asked = tenant.id in told or Record.objects.filter(correlation_id=correlation_id).exists()
        if asked:
            yield tenant
