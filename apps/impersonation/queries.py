"""Reads of support access. Queries of the platform run in its context, those of a tenant in the tenant's."""

from __future__ import annotations

from apps.audit.models import Record
from apps.identity.models import User
from apps.kernel.actors import Support
from apps.kernel.random_tokens import digest_of
from apps.kernel.tenant import TenantInfo
from apps.tenancy import directory
from apps.tenancy.models import Tenant

from .commands import IMPERSONATE
from .errors import TicketInvalid
from .models import TICKET_PURPOSE, EndReason, Impersonation, SupportSession


def sign_in_is_open(tenant: TenantInfo) -> bool:
    """Whether the users of the tenant can sign in now."""
    return tenant.state in Tenant.OPEN and tenant.mode != Tenant.Mode.MAINTENANCE


def impersonation_with_ticket(ticket: str, tenant_id: int) -> Impersonation:
    """Reads the ticket without redeeming it. Raises TicketInvalid."""
    impersonation = Impersonation.objects.with_valid_ticket(
        digest_of(TICKET_PURPOSE, ticket), tenant_id
    ).first()
    if impersonation is None:
        raise TicketInvalid
    return impersonation


def active_operator(operator_id: int) -> User | None:
    """The operator, or None without the permission to impersonate."""
    user = User.objects.filter(pk=operator_id, is_active=True).first()
    return user if user and user.has_perm(IMPERSONATE) else None


def due_end_reason(impersonation: Impersonation, operator: User | None) -> EndReason | None:
    """The reason why it grants no access, as far as the platform knows; None while it does."""
    if impersonation.ended_at:
        return EndReason(impersonation.end_reason)
    tenant = directory.by_id(impersonation.tenant_id)
    if tenant is None or tenant.epoch != impersonation.epoch or not sign_in_is_open(tenant):
        return EndReason.TENANT_CHANGED
    if operator is None:
        return EndReason.OPERATOR_GONE
    return impersonation.overdue_reason()


def active_users() -> list[User]:
    """The active users of the current tenant."""
    return list(User.objects.filter(is_active=True).prefetch_related("groups").order_by("name"))


def actions_of(support_session: SupportSession) -> int:
    """The number of commands that the operator sent as the user, refused ones included; reads are not counted."""
    return (
        Record.objects.without_readings()
        .filter(
            actor_id=support_session.user_id,
            impersonator_name=str(support_session.support),
            at__gte=support_session.entered_at,
        )
        .count()
    )


def audit_log_of(support: Support) -> dict[str, str]:
    """The filter of the audit log for one support session."""
    return {"impersonator_name": str(support)}
