"""Another invitation of a tenant's owner, whom no user of the tenant can invite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.bus import dispatch, handles
from apps.identity.commands import ResendInvitation
from apps.kernel.actors import System, acting
from apps.kernel.tenant import activate
from apps.operations import queries
from apps.operations.commands import ResendOwnerInvitation
from apps.operations.errors import OwnerNotInvited
from apps.tenancy import queries as tenants

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant


def _prerequisites(command: ResendOwnerInvitation) -> None:
    tenants.tenant_with_id(command.tenant_id)


@handles(ResendOwnerInvitation, dry_run=_prerequisites)
def resend_owner_invitation(command: ResendOwnerInvitation) -> Tenant:
    tenant = tenants.tenant_with_id(command.tenant_id)
    invitation = queries.owner_invitation(tenant)
    if invitation is None:
        raise OwnerNotInvited(name=tenant.name)

    with activate(tenant.info):
        dispatch(ResendInvitation(invitation_id=invitation.pk), actor=System(f"{acting()} (platform)"))

    return tenant
