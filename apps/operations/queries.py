"""Questions across apps."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from apps.identity import queries as identity
from apps.identity.models import User
from apps.kernel.transactions import within
from apps.sagas.models import Run
from apps.tenancy.models import Tenant


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
