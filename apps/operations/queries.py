"""Questions across apps."""

from __future__ import annotations

from apps.identity import queries as identity
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant


def owner_invitation(tenant: Tenant) -> str:
    """The link by which a tenant's owner chooses a password; it works once."""
    with activate(tenant.info):
        owner = identity.user_with_email(tenant.owner_email)
        return identity.invitation_link(owner) if owner else ""
