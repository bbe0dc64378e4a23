"""Opening of a support session."""

from __future__ import annotations

from django.test import Client

from apps.bus import dispatch
from apps.identity.impersonation.commands import EnterAsSupport

REASON = "Ticket 4711: the trial balance does not add up."


def issue_ticket(operator, tenant, user, reason=REASON):
    command = EnterAsSupport(tenant_id=tenant.id, user_id=user.pk, reason=reason)
    return dispatch(command, actor=operator).new_ticket


def enter(operator, tenant, user, client=None):
    client = client or Client()
    response = client.post(f"/t/{tenant.slug}/support/enter/{issue_ticket(operator, tenant, user)}/")
    assert response.status_code == 302, response.content[:500]
    return client
