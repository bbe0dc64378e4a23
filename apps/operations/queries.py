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
from apps.tenancy.transfer import news
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


def administrators(tenant: Tenant) -> Sequence[str]:
    """The addresses of those who are in charge there, and of the owner as the platform knows him."""
    with within(tenant.info):
        in_charge = {user.email.lower() for user in User.objects.in_charge()}
    return sorted(in_charge | {tenant.owner_email.lower()})


@dataclass(frozen=True, kw_only=True)
class AtWork:
    """What is going on at a tenant, in figures: for whoever is about to stop it, or to let it go on.

    people          who can sign in while it is open; of them `in_charge` also while it is closed
    only_in_charge  whether it is closed already
    sessions        over the API
    news            deliveries, and events that nobody was told of yet
    messages        to other systems
    rounds          kinds of work that come round to each tenant
    records         of its audit log that may be archived
    """

    people: int
    in_charge: int
    only_in_charge: bool
    sessions: int
    news: int
    messages: int
    rounds: int
    records: int
    administrators: Sequence[str]


def at_work(tenant: Tenant) -> AtWork:
    told = administrators(tenant)
    with within(tenant.info), connection.cursor() as cursor:
        return AtWork(
            people=User.objects.filter(is_active=True).count(),
            in_charge=User.objects.in_charge().count(),
            only_in_charge=availability_of(tenant.info).in_charge,
            sessions=ApiSession.objects.open().count(),
            news=news.waiting(cursor, tenant.pk),
            messages=webhooks.waiting_messages(),
            rounds=_rounds(),
            records=sum(each.records for each in audit.due_for_archive(today())),
            administrators=told,
        )


def _rounds() -> int:
    current_app.loader.import_default_modules()  # the tasks of all apps have declared themselves
    return sum(each.where != "platform" for each in PERIODIC.values())
