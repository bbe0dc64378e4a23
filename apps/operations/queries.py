"""Questions across apps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from celery import current_app
from django.db import connection
from django.db.models import QuerySet

from apps.audit import queries as audit
from apps.identity import queries as identity
from apps.identity.models import ApiSession, User
from apps.kernel.availability import availability_of
from apps.kernel.clock import today
from apps.kernel.periodic import PERIODIC
from apps.kernel.transactions import within
from apps.sagas.models import Run
from apps.tenancy.models import Tenant
from apps.tenancy.transfer import outbox
from apps.webhooks import queries as webhooks


def owner_invitation(tenant: Tenant) -> str:
    """The link by which a tenant's owner chooses a password, which works once; empty when he has one."""
    with within(tenant.info):
        owner = identity.user_with_email(tenant.owner_email)
        is_awaited = owner is not None and not owner.has_usable_password()
        return identity.invitation_link(owner) if owner and is_awaited else ""


def journeys_of(slug: str) -> QuerySet[Run]:
    """Of the tenant with that name, the last one first; also when it is gone."""
    return Run.objects.filter(subject=f"tenant:{slug}").order_by("-id")


def administrator_emails(tenant: Tenant) -> Sequence[str]:
    """The e-mail addresses of the tenant's administrators and of its owner as the platform knows it."""
    with within(tenant.info):
        emails = {user.email.lower() for user in User.objects.administrators()}
    return sorted(emails | {tenant.owner_email.lower()})


@dataclass(frozen=True, kw_only=True)
class AtWork:
    """Figures on the activity of a tenant, shown before its state changes.

    people               users that can sign in while it is open; the administrators also while it is closed
    administrators_only  whether it is closed already
    sessions        over the API
    news            deliveries, and events that nobody was told of yet
    messages        to other systems
    rounds          kinds of work that come round to each tenant
    records         of its audit log that may be archived
    """

    people: int
    administrator_count: int
    administrators_only: bool
    sessions: int
    news: int
    messages: int
    rounds: int
    records: int
    administrator_emails: Sequence[str]


def at_work(tenant: Tenant) -> AtWork:
    emails = administrator_emails(tenant)
    with within(tenant.info), connection.cursor() as cursor:
        return AtWork(
            people=User.objects.filter(is_active=True).count(),
            administrator_count=User.objects.administrators().count(),
            administrators_only=availability_of(tenant.info).administrators_only,
            sessions=ApiSession.objects.open().count(),
            news=outbox.count_due(cursor, tenant.pk),
            messages=webhooks.waiting_messages(),
            rounds=_rounds(),
            records=sum(each.records for each in audit.due_for_archive(today())),
            administrator_emails=emails,
        )


def _rounds() -> int:
    current_app.loader.import_default_modules()  # the tasks of all apps have declared themselves
    return sum(each.where != "platform" for each in PERIODIC.values())
