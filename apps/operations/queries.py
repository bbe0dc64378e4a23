"""Questions across apps."""

from __future__ import annotations

from collections.abc import Sequence

from apps.identity import queries as identity
from apps.identity.models import User
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant


def owner_invitation(tenant: Tenant) -> str:
    """The link by which a tenant's owner chooses a password; it works once."""
    with activate(tenant.info):
        owner = identity.user_with_email(tenant.owner_email)
        return identity.invitation_link(owner) if owner else ""


def administrators(tenant: Tenant) -> Sequence[str]:
    """The addresses of those who are in charge there, and of the owner as the platform knows him."""
    with activate(tenant.info):
        in_charge = {user.email.lower() for user in User.objects.in_charge()}
    return sorted(in_charge | {tenant.owner_email.lower()})
