"""The operator's page that resends the invitation of a tenant's owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.tenancy import queries as tenants

from . import queries
from .commands import ResendOwnerInvitation
from .transition_pages import workflows_url

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant


class ResendOwnerInvitationPage(CommandPage):
    command = ResendOwnerInvitation

    def facts(self, server_fields: ServerFields) -> Facts:
        tenant = tenants.tenant_with_id(server_fields["tenant_id"])
        invitation = queries.owner_invitation(tenant)
        state = invitation.current_state.label if invitation else gettext("not invited")
        return (
            (gettext("Tenant"), tenant.name),
            (gettext("Owner"), tenant.owner_email),
            (gettext("Invitation"), state),
        )

    def sentence(self, result: Tenant) -> str:
        return gettext("Another e-mail with a new link is sent to {owner_email}.").format(
            owner_email=result.owner_email
        )

    def success_url(self, result: Tenant) -> str:
        return workflows_url(result)


hooks.plug(
    "operator",
    hooks.Page(
        path="tenants/<int:tenant_id>/resend-owner-invitation/",
        name="resend_owner_invitation",
        title=_("Resend owner invitation"),
        permission=ResendOwnerInvitation.permission,
        view=ResendOwnerInvitationPage(),
    ),
)
