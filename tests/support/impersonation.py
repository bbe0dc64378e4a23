"""Opening of a support session."""

from __future__ import annotations

from django.test import Client

from apps.bus import dispatch
from apps.identity.models import User
from apps.impersonation.commands import EnterAsSupport
from apps.impersonation.models import Impersonation
from apps.kernel.tenant import TenantInfo

REASON = "Ticket 4711: the trial balance does not add up."


def issue_ticket(operator: User, tenant: TenantInfo, user: User, reason: str = REASON) -> str:
    command = EnterAsSupport(tenant_id=tenant.id, user_id=user.pk, reason=reason)
    impersonation: Impersonation = dispatch(command, actor=operator)
    return impersonation.new_ticket


def enter(operator: User, tenant: TenantInfo, user: User, client: Client | None = None) -> Client:
    client = client or Client()
    response = client.post(f"/t/{tenant.slug}/support/enter/{issue_ticket(operator, tenant, user)}/")
    assert response.status_code == 302, response.content[:500]
    return client
