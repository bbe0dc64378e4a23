"""Queries across apps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from celery import current_app

from apps.audit import queries as audit
from apps.backups import queries as backups
from apps.identity import queries as identity
from apps.kernel.availability import availability_of
from apps.kernel.clock import today
from apps.kernel.db.tenant_transaction import within
from apps.kernel.queues.periodic import PERIODIC
from apps.sagas import queries as sagas
from apps.webhooks import queries as webhooks

from .subjects import subject_of

if TYPE_CHECKING:
    from apps.identity.models import Invitation
    from apps.sagas.models import RunQuerySet
    from apps.tenancy.models import Tenant


def owner_invitation(tenant: Tenant) -> Invitation | None:
    """The invitation of the owner that was named in the onboarding. Its link is in the e-mail to the owner only."""
    with within(tenant.info):
        return identity.latest_invitation(tenant.owner_email)


def saga_runs_of(slug: str) -> RunQuerySet:
    """Saga runs of the tenant with this slug, newest first; also of an erased tenant."""
    return sagas.runs_of(subject_of(slug))


def administrator_emails(tenant: Tenant) -> Sequence[str]:
    """E-mail addresses of the tenant's administrators, and of the owner as registered on the platform."""
    with within(tenant.info):
        emails = identity.administrator_emails()
    return sorted(emails | {tenant.owner_email.lower()})


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Figures on the activity of a tenant, shown before its state changes.

    users                 that can sign in while the tenant is open; administrators also while it is closed
    administrators_only   whether the tenant is closed already
    sessions              of the API
    deliveries            pending, with events that are not routed yet
    webhook_messages      pending
    scheduled_tasks       kinds that run for each tenant
    audit_records         due for cold storage
    """

    users: int
    administrator_count: int
    administrators_only: bool
    sessions: int
    deliveries: int
    webhook_messages: int
    scheduled_tasks: int
    audit_records: int
    administrator_emails: Sequence[str]


def activity_of(tenant: Tenant) -> Activity:
    emails = administrator_emails(tenant)
    with within(tenant.info):
        return Activity(
            users=identity.active_users(),
            administrator_count=len(identity.administrator_emails()),
            administrators_only=availability_of(tenant.info).administrators_only,
            sessions=identity.open_sessions(),
            deliveries=backups.due_events(tenant.info),
            webhook_messages=webhooks.waiting_messages(),
            scheduled_tasks=_scheduled_tasks(),
            audit_records=sum(segment.records for segment in audit.due_for_cold_storage(today())),
            administrator_emails=emails,
        )


def _scheduled_tasks() -> int:
    current_app.loader.import_default_modules()  # imports the tasks of all apps, which register themselves
    return sum(task.where != "platform" for task in PERIODIC.values())
